"""Writing state with its events, and projecting other services' state, against the driver's own calls."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel
from pymongo import ReplaceOne

from shared.mongo import Aggregates, Document, Mongo, NewEvent, Projected, Projection, Stored
from tests.bench.ground import Ground, Ratio, center, compare, stopwatch

WRITERS = 64
WRITES = 40
ROWS = 20_000


class Plain(BaseModel):
    name: str
    state: str
    note: str


class Nobody:
    grace = timedelta(hours=1)

    def announce(self, outbox, aggregate, entries) -> None:
        """The write alone is measured."""


def state(number: int) -> Plain:
    return Plain(name="ศูนย์พัฒนาเด็กเล็ก", state="owed", note=str(number))


async def benches(ground: Ground, runs: int) -> AsyncIterator[Ratio]:
    mongo = ground.mongo(ground.settings())
    centers = Aggregates(mongo.documents("centers"), Plain, Nobody())
    await centers.prepare()
    await mongo.documents("outbox").insert({"_id": "first"})  # a transaction can't make a collection and race for it
    written = "embedded-outbox write"
    yield await compare(
        f"{written} / plain update of the same document",
        0.90,
        "writes/s",
        lambda: _writers(mongo, _embedded(centers)),
        lambda: _writers(mongo, _plain(mongo)),
        runs,
    )
    yield await compare(
        f"{written} / transaction with an outbox collection",
        2.0,
        "writes/s",
        lambda: _writers(mongo, _embedded(centers)),
        lambda: _writers(mongo, _transaction(mongo)),
        runs,
    )
    fields = [center(number).model_dump() for number in range(ROWS)]
    yield await compare(
        "idempotent projection / raw unordered bulk_write",
        0.85,
        "rows/s",
        lambda: _project(mongo, fields),
        lambda: _bulk(mongo, fields),
        runs,
    )


def _embedded(centers: Aggregates[Plain]) -> "Write":
    async def write(number: int, stored: Stored[Plain]) -> Stored[Plain]:
        data = center(number)
        return await centers.save(stored, state(number), [NewEvent(data.code, data)], datetime.now(UTC))

    return write


def _change(stored: Stored[Plain], number: int) -> tuple[Document, Document]:
    change = {"$set": state(number).model_dump(), "$inc": {"version": 1}}
    return {"_id": stored.id, "version": stored.version}, change


def _plain(mongo: Mongo) -> "Write":
    collection = mongo._database["centers"]

    async def write(number: int, stored: Stored[Plain]) -> Stored[Plain]:
        await collection.update_one(*_change(stored, number))
        return Stored(stored.id, stored.version + 1, 0, stored.state)

    return write


def _transaction(mongo: Mongo) -> "Write":
    collection, outbox = mongo._database["centers"], mongo._database["outbox"]

    async def write(number: int, stored: Stored[Plain]) -> Stored[Plain]:
        data = center(number)

        async def both(session) -> None:
            await collection.update_one(*_change(stored, number), session=session)
            await outbox.insert_one({"key": data.code, "data": data.model_dump_json()}, session=session)

        async with await mongo.client.start_session() as session:
            await session.with_transaction(both)
        return Stored(stored.id, stored.version + 1, 0, stored.state)

    return write


async def _project(mongo: Mongo, fields: list[Document]) -> float:
    projection = Projection(mongo.documents("ours"))
    await projection.documents.drop()
    with stopwatch(ROWS) as rate:
        for start in range(0, ROWS, 1_000):
            await projection.apply(Projected(f["code"], 1, f) for f in fields[start : start + 1_000])
    return rate[0]


async def _bulk(mongo: Mongo, fields: list[Document]) -> float:
    collection = mongo._database["raw"]
    await collection.drop()
    with stopwatch(ROWS) as rate:
        for start in range(0, ROWS, 1_000):
            await collection.bulk_write(
                [
                    ReplaceOne({"_id": f["code"]}, {**f, "sequence": 1}, upsert=True)
                    for f in fields[start : start + 1_000]
                ],
                ordered=False,
            )
    return rate[0]


Write = Callable[[int, Stored[Plain]], Awaitable[Stored[Plain]]]


async def _writers(mongo: Mongo, write: Write) -> float:
    """64 writers at once, each through its own documents: the relay would have emptied an outbox between two writes."""
    collection = mongo._database["centers"]
    await collection.delete_many({})
    await collection.insert_many([
        {"_id": f"c{n}", **state(n).model_dump(), "version": 1, "sequence": 0, "stamp": "", "outbox": []}
        for n in range(WRITERS * WRITES)
    ])  # fmt: skip

    async def writer(number: int) -> None:
        for turn in range(WRITES):
            await write(turn, Stored(f"c{number * WRITES + turn}", 1, 0, state(number)))

    with stopwatch(WRITERS * WRITES) as rate:
        await asyncio.gather(*(writer(n) for n in range(WRITERS)))
    return rate[0]
