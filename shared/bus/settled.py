"""How far a topic of dead letters was settled: the committed offsets of a group that only operators use."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.admin import _partitions
from shared.failures import Unavailable

SESSION_MS = 6_000


async def settled(bootstrap: str, group: str, topics: list[str]) -> dict[tuple[str, int], int]:
    """By topic and partition, the first offset that is not settled yet."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [
            TopicPartition(topic, partition) for topic in topics for partition in await _partitions(consumer, topic)
        ]
        consumer.assign(places)
        return {(place.topic, place.partition): await consumer.committed(place) or 0 for place in places}
    finally:
        await consumer.stop()


async def settle(bootstrap: str, group: str, topic: str, until: Mapping[int, int]) -> None:
    """Count everything before these offsets, by partition, as settled. Raises Unavailable if another tool is at it."""
    # As a member: not every broker takes a commit from somebody who has not joined the group.
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=SESSION_MS // 6,
    )
    await consumer.start()
    try:
        places = {TopicPartition(topic, partition): offset for partition, offset in until.items()}
        if not set(places) <= consumer.assignment():
            raise Unavailable(f"group {group} has other members")
        if places:
            await consumer.commit(places)
    finally:
        await consumer.stop()
