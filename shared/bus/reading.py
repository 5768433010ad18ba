"""Reading whole topics, for tools: verify, rebuild, tail, the canary search."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.bus.admin import _partitions
from shared.bus.envelope import Incoming
from shared.failures import Unavailable

POLL_MS = 200
HOLE_SECONDS = 5.0
"""A broker that died between counting a record and keeping it counts one more than it has, for good: where nothing came
for this long, what it tells is not waited for.
"""


async def probe(bootstrap: str, within: float = 5.0) -> None:
    """Ask the broker for its metadata. Raises Unavailable when it does not answer in time."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, request_timeout_ms=int(within * 1000))
    try:
        async with asyncio.timeout(within):
            await consumer.start()
            await consumer.topics()
    except (KafkaError, TimeoutError, OSError) as error:
        raise Unavailable(f"no broker at {bootstrap}") from error
    finally:
        await consumer.stop()


async def read_topic(
    bootstrap: str, topics: Sequence[str], *, follow: bool = False, from_start: bool = True
) -> AsyncIterator[Incoming]:
    """Every record of the topics (full names), in offset order within a partition, without a consumer group.

    Ends where the topics ended when the last fetch was answered, unless `follow`.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    try:
        places = [
            TopicPartition(topic, partition) for topic in topics for partition in await _partitions(consumer, topic)
        ]
        consumer.assign(places)
        await (consumer.seek_to_beginning if from_start else consumer.seek_to_end)(*places)
        quiet_since = time.monotonic()
        while True:
            polled = await consumer.getmany(timeout_ms=POLL_MS)
            for records in polled.values():
                for record in records:
                    yield record
            if polled:
                quiet_since = time.monotonic()
            elif not follow and await drained(consumer, places, quiet=time.monotonic() - quiet_since):
                return
    finally:
        await consumer.stop()


async def drained(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], *, quiet: float) -> bool:
    """Whether everything was read that the last fetch of each partition told of, or nothing came for too long.

    Not by `end_offsets`: brokers over an object store tell them late. What a fetch tells is true, and until each
    partition was fetched once nothing is known, however slow the broker.
    """
    behind = 0
    for place in places:
        end = consumer.highwater(place)
        if end is None:
            return False
        behind += await consumer.position(place) < end
    return not behind or quiet > HOLE_SECONDS
