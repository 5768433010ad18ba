"""Dead letters: read them, send them back where they came from, count them as settled."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.bus import Incoming, Outgoing, Publisher, read_topic, settle, settled
from shared.contracts.topics import SERVICES, Service, dead_letters, group_name
from shared.settings import CoreSettings

GROUP = "dead-letters"
"""The consumer group whose committed offsets say how far an operator has settled the letters."""


@dataclass(frozen=True)
class Letter:
    """A record that a service could not read."""

    service: Service
    record: Incoming
    headers: dict[str, bytes]

    @property
    def number(self) -> str:
        """Its place in the topic of dead letters: `partition:offset`."""
        return f"{self.record.partition}:{self.record.offset}"

    def said(self, name: str) -> str:
        """What a header says, as text."""
        return self.headers.get(name, b"").decode(errors="replace")

    @property
    def can_return(self) -> bool:
        """Whether its bytes were kept: letters of sensitive topics and oversized ones hold none."""
        return "dead_size" not in self.headers

    def original(self) -> Outgoing:
        """The record as it once came."""
        was = [(name.removeprefix("was_"), value) for name, value in self.headers.items() if name.startswith("was_")]
        return Outgoing(self.said("dead_topic"), self.record.key, self.record.value, was)

    def copy(self) -> Outgoing:
        """The letter itself, for the end of the topic that it lies in."""
        return Outgoing(self.record.topic, self.record.key, self.record.value, list(self.headers.items()))

    @property
    def key(self) -> str:
        """The key that the record came with, as text."""
        return (self.record.key or b"").decode(errors="replace")

    @property
    def whence(self) -> str:
        """Where the record lay: topic, partition, offset."""
        return f"{self.said('dead_topic')} {self.said('dead_partition')}:{self.said('dead_offset')}"

    def __str__(self) -> str:
        """Which it is, in one line and without its content."""
        return f"{self.service} {self.number}: {self.said('dead_error')}, {self.whence}, key {self.key}"


async def letters(bootstrap: str, namespace: str, services: Iterable[Service] = SERVICES) -> list[Letter]:
    """The letters that nobody has settled yet, by service and place."""
    topics = {dead_letters(service).named(namespace): service for service in services}
    done: dict[tuple[str, int], int] = {}
    for topic, service in topics.items():
        done |= await settled(bootstrap, group_name(namespace, service, GROUP), [topic])
    found = [
        Letter(topics[record.topic], record, {name: value or b"" for name, value in record.headers})
        async for record in read_topic(bootstrap, list(topics))
        if record.offset >= done[record.topic, record.partition]
    ]
    return sorted(found, key=lambda letter: (letter.service, letter.record.partition, letter.record.offset))


async def redrive(settings: CoreSettings, chosen: Iterable[Letter]) -> int:
    """Publish letters again where they came from; how many. Readers are idempotent, so twice does no harm.

    Raises Unavailable unless the broker has taken every one.
    """
    return await _publish(settings, [letter.original() for letter in chosen if letter.can_return])


async def settle_only(settings: CoreSettings, done: Iterable[Letter], left: Iterable[Letter] = ()) -> None:
    """Count `done` as settled while `left`, the rest of what nobody has settled, stays open.

    What is settled is an offset for each partition. So a letter that stays open before a settled one is first written
    once more behind it, and only then its old place counts as settled: a crash leaves it twice, never gone.
    Raises Unavailable unless the broker has taken all of it.
    """
    until: dict[Service, dict[int, int]] = {}
    for letter in done:
        places = until.setdefault(letter.service, {})
        places[letter.record.partition] = max(places.get(letter.record.partition, 0), letter.record.offset + 1)
    passed = [one for one in left if one.record.offset < until.get(one.service, {}).get(one.record.partition, 0)]
    await _publish(settings, [letter.copy() for letter in passed])
    for service, places in until.items():
        group = group_name(settings.namespace, service, GROUP)
        await settle(settings.kafka_bootstrap, group, dead_letters(service).named(settings.namespace), places)


async def _publish(settings: CoreSettings, records: list[Outgoing]) -> int:
    if records:
        publisher = Publisher(settings, f"{settings.namespace}.redrive")
        await publisher.start()
        try:
            await publisher.publish_all(records)
        finally:
            await publisher.stop()
    return len(records)
