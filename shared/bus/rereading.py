"""Reading topics from remembered offsets to their end, as a service does once when it starts."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.bus.admin import _partitions
from shared.bus.envelope import Incoming
from shared.bus.reading import drained
from shared.failures import Unavailable
from shared.settings import CoreSettings

_POLL_MS: Final = 50

Place = tuple[str, int]
"""A topic (full name) and a partition."""


async def reread(
    settings: CoreSettings,
    topics: Sequence[str],
    starts: Mapping[Place, int],
    take: Callable[[Sequence[Incoming]], Awaitable[None]],
) -> dict[Place, int]:
    """Hand every record from the starts on to `take`, in order within a partition; where the topics ended.

    Without a start, or where the broker no longer has it, a partition is read from its first record. Raises
    Unavailable when the broker does not answer.
    """
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=min(settings.kafka_fetch_max_wait_ms, _POLL_MS),
        max_partition_fetch_bytes=4 << 20,
    )
    try:
        await reader.start()
        places = [TopicPartition(topic, number) for topic in topics for number in await _partitions(reader, topic)]
        reader.assign(places)
        await reader.seek_to_beginning(*places)
        for place in places:
            if (start := starts.get((place.topic, place.partition))) is not None:
                reader.seek(place, start)
        last = time.monotonic()
        while True:
            polled = await reader.getmany(timeout_ms=_POLL_MS)
            for records in polled.values():
                await take(records)
            if polled:
                last = time.monotonic()
            elif await drained(reader, places, quiet=time.monotonic() - last):
                return {(place.topic, place.partition): await reader.position(place) for place in places}
    except (KafkaError, OSError) as error:
        raise Unavailable(f"no broker at {settings.kafka_bootstrap}") from error
    finally:
        await reader.stop()
