"""The loop that anchors the chains and removes what is past its time."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from shared.mongo import Leases
from shared.mongo.aggregates import new_id
from shared.mongo.anchoring import Anchoring
from shared.telemetry import get_logger

log = get_logger()

LEASE: Final = timedelta(minutes=5)
REMOVE_EVERY_S: Final = 3600.0


class Keeper:
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
        self.every_s, self._kept = every_s, timedelta(days=kept_days)
        self._me, self._removed = new_id(), -REMOVE_EVERY_S
        self.beat = time.monotonic()

    async def run(self) -> None:
        """Keep until cancelled."""
        while True:
            self.beat = time.monotonic()
            try:
                await self.keep()
            except Exception as error:
                log.warning("credentials.audit.interrupted", exc_info=error)
            await asyncio.sleep(self.every_s)

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
                log.info("credentials.audit.anchored", chains=chains, number=newest.number)
            if time.monotonic() - self._removed >= REMOVE_EVERY_S:
                self._removed = time.monotonic()
                removed = await self._anchoring.remove_older(now - self._kept, now)
                if removed:
                    log.info("credentials.audit.removed", entries=removed)
        finally:
            await self._leases.give_back(lease)
