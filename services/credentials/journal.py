"""What this service enters in the audit trail, and into whose chain."""

from collections.abc import Callable
from datetime import datetime

from services.credentials.domain import Credential, Refusal
from shared.mongo.trail import AuditTrail
from shared.security.audit import Deed
from shared.security.principals import Principal


class Journal:
    """Each method returns once its entry is durable; what it is about may be told only then.

    Holders write into their own chain, also when they reach for another's credential: whoever floods a chain floods
    its own. Officers who look at a holder's metadata write into the holder's.
    """

    def __init__(self, trail: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._trail, self._clock = trail, clock

    async def allowed(self, who: Principal, holder: str, action: str, round_id: str) -> None:
        """A holder did something with a credential or a claim."""
        await self._enter(who, holder, action, None, round_id)

    async def refused(self, who: Principal, holder: str, action: str, refusal: Refusal, round_id: str = "") -> Refusal:
        """A holder was refused. Returns the refusal."""
        await self._enter(who, holder, action, refusal.value, round_id)
        return refusal

    async def failed(self, who: Principal, holder: str, action: str, reason: str, round_id: str) -> None:
        """Something that is neither allowed nor a refusal of the rules: a broken seal."""
        await self._enter(who, holder, action, reason, round_id)

    async def looked(self, who: Principal, credential: Credential) -> None:
        """Somebody saw a credential's metadata."""
        owner = f"{credential.kind}/{credential.holder}"
        deed = Deed(who.subject, who.role.value, "credential.look", owner, "allowed", credential.round)
        await self._trail.enter(owner, deed, self._clock())

    async def _enter(self, who: Principal, holder: str, action: str, reason: str | None, round_id: str) -> None:
        role = who.role.value
        deed = Deed(
            actor=who.subject,
            role=role,
            action=action,
            subject=f"{role}/{holder}",
            outcome="refused" if reason else "allowed",
            detail=f"{round_id} {reason}".strip() if reason else round_id,
        )
        await self._trail.enter(f"{role}/{who.org}", deed, self._clock())
