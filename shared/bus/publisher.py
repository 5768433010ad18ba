"""Sends records and waits for the broker's word, with a deadline.

`publish_batch` of the usual wrappers ignores keys, so this pipelines single sends: many in flight, one wait.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)

from shared.bus.envelope import MAX_EVENT_BYTES, Outgoing
from shared.failures import Unavailable
from shared.settings import CoreSettings
from shared.telemetry import get_logger, metrics

log = get_logger()

LINGER_MS = 5
BATCH_BYTES = 512 * 1024
"""Holds a thousand events. An object store under the broker then spent a third of the processor time of 64 KiB."""
IN_FLIGHT = 2_000
DEADLINE_SECONDS = 15.0
REQUEST_TIMEOUT_MS = 10_000
_BROKEN = (OutOfOrderSequenceNumber, InvalidProducerEpoch, ProducerClosed, ProducerFenced, UnknownProducerId)


class Publisher:
    """A producer with `acks=all`. Start before use, stop after.

    A record that `publish` reports as sent is on the broker. One that it reports as failed may still arrive later
    (the deadline cannot take it back), so readers must bear duplicates.
    """

    def __init__(self, settings: CoreSettings, client_id: str) -> None:
        self._settings, self._client_id = settings, client_id
        self._producer: AIOKafkaProducer | None = None
        self._renewing = asyncio.Lock()

    async def start(self) -> None:
        """Connect. Raises Unavailable when there is no broker."""
        self._producer = await self._connect()

    async def stop(self) -> None:
        """Flush and disconnect."""
        producer, self._producer = self._producer, None
        if producer:
            await producer.stop()

    async def publish(self, records: Sequence[Outgoing]) -> set[int]:
        """Send records in order. Returns the positions of those the broker did not acknowledge in time.

        Records of one key keep their order as long as none fails.
        """
        failed: set[int] = set()
        for start in range(0, len(records), IN_FLIGHT):
            failed |= await self._publish(records[start : start + IN_FLIGHT], start)
        if failed:
            metrics.PUBLISH_FAILED.inc(len(failed))
        metrics.PUBLISHED.inc(len(records) - len(failed))
        return failed

    async def publish_all(self, records: Sequence[Outgoing]) -> None:
        """Send records; raises Unavailable unless the broker has acknowledged every one."""
        if failed := await self.publish(records):
            raise Unavailable(f"{len(failed)} of {len(records)} records were not acknowledged")

    async def _publish(self, records: Sequence[Outgoing], start: int) -> set[int]:
        producer = self._producer
        if producer is None:
            raise Unavailable("the publisher is not started")
        sent: list[asyncio.Future[object]] = []
        broken = False
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                for record in records:
                    future = await producer.send(record.topic, record.value, key=record.key, headers=record.headers)
                    sent.append(future)
                await asyncio.wait(sent)
        except (TimeoutError, KafkaError) as error:
            log.warning("bus.publish.failed", error=type(error).__name__, records=len(records))
            if isinstance(error, MessageSizeTooLargeError):
                raise
            broken = _is_broken(error)
        failed = {start + i for i in range(len(records)) if i >= len(sent) or not sent[i].done() or sent[i].exception()}
        for future in sent:
            if not future.done():
                future.add_done_callback(lambda late: late.exception())
            else:
                broken = broken or _is_broken(future.exception())
        if broken:
            await self._renew(producer)
        return failed

    async def _renew(self, broken: AIOKafkaProducer) -> None:
        """Replace a producer whose sequence numbers the broker no longer accepts."""
        async with self._renewing:
            if self._producer is not None and self._producer is broken:
                log.warning("bus.producer.renewed")
                self._producer = await self._connect()
                await broken.stop()

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=self._settings.kafka_idempotent,
            compression_type="lz4",
            linger_ms=LINGER_MS,
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_EVENT_BYTES + BATCH_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise Unavailable(f"no broker at {self._settings.kafka_bootstrap}") from error
        return producer


def _is_broken(error: BaseException | None) -> bool:
    """Whether a producer that says this will never send again. The bare class: its own task has died."""
    return isinstance(error, _BROKEN) or type(error) is KafkaError
