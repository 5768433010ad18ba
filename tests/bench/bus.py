"""Consuming and publishing against aiokafka's own loop."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic import TypeAdapter

from shared.bus import Bus, DeadLetterLimit, Outgoing, Publisher
from shared.bus.broker import BATCH_RECORDS
from shared.bus.publisher import BATCH_BYTES, IN_FLIGHT, LINGER_MS
from shared.contracts.events import CenterChanged
from shared.contracts.topics import CENTERS
from shared.settings import CoreSettings
from tests.bench.ground import KEYS, Ground, Ratio, compare, records, settle, settle_topic, stopwatch

EVENTS = 40_000


async def benches(ground: Ground, runs: int) -> AsyncIterator[Ratio]:
    settings = ground.settings()
    await ground.topics(settings)
    made = records(settings.namespace, EVENTS, keys=KEYS)
    publisher = Publisher(settings, "bench")
    await publisher.start()
    await publisher.publish_all(made)
    yield await compare(
        "batch consume + validate / raw getmany + validate",
        0.90,
        "events/s",
        lambda: _consume(settings),
        lambda: _consume_raw(settings),
        runs,
    )

    async def fresh() -> tuple[CoreSettings, list[Outgoing]]:
        target = ground.settings()
        await ground.topics(target)
        return target, records(target.namespace, EVENTS // 2, keys=KEYS)

    async def ours() -> float:
        target, batch = await fresh()
        with stopwatch(len(batch)) as rate:
            await publisher.publish_all(batch)
        await settle_topic(target, CENTERS, len(batch))
        return rate[0]

    async def raw() -> float:
        target, batch = await fresh()
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap,
            acks="all",
            enable_idempotence=settings.kafka_idempotent,
            compression_type="lz4",
            linger_ms=LINGER_MS,
            max_batch_size=BATCH_BYTES,
        )
        await producer.start()
        with stopwatch(len(batch)) as rate:
            for start in range(0, len(batch), IN_FLIGHT):
                sent = [
                    await producer.send(r.topic, r.value, key=r.key, headers=r.headers)
                    for r in batch[start : start + IN_FLIGHT]
                ]
                await asyncio.gather(*sent)
        await producer.stop()
        await settle_topic(target, CENTERS, len(batch))
        return rate[0]

    yield await compare("our publisher / raw bounded send", 0.90, "events/s", ours, raw, runs)
    await publisher.stop()


async def _consume(settings: CoreSettings) -> float:
    """From the first batch to the last commit, as the services consume."""
    bus = Bus(settings, "submissions")
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    seen, first, started = 0, 0, 0.0
    arrived: list[tuple[str, int]] = []  # the events themselves would keep the garbage collector busy

    async def handle(batch) -> None:
        nonlocal seen, first, started
        events = batch.of(CenterChanged)
        if not started:
            started, first = time.perf_counter(), len(events)
        seen += len(events)
        arrived.extend((event.envelope.key, event.envelope.sequence) for event in events)
        if seen == EVENTS:
            done.set_result((EVENTS - first) / (time.perf_counter() - started))

    bus.consume(f"bench-{secrets.token_hex(4)}", [CENTERS], handle, limit=DeadLetterLimit(run=EVENTS, ratio=1))
    await bus.start()
    try:
        rate = await asyncio.wait_for(done, 120)
    finally:
        await bus.stop()
    settle(arrived, EVENTS)
    return rate


async def _consume_raw(settings: CoreSettings) -> float:
    validate = TypeAdapter(CenterChanged).validate_json
    consumer = AIOKafkaConsumer(
        CENTERS.named(settings.namespace),
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=secrets.token_hex(8),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=settings.kafka_fetch_max_wait_ms,
        max_partition_fetch_bytes=4 << 20,
        session_timeout_ms=settings.kafka_session_ms,
        heartbeat_interval_ms=settings.kafka_session_ms // 6,
    )
    await consumer.start()
    seen, first, started = 0, 0, 0.0
    arrived: list[tuple[str, int]] = []
    while seen < EVENTS:
        polled = await consumer.getmany(timeout_ms=200, max_records=BATCH_RECORDS)
        for batch in polled.values():
            if not started:
                started, first = time.perf_counter(), len(batch)
            for record in batch:
                named = {name: value.decode() for name, value in record.headers}
                validate(record.value)
                arrived.append((record.key.decode(), int(named["ce_sequence"])))
            seen += len(batch)
        if polled:
            await consumer.commit()
    rate = (EVENTS - first) / (time.perf_counter() - started)
    await consumer.stop()
    settle(arrived, EVENTS)
    return rate
