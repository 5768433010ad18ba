"""The consumer recipe: batches in, nothing lost, nothing stuck.

Promises, in order, for every batch that Kafka hands over:

1. Each record is decoded and validated. What can never be read goes to the dead letters, within their limit, while its
   neighbours go on. A batch that comes again buries its dead again.
2. The handler gets the readable events once more than zero times. It must be idempotent.
3. A handler or a commit that fails is tried again with growing, jittered waits. When patience ends, the consumer stops,
   nothing is committed, and the process reports itself unhealthy.
4. Offsets are committed only after the handler and the dead letters are durable.
5. A rebalance waits, within a bound, for the batch at hand.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Any, Generic, NamedTuple, TypeVar

from aiokafka import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError
from faststream.exceptions import NackMessage
from faststream.kafka import KafkaMessage
from pydantic import BaseModel, ValidationError

from shared.bus.dead import Dead, DeadLetterCount, DeadLetterLimit, DeadLetterLimitReached, DeadLetters
from shared.bus.envelope import Envelope, Incoming, decode
from shared.bus.foreign import check_signed
from shared.contracts.events import EVENT_TYPES, EventType
from shared.contracts.topics import Topic
from shared.failpoints import failpoint
from shared.failures import BadData
from shared.security.publishers import Publishers
from shared.telemetry import get_logger, metrics, span

log = get_logger()
M = TypeVar("M", bound=BaseModel)

PATIENCE_SECONDS = 180.0
"""How long a failing handler is retried: shorter than the broker's five minutes between polls."""
LONGEST_WAIT = 5.0
REBALANCE_SECONDS = 20.0
STUCK_SECONDS = 240.0
TRACES_PER_BATCH = 32


class Event(NamedTuple, Generic[M]):
    """A readable event: its envelope, its validated data, and the record it came in."""

    envelope: Envelope
    data: M
    record: Incoming


class Batch:
    """The readable events of one batch, in the order of their partitions."""

    def __init__(self, events: Sequence[Event[Any]]) -> None:
        self.events = events
        self.rejected: list[Dead] = []

    def of(self, model: type[M]) -> list[Event[M]]:
        """The events whose data is of this model."""
        return [event for event in self.events if type(event.data) is model]

    def reject(self, event: Event[Any], code: str, place: str = "") -> None:
        """Send an event to the dead letters: its data can never be processed. `code` is stable and safe to log."""
        self.rejected.append(Dead(event.record, BadData(code, place)))


