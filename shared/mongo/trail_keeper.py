"""The loop that anchors the chains of a service and removes what is past its time, entries and then names."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from shared.loops import Loop
from shared.mongo.aggregates import new_id
from shared.mongo.anchoring import Anchoring
from shared.mongo.leases import Leases
from shared.telemetry import get_logger

log = get_logger()

LEASE: Final = timedelta(minutes=5)
REMOVE_EVERY_S: Final = 3600.0


class TrailKeeper:
    """One process of many does it at a time."""

    def __init__(
        self,
        anchoring: Anchoring,
        leases: Leases,
        clock: Callable[[], datetime],
        *,
        every_s: float,
        kept_days: int,
    ) -> None:
        self._anchoring, self._leases, self._clock = anchoring, leases, clock
        self._kept = timedelta(days=kept_days)
        self._me, self._removed = new_id(), -REMOVE_EVERY_S
        self.loop = Loop("audit", self.keep, rest_s=every_s)

    async def keep(self) -> None:
        """Anchor what is new; now and then remove what is old. Nothing where another process is at it."""
        now = self._clock()
        lease = await self._leases.take("audit", self._me, now, LEASE)
        if lease is None:
            return
        try:
            chains = await self._anchoring.anchor(now)
            newest = await self._anchoring.newest() if chains else None
            if newest is not None:
                log.info("audit.heads.anchored", chains=chains, number=newest.number)
            if time.monotonic() - self._removed >= REMOVE_EVERY_S:
                self._removed = time.monotonic()
                await self._remove(now)
        finally:
            await self._leases.give_back(lease)

    async def _remove(self, now: datetime) -> None:
        entries = await self._anchoring.remove_older(now - self._kept, now)
        people = await self._anchoring.forget_names(now)
        if entries or people:
            log.info("audit.entries.removed", entries=entries, people=people)
