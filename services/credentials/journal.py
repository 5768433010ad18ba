"""What this service enters in the audit trail, and into whose chain."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.credentials.domain import Credential, Refusal
from shared.mongo.trail import AuditTrail
from shared.security.audit import Deed
from shared.security.principals import Principal


@dataclass(frozen=True)
class Actor:
    """Who did it, and into which chain that goes: whoever floods a chain floods its own."""

    subject: str
    role: str
    org: str
    chain: str
    address: str = ""

    @classmethod
    def of(cls, who: Principal) -> "Actor":
        """Somebody with a token."""
        return cls(who.subject, who.role.value, who.org, f"{who.role.value}/{who.org}")

    @classmethod
    def at_the_door(cls, address: str) -> "Actor":
        """Somebody without one, and without a claim: known by the address alone. One of 256 chains."""
        bucket = hashlib.sha256(address.encode()).hexdigest()[:2]
        return cls("somebody", "none", "", f"door/{bucket}", address)

    @classmethod
    def with_sheet(cls, sheet: str, kind: str, holder: str, address: str) -> "Actor":
        """Whoever holds a holder's activation sheet."""
        return cls(f"sheet {sheet}", kind, holder, f"{kind}/{holder}", address)

    @property
    def name(self) -> str:
        """Whom the trail refers to. An address is traffic data, kept as long as the trail and erased like a name."""
        return f"{self.subject} at {self.address}" if self.address else self.subject


class Journal:
    """Each method returns once its entry is durable; what it is about may be told only then.

    Holders write into their own chain, also when they reach for another's credential. Officers who look at a holder's
    metadata, or change something of it, write into the holder's.
    """

    def __init__(self, trail: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._trail, self._clock = trail, clock

    async def allowed(self, who: Actor, kind: str, holder: str, action: str, detail: str) -> None:
        """Somebody did something with a credential or a claim."""
        await self._enter(who, kind, holder, action, None, detail)

    async def refused(
        self, who: Actor, kind: str, holder: str, action: str, refusal: Refusal, detail: str = ""
    ) -> Refusal:
        """Somebody was refused. Returns the refusal."""
        await self._enter(who, kind, holder, action, refusal.value, detail)
        return refusal

    async def failed(self, who: Actor, kind: str, holder: str, action: str, reason: str, detail: str) -> None:
        """Something that is neither allowed nor a refusal of the rules: a broken seal."""
        await self._enter(who, kind, holder, action, reason, detail)

    async def looked(self, who: Principal, credential: Credential) -> None:
        """Somebody saw a credential's metadata."""
        await self.acted(who, credential.kind, credential.holder, "credential.look", credential.round)

    async def acted(self, who: Principal, kind: str, holder: str, action: str, detail: str) -> None:
        """An officer did something about a holder's credential: it stands in the holder's chain."""
        deed = _deed(Actor.of(who), f"{kind}/{holder}", action, None, detail)
        await self._trail.enter(deed.subject, deed, self._clock())

    async def acted_on_many(self, who: Principal, action: str, holders: Mapping[str, str]) -> None:
        """An officer did something about many holders' credentials: by `kind/code`, the detail of each."""
        deeds = {owner: _deed(Actor.of(who), owner, action, None, detail) for owner, detail in holders.items()}
        await self._trail.enter_each(deeds, self._clock())

    async def declined(self, who: Principal, kind: str, holder: str, action: str, reason: str, detail: str) -> None:
        """An officer was refused something about a holder's credential: it stands in the officer's own chain."""
        actor = Actor.of(who)
        await self._trail.enter(actor.chain, _deed(actor, f"{kind}/{holder}", action, reason, detail), self._clock())

    async def read(self, who: Principal, kind: str, code: str, action: str, detail: str = "") -> None:
        """Somebody read the trail itself, or the register of names: it stands in the reader's own chain."""
        actor = Actor.of(who)
        await self._trail.enter(actor.chain, _deed(actor, f"{kind}/{code}", action, None, detail), self._clock())

    async def listed(self, who: Principal, action: str, within: str, detail: str) -> None:
        """An officer saw a list of a part of the tree: it stands in the officer's own chain."""
        actor = Actor.of(who)
        await self._trail.enter(
            actor.chain, _deed(actor, f"organization/{within}", action, None, detail), self._clock()
        )

    async def _enter(self, who: Actor, kind: str, holder: str, action: str, reason: str | None, detail: str) -> None:
        await self._trail.enter(who.chain, _deed(who, f"{kind}/{holder}", action, reason, detail), self._clock())


def _deed(who: Actor, subject: str, action: str, reason: str | None, detail: str) -> Deed:
    return Deed(
        actor=who.name,
        role=who.role,
        action=action,
        subject=subject,
        outcome="refused" if reason else "allowed",
        detail=f"{detail} {reason}".strip() if reason else detail,
        org=who.org,
    )
