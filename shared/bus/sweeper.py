"""What a crash left behind in outboxes is published by a sweeper. Several may run: leases keep them apart."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from shared.bus.relay import Relay, Source, take_out
from shared.failures import Unavailable
from shared.loops import Loop
from shared.telemetry import get_logger, metrics

log = get_logger()

LEASE = timedelta(seconds=30)
SWEEP_SECONDS = 1.0
SWEEP_AGGREGATES = 500
SILENT_SECONDS = 120.0
"""A sweeper that has begun nothing for this long hangs: a publication gives up after 15 s, the database sooner."""


class Slots(Protocol):
    """Leases on sweeper slots."""

    async def take(self, name: str, holder: str, now: datetime, lasting: timedelta) -> Any: ...
    async def give_back(self, lease: Any) -> None: ...


class Sweeper:
    """Publishes entries whose writer is gone. Several may run: each holds leases on the slots it works on."""

    def __init__(self, relay: Relay, leases: Slots, sources: Sequence[Source], holder: str) -> None:
        self._relay, self._leases, self._sources, self._holder = relay, leases, sources, holder
        self.loop = Loop("sweeper", lambda: self.sweep(datetime.now(UTC)), rest_s=SWEEP_SECONDS)

    def problems(self) -> list[str]:
        """Why what a crash left behind stays there; empty while this sweeps, or was never started."""
        problem = self.loop.problem(SILENT_SECONDS)
        return [f"{self.loop.name}: {problem}"] if problem else []

    async def sweep(self, now: datetime) -> int:
        """One round over every source; how many entries were published."""
        swept = 0
        # In any order: what the broker never takes must not keep the same others waiting in every round.
        for source in random.sample(self._sources, len(self._sources)):
            due = await source.slots_due(now)
            slots = random.sample(sorted(due), len(due))
            # Two at a time: while one waits for the broker, the other reads or pulls.
            for pair in (slots[i : i + 2] for i in range(0, len(slots), 2)):
                self.loop.beat()
                swept += sum(await asyncio.gather(*(self._sweep_leased(source, slot, now) for slot in pair)))
        if swept:
            metrics.SWEPT.inc(swept)
            log.info("relay.swept", entries=swept)
        return swept

    async def _sweep_leased(self, source: Source, slot: int, now: datetime) -> int:
        lease = await self._leases.take(f"outbox:{source.name}:{slot}", self._holder, now, LEASE)
        if lease is None:
            return 0
        try:
            return await self._sweep_slot(source, slot, now)
        finally:
            await self._leases.give_back(lease)

    async def _sweep_slot(self, source: Source, slot: int, now: datetime) -> int:
        found = await source.due(slot, now, SWEEP_AGGREGATES)
        batch = [(source, key, entry) for key, entries in found for entry in entries]
        done = await self._relay.deliver(batch)
        await take_out(done)
        if len(done) < len(batch):
            raise Unavailable("the broker did not acknowledge all")
        return len(done)
