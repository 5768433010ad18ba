"""Whether a consumer group has taken in what stood on its topics, whichever processes its members are.

What a broker tells of a topic's end is a lower bound only: one that keeps its log in an object store tells the
beginning of the last batch, for good. So the end is read forward from there, to where a fetch tells that it is.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.bus.admin import _partitions
from shared.bus.reading import drained
from shared.failures import Unavailable
from shared.settings import CoreSettings
from shared.telemetry import get_logger

log = get_logger()

_POLL_MS: Final = 100
_FETCH_MS: Final = 50
_LOOK_SECONDS: Final = 0.2
_PAUSE_SECONDS: Final = 1.0

Places = dict[TopicPartition, int]


async def caught_up(settings: CoreSettings, group: str, topics: Sequence[str]) -> None:
    """Return once the group has committed all that stood on the topics (full names) when this was called.

    A broker that does not answer is asked again, for as long as it takes. The group may have members anywhere, or none
    yet; this is not one of them and takes no share.
    """
    ends: Places | None = None
    while ends is None or ends:
        try:
            ends = await ends_of(settings, topics) if ends is None else ends
            async with _reader(settings, group) as reader:
                reader.assign(list(ends))
                reader.pause(*ends)  # it asks how far others are, and reads nothing itself
                while ends := await _behind(reader, ends):  # noqa: ASYNC110  the broker tells nobody of commits
                    await asyncio.sleep(_LOOK_SECONDS)
        except (KafkaError, Unavailable, OSError) as error:
            log.warning("bus.catching_up.failed", group=group, error=type(error).__name__)
            await asyncio.sleep(_PAUSE_SECONDS)


async def ends_of(settings: CoreSettings, topics: Sequence[str]) -> Places:
    """The true end of every partition of the topics (full names): the offset behind its last record."""
    async with _reader(settings, None) as reader:
        places = [TopicPartition(topic, number) for topic in topics for number in await _partitions(reader, topic)]
        reader.assign(places)
        for place, told in (await reader.end_offsets(places)).items():
            reader.seek(place, told)
        last, ends = time.monotonic(), Places()
        while not ends or any([await reader.position(place) < end for place, end in ends.items()]):
            if await reader.getmany(timeout_ms=_POLL_MS):
                last = time.monotonic()
            elif await drained(reader, places, quiet=time.monotonic() - last):
                return {place: await reader.position(place) for place in places}
            # On a topic that never rests, what came after the question need not be waited for.
            told = {place: reader.highwater(place) for place in places}
            ends = ends or (told if None not in told.values() else ends)
        return ends


async def _behind(reader: AIOKafkaConsumer, ends: Places) -> Places:
    """Those of the ends that the group has not committed. What was deleted unread cannot be waited for."""
    begins = await reader.beginning_offsets(list(ends))
    return {place: end for place, end in ends.items() if max(await reader.committed(place) or 0, begins[place]) < end}


@asynccontextmanager
async def _reader(settings: CoreSettings, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=group,
        enable_auto_commit=False,
        fetch_max_wait_ms=min(settings.kafka_fetch_max_wait_ms, _FETCH_MS),
        max_partition_fetch_bytes=4 << 20,
    )
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()
