"""The relay's drain and the projecting consumer, end to end, with nothing lost."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer
from pydantic import BaseModel
from pymongo import UpdateOne

from shared.bus import Bus, DeadLetterLimit, Publisher, Relay, Sweeper, ensure_topics, read_topic
from shared.bus.publisher import BATCH_BYTES, LINGER_MS
from shared.contracts.events import CenterChanged
from shared.contracts.topics import CENTERS, dead_letters
from shared.mongo import Aggregates, Leases, Mongo, NewEvent, Projected, Projection
from shared.settings import CoreSettings
from tests.bench.ground import KEYS, Ground, Ratio, center, compare, records, settle, settle_topic, stopwatch

AGGREGATES = 4_000
EACH = 2
"""Events of each aggregate that wait in its outbox, so that their order can be broken."""
EVENTS = 20_000
PAGE = 500


class Plain(BaseModel):
    name: str


class Nobody:
    grace = timedelta(0)

    def announce(self, outbox, aggregate, entries) -> None:
        """A process that died: everything is left to the sweeper."""


async def benches(ground: Ground, runs: int) -> AsyncIterator[Ratio]:
    settings = ground.settings()
    await ground.topics(settings)
    mongo = ground.mongo(settings)
    publisher = Publisher(settings, "bench")
    await publisher.start()
    centers = Aggregates(mongo.documents("centers"), Plain, Nobody())
    await centers.prepare()

    async def fresh() -> CoreSettings:
        target = ground.settings()
        await ground.topics(target)
        await _fill(centers)
        return target

    async def sweep() -> float:
        target = await fresh()
        relay = Relay(publisher, "registry", target.namespace)
        sweeper = Sweeper(relay, Leases(mongo.documents("leases")), [centers.outbox], "bench")
        with stopwatch(AGGREGATES * EACH) as rate:
            while await sweeper.sweep(datetime.now(UTC)):
                pass
        assert await centers.outbox.waiting() == 0
        await settle_topic(target, CENTERS, AGGREGATES * EACH)
        return rate[0]

    async def raw() -> float:
        target = await fresh()
        rate = await _drain_raw(target, mongo)
        await settle_topic(target, CENTERS, AGGREGATES * EACH)
        return rate

    yield await compare("relay drain / raw read + send + $pull", 0.80, "events/s", sweep, raw, runs)
    await publisher.stop()
    clean, poisoned = await _topic(ground, 0), await _topic(ground, 0.01)
    yield await compare(
        "projecting consumer, 1 % poison / clean",
        0.90,
        "events/s",
        lambda: _project(ground, poisoned, EVENTS - EVENTS // 100),
        lambda: _project(ground, clean, EVENTS),
        runs,
    )


async def _fill(centers: Aggregates[Plain]) -> None:
    await centers.documents.delete({})
    now = datetime.now(UTC)
    for start in range(0, AGGREGATES, 1_000):
        await centers.create_many(
            [
                (f"C{n:06d}", Plain(name="a"), [NewEvent(f"C{n:06d}", center(n))] * EACH)
                for n in range(start, start + 1_000)
            ],
            now,
        )


async def _drain_raw(settings: CoreSettings, mongo: Mongo) -> float:
    """The least that any relay must do: find, send, wait, pull."""
    collection = mongo._database["centers"]
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        acks="all",
        enable_idempotence=settings.kafka_idempotent,
        compression_type="lz4",
        linger_ms=LINGER_MS,
        max_batch_size=BATCH_BYTES,
    )
    await producer.start()
    with stopwatch(AGGREGATES * EACH) as rate:
        while True:
            found = await collection.find({"outbox.due": {"$exists": True}}, {"outbox": 1}, limit=PAGE).to_list(None)
            if not found:
                break
            sent = [
                await producer.send(
                    f"{settings.namespace}.{entry['topic']}",
                    entry["data"],
                    key=entry["key"].encode(),
                    headers=[
                        ("ce_id", entry["id"].encode()),
                        ("ce_source", b"/saraban/registry"),
                        ("ce_type", entry["type"].encode()),
                        ("ce_specversion", b"1.0"),
                        ("ce_subject", entry["key"].encode()),
                        ("ce_time", entry["time"].encode()),
                        ("ce_sequence", str(entry["sequence"]).encode()),
                        ("content-type", b"application/json"),
                    ],
                )
                for document in found
                for entry in document["outbox"]
            ]
            await asyncio.gather(*sent)
            await collection.bulk_write(
                [
                    UpdateOne({"_id": d["_id"]}, {"$pull": {"outbox": {"id": {"$in": [e["id"] for e in d["outbox"]]}}}})
                    for d in found
                ],
                ordered=False,
            )
    await producer.stop()
    return rate[0]


async def _topic(ground: Ground, poison: float) -> CoreSettings:
    settings = ground.settings()
    await ensure_topics(settings.kafka_bootstrap, settings.namespace, 3, [CENTERS, dead_letters("submissions")])
    publisher = Publisher(settings, "bench")
    await publisher.start()
    await publisher.publish_all(records(settings.namespace, EVENTS, poison=poison, keys=KEYS))
    await publisher.stop()
    return settings


async def _project(ground: Ground, settings: CoreSettings, readable: int) -> float:
    """From the first batch to the last row, through the real consumer into a real projection."""
    mongo = ground.mongo(settings)
    projection = Projection(mongo.documents(f"p{secrets.token_hex(4)}"))
    bus = Bus(settings, "submissions")
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    seen, first, started = 0, 0, 0.0
    told: list[tuple[str, int]] = []
    buried = await _letters(settings)

    async def handle(batch) -> None:
        nonlocal seen, first, started
        events = batch.of(CenterChanged)
        if not started:
            started, first = time.perf_counter(), len(events)
        await projection.apply(Projected(e.envelope.key, e.envelope.sequence, {"name": e.data.name}) for e in events)
        seen += len(events)
        told.extend((event.envelope.key, event.envelope.sequence) for event in events)
        if seen == readable:
            done.set_result((readable - first) / (time.perf_counter() - started))

    bus.consume(f"bench-{secrets.token_hex(4)}", [CENTERS], handle, limit=DeadLetterLimit(run=EVENTS, ratio=1))
    await bus.start()
    try:
        rate = await asyncio.wait_for(done, 120)
    finally:
        await bus.stop()
    settle(told, readable, poisoned=readable < EVENTS)
    assert await _letters(settings) - buried == EVENTS - readable, "dead letters lost"
    newest = dict(told)
    stand = {row["_id"]: row["sequence"] async for row in projection.documents.each({}, fields=["sequence"])}
    assert stand == newest, "not every key stands at its newest event"
    return rate


async def _letters(settings: CoreSettings) -> int:
    """How many dead letters there are."""
    topic = dead_letters("submissions").named(settings.namespace)
    return len([None async for _ in read_topic(settings.kafka_bootstrap, [topic])])
