"""What is entered in the registry's audit trail about rounds: who did what; why stands in the round itself."""

from collections.abc import Callable
from datetime import datetime

from shared.mongo.trail import AuditTrail
from shared.security.audit import Deed
from shared.security.principals import Principal


class Journal:
    """`enter` returns once the entry is durable: a deed that nobody could account for must not be done."""

    def __init__(self, trail: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._trail, self._clock = trail, clock

    async def enter(
        self, by: Principal, action: str, round_id: str, what: str = "", refusal: object | None = None
    ) -> None:
        """One deed about a round. `what` is the code of what it was about: a request, a document, an organization."""
        fault = type(refusal).__name__ if refusal is not None else ""
        deed = Deed(
            actor=by.subject,
            role=by.role.value,
            action=action,
            subject=f"round/{round_id}",
            outcome="refused" if fault else "allowed",
            detail=f"{what} {fault}".strip(),
        )
        await self._trail.enter(f"registry/round/{round_id}", deed, self._clock())
