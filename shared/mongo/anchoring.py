"""Anchors the audit chains of a service on the bus, and removes entries whose time has come."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from shared.contracts.events import AuditAnchored, AuditHead
from shared.contracts.topics import Service
from shared.mongo import recovering
from shared.mongo.aggregates import Aggregates, Announcer, NewEvent
from shared.mongo.client import Mongo
from shared.mongo.documents import DESCENDING
from shared.mongo.trail import AuditTrail
from shared.security.anchors import HEADS_EACH, Signer, anchored

_AT_ONCE: Final = 10_000


class Anchoring:
    """Anchors are aggregates of their own, numbered: of two processes that anchor at once one writes, one yields."""

    def __init__(
        self, mongo: Mongo, announcer: Announcer, trail: AuditTrail, service: Service, signer: Callable[[], Signer]
    ) -> None:
        self._anchors = Aggregates(mongo.documents("anchors"), AuditAnchored, announcer)
        self._trail, self._service, self._signer = trail, service, signer
        self.outbox = self._anchors.outbox

    async def prepare(self) -> None:
        """Make sure that the indexes stand."""
        await self._anchors.prepare()

    async def anchor(self, now: datetime) -> int:
        """Anchor every chain that grew; how many there were. A crash on the way makes an anchor say it again."""
        count = 0
        while True:
            heads, links = await self._trail.unanchored(_AT_ONCE)
            if not links or not await self._state(heads, (), now):
                return count
            await self._trail.mark_anchored(links)
            count += len(heads)

    async def remove_older(self, than: datetime, now: datetime) -> int:
        """Remove entries older than this in whole first parts of chains; how many.

        Where each chain goes on is kept and told in a signed anchor before anything is removed.
        """
        count = 0
        while ends := await self._trail.removable(than, _AT_ONCE):
            await self._trail.remember_removed(ends)
            if not await self._state((), ends, now):
                return count
            count += await self._trail.remove(ends, now)
        return count

    async def forget_names(self, now: datetime) -> int:
        """Erase the names of people in whose name no entry is kept any more; how many."""
        return await self._trail.forget_names(now)

    async def newest(self) -> AuditAnchored | None:
        """The newest anchor."""
        found = await self._anchors.documents.one({}, sort=[("_id", DESCENDING)])
        return AuditAnchored.model_validate(found) if found else None

    async def put_back(self, anchors: Sequence[AuditAnchored]) -> int:
        """Write anchors that are missing here, as the bus has them; how many were."""
        return await recovering.put_back(self._anchors, [(f"{each.number:010d}", each) for each in anchors])

    async def _state(self, heads: Sequence[AuditHead], purged: Sequence[AuditHead], now: datetime) -> bool:
        """Write anchors that say this; False when another process was faster with one of that number."""
        previous = await self.newest()
        for start in range(0, max(len(heads), len(purged)), HEADS_EACH):
            part = slice(start, start + HEADS_EACH)
            made = anchored(previous, self._service, heads[part], purged[part], now, self._signer())
            event = NewEvent(f"anchors/{self._service}", made)
            if await self._anchors.create_many([(f"{made.number:010d}", made, [event])], now):
                return False
            previous = made
        return True
