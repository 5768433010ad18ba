"""Dead letters: what could not be read, kept whole, and a limit so that a topic is never drained into the bin."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from shared.bus.envelope import MAX_EVENT_BYTES, Headers, Incoming, Outgoing
from shared.bus.publisher import Publisher
from shared.contracts.topics import Service, Topic, dead_letters
from shared.failpoints import failpoint
from shared.failures import BadData


class DeadLetterLimitReached(Exception):  # noqa: N818
    """Too many records in a row, or too large a share of them, could not be read: something else is wrong."""


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """How much may go to the dead letters before a consumer stops instead.

    `run`: that many unreadable records with no readable batch between them.
    `ratio`: that share of all records since the start, looked at
    once `after` records have been seen.
    """

    run: int = 500
    ratio: float = 0.2
    after: int = 2_000


class DeadLetterCount:
    """Counts records against a limit."""

    def __init__(self, limit: DeadLetterLimit) -> None:
        self._limit = limit
        self._seen = self._dead = self._run = 0

    def check(self, records: int, dead: int) -> None:
        """Raises DeadLetterLimitReached if a batch with so many dead would pass the limit; counts nothing."""
        seen, all_dead, run = self._with(records, dead)
        if run > self._limit.run:
            raise DeadLetterLimitReached(f"{run} unreadable records in a row")
        if seen >= self._limit.after and all_dead > self._limit.ratio * seen:
            raise DeadLetterLimitReached(f"{all_dead} of {seen} records unreadable")

    def batch(self, records: int, dead: int) -> None:
        """Count one batch. Raises DeadLetterLimitReached when the limit is passed."""
        self.check(records, dead)
        self._seen, self._dead, self._run = self._with(records, dead)

    def _with(self, records: int, dead: int) -> tuple[int, int, int]:
        return self._seen + records, self._dead + dead, self._run + dead if dead == records else dead


class Dead(NamedTuple):
    """A record and why it cannot be processed."""

    record: Incoming
    fault: BadData


class DeadLetters:
    """Publishes unreadable records of one service to its dead-letter topic."""

    def __init__(self, publisher: Publisher, service: Service, namespace: str) -> None:
        self._publisher = publisher
        self._topic = dead_letters(service).named(namespace)

    async def bury(self, dead: list[tuple[Dead, Topic]]) -> None:
        """Publish; returns once the broker has every one. Raises Unavailable otherwise."""
        failpoint("dead.before_publish")
        await self._publisher.publish_all([self._letter(*one) for one in dead])
        failpoint("dead.after_publish")

    def _letter(self, dead: Dead, topic: Topic) -> Outgoing:
        record, fault = dead
        value = record.value
        headers: Headers = [
            ("dead_error", fault.code.encode()),
            ("dead_place", fault.place.encode()),
            ("dead_topic", record.topic.encode()),
            ("dead_partition", str(record.partition).encode()),
            ("dead_offset", str(record.offset).encode()),
            ("dead_time", datetime.now(UTC).isoformat().encode()),
        ]
        was: Headers = [(f"was_{name}", held or b"") for name, held in record.headers]
        size = len(value or b"") + sum(len(name) + len(held) for name, held in was)
        if topic.sensitive or size > MAX_EVENT_BYTES:
            # What was meant for a sensitive topic may hold a secret; what is too large does not fit.
            headers.append(("dead_size", str(size).encode()))
            value = None
        else:
            headers += was
        return Outgoing(self._topic, record.key, value, headers)
