"""The sweeper of uploads: finishes those whose process died while completing, ends those whose time is over."""

import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from services.submissions.store import Store
from services.submissions.uploading.completion import Completion
from shared.loops import Loop
from shared.mongo import Leases
from shared.telemetry import get_logger

log = get_logger()

_BATCH = 100
_LEASE = timedelta(seconds=60)


class Reconciler:
    """Runs in one process at a time, by a lease. Losing that race, or running twice, does no harm."""

    def __init__(
        self, store: Store, completion: Completion, leases: Leases, *, every: float, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._completion, self._leases = store, completion, leases
        self._clock = clock
        self._holder = f"{os.getpid()}:{os.urandom(4).hex()}"
        self.loop = Loop("reconciler", self._turn, rest_s=every)

    async def _turn(self) -> None:
        now = self._clock()
        if await self._leases.take("reconcile", self._holder, now, _LEASE):
            await self.sweep(now)

    async def sweep(self, now: datetime) -> Counter[str]:
        """One round. Returns how many uploads came to which state."""
        ends: Counter[str] = Counter()
        for stored in await self._store.sweeps.due(now, _BATCH):
            self.loop.beat()
            try:
                changed = await self._completion.reconcile(stored.state, now)
            except Exception as error:  # noqa: BLE001  one that fails must not hold up the others
                log.warning("submissions.reconciler.failed", error=error)
                continue
            ends.update(upload.state for upload in changed)
        if ends:
            log.info(
                "submissions.uploads.reconciled",
                received=ends["received"],
                failed=ends["failed"],
                expired=ends["expired"],
                asked_again=ends["open"],
            )
        return ends