Handler = Callable[[Batch], Awaitable[None]]


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """One consumer group of one service. Built by `Bus.consume`; tests may call `receive` on a real broker only."""

    def __init__(
        self,
        name: str,
        topics: Sequence[Topic],
        namespace: str,
        handler: Handler,
        dead: DeadLetters,
        limit: DeadLetterLimit,
        publishers: Publishers | None = None,
    ) -> None:
        self.name, self.topics = name, topics
        self.failure: str | None = None
        self.on_failure: Callable[[], None] = lambda: None
        self.cut_off: Callable[[], bool] = lambda: False
        self._topics = {topic.named(namespace): topic for topic in topics}
        self._sources = {name: topic.sources for name, topic in self._topics.items()}
        self._publishers = publishers or Publishers()
        self._handler, self._dead, self._count = handler, dead, DeadLetterCount(limit)
        self._assigned = False
        self._busy_since: float | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def problems(self) -> list[str]:
        """Why this consumer is not doing its work; empty when it is."""
        if self.failure:
            return [f"{self.name}: {self.failure}"]
        if self._busy_since is not None and time.monotonic() - self._busy_since > STUCK_SECONDS:
            return [f"{self.name}: stuck in one batch"]
        if self.cut_off():
            return [f"{self.name}: the client's own tasks have died"]
        return []

    @property
    def ready(self) -> bool:
        """Whether the group has given this consumer its share (which may be empty)."""
        return self._assigned and not self.problems()

    async def on_partitions_assigned(self, assigned: set[Any]) -> None:
        self._assigned = True
        log.info("bus.consumer.assigned", consumer=self.name, partitions=len(assigned))

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:  # noqa: ARG002
        try:
            await asyncio.wait_for(self._idle.wait(), REBALANCE_SECONDS)
        except TimeoutError:
            log.warning("bus.consumer.retrying", consumer=self.name, error="rebalanced while busy")

    async def receive(self, message: KafkaMessage) -> None:
        """Handle one batch and commit it. Raises, with nothing committed, when it cannot be handled.

        A commit that comes too late, after the group gave the share to another, is no failure: the batch comes again.
        """
        self._idle.clear()
        self._busy_since = time.monotonic()
        try:
            await self._receive(message.raw_message)
            failpoint("consumer.before_commit")
            await self._patiently(message.ack)
        except CommitFailedError:
            # The group gave this share away while the batch was worked on. Whoever has it now gets the batch again.
            log.warning("bus.consumer.retrying", consumer=self.name, error="thrown out while busy")
            raise NackMessage from None
        except Exception as error:
            self._fail(str(error) if isinstance(error, DeadLetterLimitReached) else type(error).__name__)
            raise
        finally:
            self._busy_since = None
            self._idle.set()

    async def _receive(self, records: Sequence[Incoming]) -> None:
        if self.failure:
            raise RuntimeError("the consumer has stopped")
        started = time.perf_counter()
        events, dead = self.read(records)
        self._count.check(len(records), len(dead))
        batch = Batch(events)
        failpoint("consumer.before_handle")
        burying = asyncio.create_task(self._bury(dead)) if dead else None
        try:
            if events:
                with ExitStack() as traces:
                    self._trace(traces, events)
                    await self._patiently(lambda: self._handle(batch))
            if burying:
                await burying
        finally:
            if burying:
                burying.cancel()
                await asyncio.wait({burying})
        self._count.batch(len(records), len(dead) + len(batch.rejected))
        if batch.rejected:
            await self._bury(batch.rejected)
        metrics.CONSUMED.labels(self.name).inc(len(records))
        metrics.BATCH_SECONDS.labels(self.name).observe(time.perf_counter() - started)

    async def _handle(self, batch: Batch) -> None:
        batch.rejected.clear()
        await self._handler(batch)

    def read(self, records: Sequence[Incoming]) -> tuple[list[Event[Any]], list[Dead]]:
        """Decode and validate. Unknown types are skipped: a newer writer may have them."""
        events: list[Event[Any]] = []
        dead: list[Dead] = []
        for record in records:
            try:
                envelope = decode(record)
                kind = EVENT_TYPES.get(envelope.type)
                if kind is None:
                    metrics.UNKNOWN_TYPES.labels(self.name).inc()
                    continue
                events.append(self._event(record, envelope, kind))
            except BadData as fault:
                dead.append(Dead(record, fault))
        return events, dead

    def _event(self, record: Incoming, envelope: Envelope, kind: EventType) -> Event[Any]:
        topic = self._topics[record.topic]
        if kind.topic is not topic:
            raise BadData("wrong_topic", "ce_type")
        if topic.foreign:
            check_signed(record, envelope, topic, self._publishers)
        elif envelope.source not in self._sources[record.topic]:
            raise BadData("forged_source", "ce_source")
        try:
            return Event(envelope, kind.validate(envelope.data), record)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            code = "bad_json" if first["type"] == "json_invalid" else "wrong_schema"
            raise BadData(code, ".".join(str(part) for part in first["loc"])) from None

    def _trace(self, traces: ExitStack, events: Sequence[Event[Any]]) -> None:
        """One span for each trace in the batch; when there is only one, what the handler does continues it."""
        parents = list(dict.fromkeys(e.envelope.traceparent for e in events if e.envelope.traceparent))
        for parent in reversed(parents[:TRACES_PER_BATCH]):
            traces.enter_context(
                span(f"{self.name} process", traceparent=parent, attributes={"messaging.batch": len(events)})
            )

    async def _bury(self, dead: list[Dead]) -> None:
        letters = [(one, self._topics[one.record.topic]) for one in dead]
        await self._patiently(lambda: self._dead.bury(letters))
        faults = Counter(one.fault.code for one in dead)
        for code, number in faults.items():
            metrics.DEAD_LETTERS.labels(self.name, code).inc(number)
        log.warning("bus.dead.buried", consumer=self.name, records=len(dead), faults=",".join(sorted(faults)))

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it, again and again, until it succeeds or patience ends."""
        until, wait, attempt = time.monotonic() + PATIENCE_SECONDS, 0.1, 0
        while True:
            try:
                return await work()
            except Exception as error:
                attempt += 1
                if isinstance(error, CommitFailedError) or time.monotonic() + wait > until:
                    raise
                log.warning(
                    "bus.consumer.retrying",
                    consumer=self.name,
                    error=type(error).__name__,
                    attempt=attempt,
                    wait=round(wait, 2),
                )
                await asyncio.sleep(wait * random.uniform(0.7, 1.3))  # noqa: S311
                wait = min(wait * 2, LONGEST_WAIT)

    def _fail(self, reason: str) -> None:
        if self.failure is None:
            self.failure = reason
            log.error("bus.consumer.stopped", consumer=self.name, reason=reason)
            self.on_failure()
