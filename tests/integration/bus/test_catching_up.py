"""A service can wait until one of its groups knows all that was told before."""

import asyncio

from shared.bus import rewind
from shared.bus.catching_up import ends_of
from shared.contracts.topics import CENTERS, ROUNDS, group_name
from shared.settings import CoreSettings
from tests.integration.bus.test_consumer import Reader, center
from tests.world import World


async def publish(world: World, first: int, number: int) -> None:
    await world.publish("registry", *((f"c{n}", 1, center(f"c{n}")) for n in range(first, first + number)))


async def test_the_true_end_is_found_whatever_the_broker_tells(world: World) -> None:
    """Right after a write, for batches large and small: the local broker tells the beginning of the last one."""
    topics = [topic.named(world.namespace) for topic in (CENTERS, ROUNDS)]
    total = 0
    for number in (0, 1, 9, 300, 1, 700):
        await publish(world, total, number)
        total += number
        assert sum((await ends_of(world.settings(), topics)).values()) == total


async def test_nothing_to_read_is_caught_up_before_anybody_has_joined(world: World) -> None:
    async with asyncio.timeout(20):
        await Reader(world).bus.caught_up("projections")


async def test_it_waits_for_the_last_record_that_stood_there(world: World) -> None:
    await publish(world, 0, 1_300)
    reader, gate = Reader(world), asyncio.Event()

    async def slowly(batch) -> None:
        if len(reader.seen) + len(batch.events) == 1_300:
            await gate.wait()
        await Reader.handle(reader, batch)

    reader.consumer._handler = slowly
    waiting = asyncio.create_task(reader.bus.caught_up("projections"))
    await reader.bus.start()
    try:
        done, _ = await asyncio.wait({waiting}, timeout=3)
        assert not done
        assert len(reader.seen) < 1_300
        gate.set()
        await asyncio.wait_for(waiting, 30)
        assert len({key for key, _ in reader.seen}) == 1_300
    finally:
        gate.set()
        waiting.cancel()
        await reader.bus.stop()


async def test_a_rewound_group_is_behind_again_for_every_process(world: World) -> None:
    await publish(world, 0, 20)
    first = Reader(world)
    await first.bus.start()
    await first.bus.caught_up("projections")
    await first.bus.stop()
    settings: CoreSettings = world.settings()
    group = group_name(world.namespace, "submissions", "projections")
    await rewind(settings.kafka_bootstrap, group, [CENTERS.named(world.namespace)])
    onlooker, again = Reader(world), Reader(world)
    waiting = asyncio.create_task(onlooker.bus.caught_up("projections"))
    done, _ = await asyncio.wait({waiting}, timeout=3)
    assert not done
    await again.bus.start()
    try:
        await asyncio.wait_for(waiting, 30)
        assert len(again.seen) == 20
        assert onlooker.seen == []
    finally:
        await again.bus.stop()


async def test_what_comes_afterwards_is_not_waited_for(world: World) -> None:
    await publish(world, 0, 5)
    reader = Reader(world)
    await reader.bus.start()
    waiting = asyncio.create_task(reader.bus.caught_up("projections"))
    stop = asyncio.Event()

    async def go_on() -> None:
        number = 5
        while not stop.is_set():
            await publish(world, number, 1)
            number += 1

    writing = asyncio.create_task(go_on())
    try:
        await asyncio.wait_for(waiting, 40)
    finally:
        stop.set()
        await writing
        await reader.bus.stop()
