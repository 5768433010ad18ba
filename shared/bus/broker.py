"""One service's place on the bus: its consumers, its publisher, its relay."""

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import KafkaAckableMessage
from faststream.message import AckStatus

from shared.bus.catching_up import caught_up
from shared.bus.consumer import Consumer, Handler
from shared.bus.dead import DeadLetterLimit, DeadLetters
from shared.bus.publisher import Publisher
from shared.bus.relay import Relay, Source
from shared.bus.sweeper import Slots, Sweeper
from shared.contracts.topics import Service, Topic, group_name
from shared.security.publishers import read_publishers
from shared.settings import CoreSettings

BATCH_RECORDS = 1_000
IDLE_MS = 40
"""How long a poll waits, and again how long an idle consumer sleeps after it."""


class Bus:
    """Build it, declare consumers and sources, then `start`; `stop` in the end.

    Which parts run is the process's roles: `consumer` the consumers, `relay` the sweeper. The relay that publishes
    right after a write runs in every role that writes.
    """

    def __init__(self, settings: CoreSettings, service: Service) -> None:
        self._settings, self._service = settings, service
        self._name = f"{settings.namespace}.{service}"
        self.publisher = Publisher(settings, self._name)
        self.relay = Relay(self.publisher, service, settings.namespace, gather=settings.relay_gather_ms / 1e3)
        self.consumers: list[Consumer] = []
        self._publishers = read_publishers(settings.publishers_file)
        self._sweeper: Sweeper | None = None
        self._failing: set[asyncio.Task[None]] = set()
        self._broker = KafkaBroker(
            settings.kafka_bootstrap,
            client_id=self._name,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=15.0,
            logger=_quiet_logger(),
            log_level=logging.DEBUG,
        )

    def consume(
        self,
        name: str,
        topics: Sequence[Topic],
        handler: Handler,
        *,
        records: int = BATCH_RECORDS,
        limit: DeadLetterLimit | None = None,
    ) -> Consumer:
        """Declare a consumer group, `{namespace}.{service}.{name}`, before `start`.

        `records` bounds a batch. The handler's contract stands in `shared.bus.consumer`.
        """
        dead = DeadLetters(self.publisher, self._service, self._settings.namespace)
        group = group_name(self._settings.namespace, self._service, name)
        consumer = Consumer(
            group, topics, self._settings.namespace, handler, dead, limit or DeadLetterLimit(), self._publishers
        )
        subscriber = self._broker.subscriber(
            *(topic.named(self._settings.namespace) for topic in topics),
            batch=True,
            group_id=group,
            max_records=records,
            batch_timeout_ms=IDLE_MS,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            no_reply=True,
            fetch_max_wait_ms=self._settings.kafka_fetch_max_wait_ms,
            max_partition_fetch_bytes=4 << 20,
            session_timeout_ms=self._settings.kafka_session_ms,
            heartbeat_interval_ms=self._settings.kafka_session_ms // 6,
            listener=consumer,
            parser=_untouched,
            decoder=_message,
            include_in_schema=False,
        )
        subscriber(consumer.receive)

        def stop() -> None:
            task = asyncio.create_task(subscriber.stop())
            self._failing.add(task)

        def cut_off() -> bool:
            # The loop above them would go on asking for ever, and never get a record again.
            client = subscriber.consumer
            if client is None or client._coordinator is None:  # noqa: SLF001  the client tells it nowhere else
                return False
            own = client._coordinator._coordination_task, client._fetcher._fetch_task  # noqa: SLF001
            return any(task.done() for task in own)

        consumer.on_failure, consumer.cut_off = stop, cut_off
        self.consumers.append(consumer)
        return consumer

    def sweep(self, leases: Slots, sources: Sequence[Source]) -> None:
        """Declare the collections whose outboxes a sweeper looks after."""
        self._sweeper = Sweeper(self.relay, leases, sources, f"{self._name}:{os.getpid()}:{os.urandom(4).hex()}")

    async def start(self) -> None:
        """Connect and begin. Raises Unavailable when there is no broker."""
        await self.publisher.start()
        self.relay.start()
        if self._settings.runs("relay") and self._sweeper:
            self._sweeper.loop.start()
        if self._settings.runs("consumer") and self.consumers:
            # What the broker's own start does, but at once: each waits until its group has formed.
            await self._broker.connect()
            await asyncio.gather(*(subscriber.start() for subscriber in self._broker.subscribers))
            self._broker.running = True

    async def caught_up(self, name: str) -> None:
        """Return once a declared group has taken in all that stood on its topics when this was called.

        Waits for as long as it takes, also before `start` and for members in other processes. Cancel it to give up.
        """
        group = group_name(self._settings.namespace, self._service, name)
        (consumer,) = [each for each in self.consumers if each.name == group]
        await caught_up(self._settings, group, [topic.named(self._settings.namespace) for topic in consumer.topics])

    async def stop(self) -> None:
        """Finish the batch at hand, publish what waits (bounded), disconnect."""
        await self._broker.stop()
        if self._sweeper:
            await self._sweeper.loop.stop()
        await self.relay.stop()
        await self.publisher.stop()

    def problems(self) -> list[str]:
        """Why this process should be restarted; empty while all is well."""
        found = [problem for consumer in self.consumers for problem in consumer.problems()]
        return found + (self._sweeper.problems() if self._sweeper else [])

    def unready(self) -> list[str]:
        """What is not ready yet; empty once every consumer has its share."""
        if not self._settings.runs("consumer"):
            return []
        return [consumer.name for consumer in self.consumers if not consumer.ready]


def _quiet_logger() -> logging.Logger:
    """Errors only: FastStream warns at every start that topics are not made automatically, which is our choice."""
    logger = logging.getLogger("saraban.bus")
    logger.setLevel(logging.ERROR)
    if _without_values not in logger.filters:
        logger.addFilter(_without_values)
    return logger


def _without_values(record: logging.LogRecord) -> bool:
    """FastStream writes an exception's text into its message: it may hold a document, so its class alone stays."""
    if record.exc_info and record.exc_info[0]:
        record.msg, record.args = record.exc_info[0].__name__, None
    return True


async def _untouched(message: Any, original: Any) -> KafkaMessage:
    """A message that leaves records and headers as they came.

    The wrapped parser decodes every header, and raises on a null or non-UTF-8 one: the batch would be lost.
    """
    parser = original.__self__
    return _Untouched(
        body=b"",
        headers={},
        reply_to="",
        content_type=None,
        message_id=f"{message[0].offset}-{message[-1].offset}",
        correlation_id="",
        raw_message=message,
        consumer=parser._consumer,  # noqa: SLF001
    )


class _Untouched(KafkaAckableMessage):
    """Commits only the places its own records came from.

    The client's own commit names every partition it was given. A broker that keeps each place as an object of its own
    then writes nine of them for a batch out of one.
    """

    consumer: Any  # aiokafka's own; the framework's word for it leaves half of it out

    async def ack(self) -> None:
        if not self.committed:
            after = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in self.raw_message}
            # What was given away while the batch was worked on is its new owner's: it gets those records again.
            mine = self.consumer.assignment()
            if places := {place: offset for place, offset in after.items() if place in mine}:
                await self.consumer.commit(places)
            self.committed = AckStatus.ACKED


async def _message(message: KafkaMessage) -> KafkaMessage:
    """The decoder's answer is what the handler gets: the message itself."""
    return message
