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
    back = [letter.original() for letter in chosen if letter.can_return]
    publisher = Publisher(settings, f"{settings.namespace}.redrive")
    await publisher.start()
    try:
        await publisher.publish_all(back)
    finally:
        await publisher.stop()
    return len(back)


async def settle_all(bootstrap: str, namespace: str, chosen: Iterable[Letter]) -> None:
    """Count these letters, and all before them in their partitions, as settled."""
    until: dict[Service, dict[int, int]] = {}
    for letter in chosen:
        places = until.setdefault(letter.service, {})
        places[letter.record.partition] = max(places.get(letter.record.partition, 0), letter.record.offset + 1)
    for service, places in until.items():
        await settle(bootstrap, group_name(namespace, service, GROUP), dead_letters(service).named(namespace), places)
