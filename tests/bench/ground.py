"""The ground a bench stands on: real servers, a fresh namespace, events made beforehand."""

import secrets
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy.local.stack import Stack
from shared.bus import Envelope, Outgoing, ensure_topics
from shared.bus.envelope import encode
from shared.contracts.events import TYPE_OF_MODEL, CenterChanged
from shared.contracts.topics import CENTERS
from shared.mongo import Mongo
from shared.settings import CoreSettings, read

PARTITIONS = 3
Measure = Callable[[], Awaitable[float]]


@dataclass
class Ground:
    """Servers by their settings; every bench takes fresh names from it."""

    environment: dict[str, str]
    stack: Stack
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


async def compare(name: str, target: float | None, unit: str, ours: Measure, raw: Measure, runs: int) -> Ratio:
    """Run both in turn, `runs` times after one warm-up each; each returns its rate per second."""
    pairs: tuple[list[float], list[float]] = ([], [])
    await raw(), await ours()
    for turn in range(runs):
        # The order alternates, so that a machine that slows down does not favour one side.
        for which in (0, 1) if turn % 2 else (1, 0):
            pairs[which].append(await (ours if which == 0 else raw)())
    return Ratio(name, target, pairs[0], pairs[1], unit)


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


def records(namespace: str, count: int, *, poison: float = 0) -> list[Outgoing]:
    """`count` center events, a share of them with bytes that are no JSON."""
    kind = TYPE_OF_MODEL[CenterChanged]
    every = int(1 / poison) if poison else 0
    made = []
    for number in range(count):
        data = center(number).model_dump_json().encode()
        if every and number % every == 0:
            data = b"{"
        envelope = Envelope(
            f"{number:032x}",
            kind.name,
            "/saraban/registry",
            f"C{number:06d}",
            "2026-11-01T09:00:00+07:00",
            1,
            None,
            f"C{number:06d}",
            data,
        )
        made.append(encode(envelope, CENTERS.named(namespace)))
    return made
