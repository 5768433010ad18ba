"""The ground a bench stands on: real servers, a fresh namespace, events made beforehand."""

import secrets
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy.local.stack import Stack
from shared.bus import Envelope, Outgoing, ensure_topics, read_topic
from shared.bus.envelope import encode
from shared.contracts.events import TYPE_OF_MODEL, CenterChanged
from shared.contracts.topics import CENTERS, Topic
from shared.mongo import Mongo
from shared.settings import CoreSettings, read

PARTITIONS = 3
Measure = Callable[[], Awaitable[float]]


@dataclass
class Ground:
    """Servers by their settings; every bench takes fresh names from it."""

    environment: dict[str, str]
    stack: Stack
    centers: int = 20_000
    requests: int = 1_000
    """Of each kind of question, where answers are timed."""
    mongos: list[Mongo] = field(default_factory=list)

    def settings(self) -> CoreSettings:
        """Settings in a new namespace."""
        namespace = f"b{secrets.token_hex(4)}"
        return read(CoreSettings, self.environment, namespace=namespace, kafka_session_ms=6_000)

    async def topics(self, settings: CoreSettings) -> None:
        await ensure_topics(settings.kafka_bootstrap, settings.namespace, PARTITIONS, [CENTERS])

    def mongo(self, settings: CoreSettings) -> Mongo:
        mongo = Mongo(settings.mongo_url.get_secret_value(), settings.namespace, "registry")
        self.mongos.append(mongo)
        return mongo


@dataclass(frozen=True)
class Ratio:
    """One line of the table: ours against raw, higher is better, pair by pair."""

    name: str
    target: float | None
    ours: list[float]
    raw: list[float]
    unit: str

    @property
    def ratio(self) -> float:
        return statistics.median(a / b for a, b in zip(self.ours, self.raw, strict=True))


@dataclass(frozen=True)
class Timing:
    """One line of the table of answers: milliseconds until one was there, and of CPU that it took of each process."""

    name: str
    rows: float
    p50: float
    p99: float
    cpu: list[float]
    most: float | None = None
    """What p99 may be; None where nothing is asked for."""

    @property
    def missed(self) -> bool:
        return self.most is not None and self.p99 > self.most


async def compare(name: str, target: float | None, unit: str, ours: Measure, raw: Measure, runs: int) -> Ratio:
    """Run both in turn, `runs` times after one warm-up each; each returns its rate per second."""
    pairs: tuple[list[float], list[float]] = ([], [])
    await raw(), await ours()
    for turn in range(runs):
        # The order alternates, so that a machine that slows down does not favour one side.
        for which in (0, 1) if turn % 2 else (1, 0):
            pairs[which].append(await (ours if which == 0 else raw)())
    return Ratio(name, target, pairs[0], pairs[1], unit)


def settle(arrived: Iterable[tuple[str, int]], count: int, *, poisoned: bool = False) -> None:
    """Fails unless `count` events arrived, and of each key the sequences 1, 2, 3 … in this order.

    Asked after a run, outside of what is timed. `arrived` are keys and sequences, in the order of their partitions.
    `poisoned`: the sequences have gaps where an event could not be read.
    """
    last: dict[str, int] = {}
    seen = 0
    for key, sequence in arrived:
        before = last.get(key, 0)
        assert sequence == before + 1 or (poisoned and sequence > before), f"{key}: {sequence} came after {before}"
        last[key] = sequence
        seen += 1
    assert seen == count, f"{count - seen} of {count} lost"


async def settle_topic(settings: CoreSettings, topic: Topic, count: int) -> None:
    """As `settle`, of all that stands on a topic now."""
    found = [
        ((record.key or b"").decode(), sequence_of(record.headers))
        async for record in read_topic(settings.kafka_bootstrap, [topic.named(settings.namespace)])
    ]
    settle(found, count)


def sequence_of(headers: Iterable[tuple[str, bytes | None]]) -> int:
    """The sequence of an event within its key, of a raw record."""
    return int(next(value for name, value in headers if name == "ce_sequence" and value))


@contextmanager
def stopwatch(count: int) -> Iterator[list[float]]:
    """Yields a list that holds the rate of `count` things afterwards."""
    rate: list[float] = []
    started = time.perf_counter()
    yield rate
    rate.append(count / (time.perf_counter() - started))


def center(number: int) -> CenterChanged:
    """A center as the registry announces it."""
    return CenterChanged(
        code=f"C{number:06d}",
        name=f"ศูนย์พัฒนาเด็กเล็กบ้านหนองบัว {number}",
        lao="6580101",
        path=("00", "58", "5801", "6580101"),
        subdistrict="580101",
        latitude=19.3,
        longitude=97.96,
        email=f"c{number}@center.example",
        last_assessed=2563,
    )


KEYS = 3_999
"""Of the records below: each key comes several times, so that an order can be broken; no key is poisoned every time."""


def records(namespace: str, count: int, *, poison: float = 0, keys: int | None = None) -> list[Outgoing]:
    """`count` center events, a share of them with bytes that are no JSON; `keys` different ones, or one for each.

    The sequence of an event counts within its key.
    """
    kind = TYPE_OF_MODEL[CenterChanged]
    every = int(1 / poison) if poison else 0
    made = []
    for number in range(count):
        which = number % keys if keys else number
        data = center(which).model_dump_json().encode()
        if every and number % every == 0:
            data = b"{"
        envelope = Envelope(
            f"{number:032x}",
            kind.name,
            "/saraban/registry",
            f"C{which:06d}",
            "2026-11-01T09:00:00+07:00",
            1 + number // keys if keys else 1,
            None,
            f"C{which:06d}",
            data,
        )
        made.append(encode(envelope, CENTERS.named(namespace)))
    return made
