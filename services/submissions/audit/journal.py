"""What this service enters in the audit trail. Each center has a chain of its own."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

from shared.mongo.trail import AuditTrail
from shared.security.audit import Deed
from shared.security.principals import Principal, Role

Action = Literal["report.download", "report.download.original", "report.archive", "report.review"]


class Journal:
    """Each method returns once its entries are durable; what they are about may be told only then.

    `detail` is a round and codes, never free text. Uploads are not entered here and never wait on it.
    """

    def __init__(self, trail: AuditTrail, clock: Callable[[], datetime]) -> None:
        self._trail, self._clock = trail, clock

    async def allowed(self, who: Principal, action: Action, center: str, detail: str) -> None:
        """Somebody looked at a center's report, or judged it."""
        await self._enter(who, action, center, detail, "allowed")

    async def refused(self, who: Principal, action: Action, center: str, detail: str) -> None:
        """Somebody tried to."""
        await self._enter(who, action, center, detail, "refused")

    async def looked_at_many(self, who: Principal, looked: Iterable[tuple[str, str]]) -> None:
        """Somebody is about to get the reports of these centers, each with its detail, in one archive."""
        deeds = {_chain(center): _deed(who, "report.archive", center, detail, "allowed") for center, detail in looked}
        await self._trail.enter_each(deeds, self._clock())

    async def _enter(
        self, who: Principal, action: Action, center: str, detail: str, outcome: Literal["allowed", "refused"]
    ) -> None:
        await self._trail.enter(_chain(center), _deed(who, action, center, detail, outcome), self._clock())


def publisher(name: str) -> Principal:
    """Another system that acts by publishing."""
    return Principal(subject=name, role=Role.PUBLISHER, org=name)


def _chain(center: str) -> str:
    return f"center/{center}"


def _deed(who: Principal, action: Action, center: str, detail: str, outcome: Literal["allowed", "refused"]) -> Deed:
    return Deed(who.subject, who.role.value, action, f"center/{center}", outcome, detail)
