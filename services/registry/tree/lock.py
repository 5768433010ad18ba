"""One hand at a time on the tree: orders, rolls and the opening of a round take turns.

Each of them reads many nodes and writes many, and what one has read the other must not change under it. The lease is
renewed while its holder works and runs out when its process dies; the compare-and-set of every document stands behind.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from shared.failures import Unavailable
from shared.mongo import Leases

LEASE: Final = timedelta(seconds=15)
RENEW_S: Final = LEASE.total_seconds() / 3
LOOK_EVERY_S: Final = 0.05


class TreeBusy(Unavailable):
    """Somebody else has the tree in hand for longer than the caller can wait. Try again."""


class TreeLock:
    """`async with lock.held(within=5):` lets one holder in at a time, over all processes of the service."""

    def __init__(self, leases: Leases, clock: Callable[[], datetime]) -> None:
        self._leases, self._clock = leases, clock

    @asynccontextmanager
    async def held(self, within: float) -> AsyncIterator[None]:
        """Hold the tree; raises `TreeBusy` when it is not free within so many seconds.

        A holder whose lease was lost all the same (its process stood still for long) is cancelled.
        """
        holder, until = secrets.token_hex(8), time.monotonic() + within
        while (lease := await self._leases.take("tree", holder, self._clock(), LEASE)) is None:
            if time.monotonic() >= until:
                raise TreeBusy("the tree is being changed")
            await asyncio.sleep(LOOK_EVERY_S)
        task = asyncio.current_task()
        renewing = asyncio.create_task(self._renew(holder, task))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            with contextlib.suppress(Exception):  # it runs out by itself
                await self._leases.give_back(lease)

    async def _renew(self, holder: str, task: "asyncio.Task[object] | None") -> None:
        kept = time.monotonic()
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                renewed = await self._leases.take("tree", holder, self._clock(), LEASE)
            except Exception:  # noqa: BLE001  asked again while the lease lasts
                renewed = None
            if renewed is not None:
                kept = time.monotonic()
            elif time.monotonic() - kept > LEASE.total_seconds():
                if task is not None:
                    task.cancel()
                return
