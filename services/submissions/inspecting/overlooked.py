"""The sweeper of inspections: takes up reports that were postponed, and those that no event brought."""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.submissions.inspecting.inspections import Inspections
from services.submissions.inspecting.scanner import Scanner, ScannerAway
from services.submissions.sweep_store import SweepStore
from shared.mongo import Leases
from shared.telemetry import get_logger
from shared.telemetry.metrics import INSPECTIONS_WAITING

log = get_logger()

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
        self._every, self._batch, self._clock = every, batch, clock
        self._holder = f"{os.getpid()}:{os.urandom(4).hex()}"
        self._task: asyncio.Task[None] | None = None
        self.last_beat = time.monotonic()
        self.postponed = 0
        """How many reports waited for another look when this was last asked."""

    def start(self) -> None:
        """Begin sweeping."""
        self.last_beat = time.monotonic()
        self._task = asyncio.create_task(self._run(), name="overlooked")

    async def stop(self) -> None:
        """Stop at once: what is left is found again."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def _run(self) -> None:
        while True:
            self.last_beat = time.monotonic()
            found = 0
            try:
                self.postponed = await self._sweeps.postponed()
                INSPECTIONS_WAITING.set(self.postponed)
                now = self._clock()
                if await self._leases.take("inspect", self._holder, now, _LEASE):
                    found = await self.sweep(now)
            except ScannerAway:
                pass  # it said so itself, and all that waits would only wait again
            except Exception as error:  # noqa: BLE001  the next round tries again
                log.warning("submissions.overlooked.failed", error=error)
            if found < self._batch:
                await asyncio.sleep(self._every)

    async def sweep(self, now: datetime) -> int:
        """One round. Returns how many reports were looked into."""
        if self._scanner is not None:
            await self._scanner.ping()
        return await self._inspections.overdue(now, self._batch)
