"""The dead are buried while their neighbours are handled, and nothing is committed before both are durable."""

import asyncio

import pytest

from shared.bus import DeadLetterLimit, settled
from shared.bus.dead import DeadLetterCount, DeadLetterLimitReached
from shared.contracts.topics import CENTERS, dead_letters, group_name
from tests.integration.bus.test_consumer import Reader, center, raw
from tests.world import World, eventually


async def committed(world: World) -> int:
    group = group_name(world.namespace, "submissions", "projections")
    places = await settled(world.settings().kafka_bootstrap, group, [CENTERS.named(world.namespace)])
    return sum(places.values())


async def test_a_letter_is_written_while_the_neighbours_are_at_work_and_neither_is_committed_alone(
    world: World,
) -> None:
    reader, gate = Reader(world), asyncio.Event()

    async def slowly(batch) -> None:
        await gate.wait()
        await Reader.handle(reader, batch)

    reader.consumer._handler = slowly
    body = center("x").model_dump_json().encode()
    await world.send(raw(world, b"same", body), raw(world, b"same", b"{"), raw(world, b"same", body))
    await reader.bus.start()
    try:

        async def letters() -> bool:
            return len(await world.records(dead_letters("submissions"))) == 1

        await eventually(letters)
        assert reader.seen == []
        assert await committed(world) == 0
        gate.set()

        async def done() -> bool:
            return await committed(world) == 3

        await eventually(done)
        assert len(reader.seen) == 2
    finally:
        gate.set()
        await reader.bus.stop()


async def test_past_the_limit_nothing_is_buried_and_nobody_is_handled(world: World) -> None:
    reader = Reader(world, DeadLetterLimit(run=5))
    body = center("x").model_dump_json().encode()
    await world.send(raw(world, b"same", body), *(raw(world, b"same", b"{") for _ in range(6)))
    await reader.bus.start()

    async def stopped() -> list[str]:
        return reader.bus.problems()

    assert "in a row" in (await eventually(stopped))[0]
    assert await world.records(dead_letters("submissions")) == []
    assert reader.seen == []
    assert await committed(world) == 0
    await reader.bus.stop()


async def test_a_handler_that_gives_up_leaves_the_batch_and_its_dead_to_the_next(world: World, monkeypatch) -> None:
    monkeypatch.setattr("shared.bus.consumer.PATIENCE_SECONDS", 0.3)
    broken = Reader(world)
    broken.failures = 1_000_000
    body = center("x").model_dump_json().encode()
    await world.send(raw(world, b"same", body), raw(world, b"same", b"{"))
    await broken.bus.start()

    async def gave_up() -> list[str]:
        return broken.bus.problems()

    await eventually(gave_up)
    await broken.bus.stop()
    assert await committed(world) == 0
    healthy = Reader(world)
    await healthy.bus.start()

    async def done() -> bool:
        return await committed(world) == 2

    await eventually(done)
    await healthy.bus.stop()
    letters = await world.records(dead_letters("submissions"))
    assert {dict(letter.headers)["dead_offset"] for letter in letters} == {b"1"}


def test_a_check_counts_nothing() -> None:
    count = DeadLetterCount(DeadLetterLimit(run=5, ratio=0.5, after=10))
    for _ in range(10):
        count.check(5, 5)
    count.batch(5, 5)
    with pytest.raises(DeadLetterLimitReached):
        count.check(1, 1)
    count.batch(10, 0)
    count.check(1, 1)
