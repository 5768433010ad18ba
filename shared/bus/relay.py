"""Outbox to broker: at once after a write, and by a sweeper for what a crash left behind.

Both publish, wait for the acknowledgement, and only then take the entry out of its aggregate. Between the two a crash
means a duplicate, never a loss.
"""

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.bus.envelope import Envelope, Outgoing, encode
from shared.bus.publisher import Publisher
from shared.contracts.topics import Service, source_of
from shared.failpoints import failpoint
from shared.telemetry import get_logger

log = get_logger()

GRACE = timedelta(seconds=5)
"""How long a sweeper leaves an entry to the process that wrote it."""
BATCH = 1_000
WAITING_CAP = 100_000
REMEMBERED = 20_000


class Entry(Protocol):
    """An outbox entry, as the relay reads it."""

    @property
    def id(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def time(self) -> str: ...
    @property
    def traceparent(self) -> str | None: ...


class Source(Protocol):
    """A collection with outboxes."""

    name: str

    async def slots_due(self, now: datetime) -> set[int]: ...
    async def due(self, slot: int, now: datetime, limit: int) -> Sequence[tuple[Any, Sequence[Entry]]]: ...
    async def pull(self, published: Sequence[tuple[Any, Sequence[str]]]) -> None: ...


Waiting = tuple[Source, str, Entry]


class Relay:
    """Publishes entries right after the write that made them.

    `announce` never waits. What it cannot hold, or what the broker does not acknowledge, stays in its aggregate for
    the sweeper or the aggregate's next write. Entries are published in the order they were announced, none before an
    older one of its aggregate that failed: on a compacted topic the newest state must lie last.
    """

    def __init__(self, publisher: Publisher, service: Service, namespace: str, *, gather: float = 0.0) -> None:
        self.grace = GRACE
        self._publisher, self._service, self._namespace = publisher, service, namespace
        self._gather = gather  # seconds from the beginning of a batch to the beginning of one that is not full
        self._begun = float("-inf")
        self._ending = asyncio.Event()
        self._waiting: deque[Waiting] = deque()
        self._taken: set[str] = set()  # ids of entries that wait, are on their way, or were lately acknowledged
        self._acknowledged: deque[str] = deque()
        self._wake = asyncio.Event()
        self._pulling: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def announce(self, outbox: Source, aggregate: str, entries: Sequence[Entry]) -> None:
        """Take entries for publishing, each once; drops them when it is not running or too much waits."""
        if self._task is None or len(self._waiting) > WAITING_CAP:
            return
        for entry in entries:
            if entry.id not in self._taken:
                self._taken.add(entry.id)
                self._waiting.append((outbox, aggregate, entry))
        self._wake.set()

    def start(self) -> None:
        """Begin publishing."""
        self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self, within: float = 10.0) -> None:
        """Publish what waits, for at most `within` seconds; the rest is the sweeper's."""
        self._stopping = True
        self._wake.set()
        self._ending.set()
        if self._task:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._task, within)
        self._task = None

    async def _run(self) -> None:
        while self._waiting or not self._stopping:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._let_gather()
            self._begun = time.monotonic()
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                await self._publish(batch)
            except Exception as error:  # noqa: BLE001  whatever it was, the entries are still in their aggregates
                log.warning("relay.batch.failed", error=type(error).__name__, entries=len(batch))
                self._give_up(batch)
                await asyncio.sleep(0.5)
        if self._pulling:
            await asyncio.gather(self._pulling, return_exceptions=True)

    async def _let_gather(self) -> None:
        wait = self._begun + self._gather - time.monotonic()
        if wait > 0 and len(self._waiting) < BATCH:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), wait)

    async def _publish(self, batch: Sequence[Waiting]) -> None:
        done = await self.deliver(batch)
        if len(done) < len(batch):
            acknowledged = {entry.id for _, _, entry in done}
            self._give_up([waiting for waiting in batch if waiting[2].id not in acknowledged])
        self._remember(done)
        # The next batch is published while this one is pulled; never more than one pull behind.
        if self._pulling:
            await asyncio.gather(self._pulling, return_exceptions=True)
        self._pulling = asyncio.create_task(take_out(done))

    def _give_up(self, batch: Sequence[Waiting]) -> None:
        """Leave entries, and what waits behind them in their aggregates, to the sweeper or the next write."""
        behind = {(source.name, aggregate) for source, aggregate, _ in batch}
        left = [waiting for waiting in self._waiting if (waiting[0].name, waiting[1]) in behind]
        if left:
            self._waiting = deque(w for w in self._waiting if (w[0].name, w[1]) not in behind)
        self._taken.difference_update(entry.id for _, _, entry in (*batch, *left))

    def _remember(self, done: Sequence[Waiting]) -> None:
        """Who read an aggregate before its entries were taken out may announce them once more."""
        self._acknowledged.extend(entry.id for _, _, entry in done)
        while len(self._acknowledged) > REMEMBERED:
            self._taken.discard(self._acknowledged.popleft())

    async def deliver(self, batch: Sequence[Waiting]) -> list[Waiting]:
        """Publish entries and wait. Returns those acknowledged, up to the first of each aggregate that was not."""
        failpoint("relay.before_publish")
        failed = await self._publisher.publish([self._record(*waiting) for waiting in batch])
        failpoint("relay.after_publish")
        behind = {(batch[i][0].name, batch[i][1]): i for i in sorted(failed, reverse=True)}
        return [w for i, w in enumerate(batch) if i < behind.get((w[0].name, w[1]), len(batch))]

    def _record(self, source: Source, aggregate: str, entry: Entry) -> Outgoing:
        return encode(
            Envelope(
                entry.id,
                entry.type,
                source_of(self._service),
                f"{source.name}/{aggregate}",
                entry.time,
                entry.sequence,
                entry.traceparent,
                entry.key,
                entry.data,
            ),
            f"{self._namespace}.{entry.topic}",
        )


async def take_out(done: Sequence[Waiting]) -> None:
    """Remove acknowledged entries from their aggregates."""
    by_source: dict[str, tuple[Source, dict[str, list[str]]]] = {}
    for source, aggregate, entry in done:
        _, ids = by_source.setdefault(source.name, (source, defaultdict(list)))
        ids[aggregate].append(entry.id)
    for source, ids in by_source.values():
        await source.pull(list(ids.items()))
    failpoint("relay.after_pull")
