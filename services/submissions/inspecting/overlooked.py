"""The sweeper of inspections: takes up reports that were postponed, and those that no event brought."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.submissions.inspecting.inspections import Inspections
from services.submissions.inspecting.scanner import Scanner, ScannerAway
from services.submissions.sweep_store import SweepStore
from shared.loops import Loop
from shared.mongo import Leases
from shared.telemetry.metrics import INSPECTIONS_STUCK, INSPECTIONS_WAITING

_LEASE: Final = timedelta(seconds=60)


class Overlooked:
    """Runs in one process at a time, by a lease. Losing that race, or running twice, does no harm."""

    def __init__(
        self,
        sweeps: SweepStore,
        inspections: Inspections,
        scanner: Scanner | None,
        leases: Leases,
        *,
        every: float,
        batch: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._sweeps, self._inspections, self._scanner, self._leases = sweeps, inspections, scanner, leases
        self._batch, self._clock = batch, clock
        self._holder = f"{os.getpid()}:{os.urandom(4).hex()}"
        # The scanner says itself that it is away, and all that waits would only wait again.
        self.loop = Loop("overlooked", self._turn, rest_s=every, quiet=(ScannerAway,))
        self.postponed = 0
        """How many reports waited for another look when this was last asked."""

    async def _turn(self) -> bool:
        self.postponed = await self._sweeps.postponed()
        INSPECTIONS_WAITING.set(self.postponed)
        INSPECTIONS_STUCK.set(await self._sweeps.stuck())
        now = self._clock()
        lease = await self._leases.take("inspect", self._holder, now, _LEASE)
        return lease is not None and await self.sweep(now) >= self._batch

    async def sweep(self, now: datetime) -> int:
        """One round. Returns how many reports were looked into."""
        if self._scanner is not None:
            await self._scanner.ping()
        return await self._inspections.overdue(now, self._batch)
