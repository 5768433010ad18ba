"""Topics and offsets, for set-up and operators' tools."""

from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.bus.envelope import MAX_EVENT_BYTES
from shared.contracts.topics import Topic, all_topics
from shared.failures import Unavailable

MAX_MESSAGE_BYTES = 2 * MAX_EVENT_BYTES


async def ensure_topics(
    bootstrap: str, namespace: str, partitions: int, topics: Iterable[Topic] | None = None
) -> list[str]:
    """Make the topics that are missing; existing ones are left as they are. Returns the names of the new ones.

    Raises Unavailable when the broker refuses one.
    """
    wanted = list(all_topics() if topics is None else topics)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [_new(topic, namespace, partitions) for topic in wanted if topic.named(namespace) not in there]
        if not missing:
            return []
        answer = await admin.create_topics(missing)
        for name, code, *_ in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise Unavailable(f"topic {name}: {for_code(code).__name__}")
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def _new(topic: Topic, namespace: str, partitions: int) -> NewTopic:
    config = {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
    }
    if topic.kept:
        config["retention.ms"] = str(int(topic.kept.total_seconds() * 1000))
    return NewTopic(name=topic.named(namespace), num_partitions=partitions, replication_factor=1, topic_configs=config)


async def rewind(bootstrap: str, group: str, topics: Sequence[str]) -> int:
    """Set a group back to the first record of each topic (full names). Returns the number of partitions.

    The group must have no other member: stop its service first. Raises Unavailable when another has a share.
    """
    # As a member: not every broker takes a commit from somebody who has not joined the group.
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        places = {
            TopicPartition(topic, partition) for topic in topics for partition in await _partitions(consumer, topic)
        }
        if consumer.assignment() != places:
            raise Unavailable(f"group {group} has other members")
        await consumer.commit(await consumer.beginning_offsets(places))
        return len(places)
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    """The partitions of a topic. Raises Unavailable rather than answer with none."""
    await consumer._client._wait_on_metadata(topic)  # noqa: SLF001
    found = consumer.partitions_for_topic(topic)
    if not found:
        raise Unavailable(f"no metadata for topic {topic}")
    return set(found)
