"""What a test needs of the real servers: an isolated namespace, settings, tokens, and patience with a deadline."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from deploy.local.stack import Stack
from shared.bus import Envelope, Incoming, Outgoing, Publisher, ensure_topics, read_topic
from shared.bus.envelope import encode
from shared.bus.foreign import encode_signed
from shared.contracts.events import TYPE_OF_MODEL
from shared.contracts.topics import Service, Topic, source_of
from shared.mongo import Mongo
from shared.settings import CoreSettings, read

S = TypeVar("S", bound=CoreSettings)
T = TypeVar("T")

PARTITIONS = 2


def a_stack(directory: Path, environ: Mapping[str, str] | None = None) -> Stack:
    """One of the kind that is tested: local servers, or Apache Kafka and MinIO with SARABAN_TEST_STACK=real."""
    kind = os.environ.get("SARABAN_TEST_STACK", "local")
    return Stack(directory, kind=kind, ports="ephemeral", environ=environ or {})  # type: ignore[arg-type]


class World:
    """One test's corner of the real servers."""

    def __init__(self, stack: Stack, namespace: str) -> None:
        self.stack, self.namespace = stack, namespace
        self.environment = stack.environment()
        # Tansu lets a first member wait half a session for others; Apache Kafka accepts no session under 6 s.
        self.session_ms = 3_000 if stack.kind == "local" else 6_000
        self._mongos: list[Mongo] = []
        self._publisher: Publisher | None = None

    async def open(self) -> None:
        await ensure_topics(self.environment["SARABAN_KAFKA_BOOTSTRAP"], self.namespace, PARTITIONS)

    async def close(self) -> None:
        if self._publisher:
            await self._publisher.stop()
        for mongo in self._mongos:
            await mongo.drop()
            mongo.close()

    def settings(self, kind: type[S] = CoreSettings, **overrides: Any) -> S:  # type: ignore[assignment]
        """Settings as a service of this world would read them from its environment."""
        here = {"namespace": self.namespace, "kafka_partitions": PARTITIONS, "kafka_session_ms": self.session_ms}
        here["relay_gather_ms"] = 0  # what a test did is announced when it looks
        return read(kind, self.environment, **{**here, **overrides})

    def mongo(self, service: str, **options: Any) -> Mongo:
        """A service's database; dropped when the test ends."""
        mongo = Mongo(self.environment["SARABAN_MONGO_URL"], self.namespace, service, **options)
        self._mongos.append(mongo)
        return mongo

    def token(self, role: str, org: str, **options: Any) -> str:
        """A bearer token of the development issuer."""
        return self.stack.token(role, org, **options)

    async def publisher(self) -> Publisher:
        """A started publisher, for playing another system."""
        if self._publisher is None:
            self._publisher = Publisher(self.settings(), "test")
            await self._publisher.start()
        return self._publisher

    async def publish(self, service: Service, *events: tuple[str, int, Any], ids: str = "event") -> None:
        """Publish `(key, sequence, data)` as a service would; the event id is `{ids}-{key}-{sequence}`."""
        records = []
        for key, sequence, data in events:
            kind = TYPE_OF_MODEL[type(data)]
            envelope = _envelope(kind.name, source_of(service), key, sequence, data, ids)
            records.append(encode(envelope, kind.topic.named(self.namespace)))
        await self.send(*records)

    async def publish_signed(self, *events: tuple[str, int, Any], ids: str = "event", source: str = "/onesqa") -> None:
        """Publish `(key, sequence, data)` as another system would, signed by ONESQA's key."""
        key, records = self.stack.publisher_key(), []
        for name, sequence, data in events:
            kind = TYPE_OF_MODEL[type(data)]
            envelope = _envelope(kind.name, source, name, sequence, data, ids)
            records.append(encode_signed(envelope, kind.topic, self.namespace, key))
        await self.send(*records)

    async def send(self, *records: Outgoing) -> None:
        """Publish raw records."""
        await (await self.publisher()).publish_all(records)

    async def records(self, *topics: Topic) -> list[Incoming]:
        """Every record that stands in these topics, once what is on its way had a second to arrive."""
        await asyncio.sleep(1.0)
        names = [topic.named(self.namespace) for topic in topics]
        return [record async for record in read_topic(self.environment["SARABAN_KAFKA_BOOTSTRAP"], names)]


@asynccontextmanager
async def a_world(stack: Stack) -> AsyncIterator[World]:
    """An empty namespace on running servers: its own databases, topics, groups and buckets."""
    here = World(stack, f"t{secrets.token_hex(4)}")
    await here.open()
    try:
        yield here
    finally:
        await here.close()


def _envelope(kind: str, source: str, key: str, sequence: int, data: Any, ids: str) -> Envelope:
    return Envelope(
        f"{ids}-{key}-{sequence}",
        kind,
        source,
        key,
        "2026-11-01T09:00:00+07:00",
        sequence,
        None,
        key,
        data.model_dump_json().encode(),
    )


@asynccontextmanager
async def run_app(app: Any) -> AsyncIterator[None]:
    """Run an application's lifespan."""
    async with app.router.lifespan_context(app):
        yield


async def eventually(question: Callable[[], Awaitable[T | None]], *, within: float = 60.0) -> T:
    """Ask until the answer is truthy, and return it; fails with the last answer when the time is up."""
    until = time.monotonic() + within
    while True:
        answer = await question()
        if answer:
            return answer
        assert time.monotonic() < until, f"not within {within} s; the last answer was {answer!r}"
        await asyncio.sleep(0.05)
