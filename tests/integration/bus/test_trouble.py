"""A consumer in trouble: what it logs, what it says of itself, and that nothing is lost by it."""

import asyncio
import contextlib
import io
import time

from aiokafka.errors import KafkaError, UnknownError

from shared.telemetry import configure_logging
from tests.integration.bus.test_burying import committed
from tests.integration.bus.test_consumer import Reader, center
from tests.world import eventually


async def test_what_a_handler_raised_is_logged_by_its_class_alone(world, monkeypatch):
    monkeypatch.setattr("shared.bus.consumer.PATIENCE_SECONDS", 0.1)
    lines = io.StringIO()
    configure_logging("submissions", stream=lines)
    reader = Reader(world)

    async def refuse(_batch) -> None:
        raise ValueError("duplicate key: { name: 'canary-of-a-person' }")

    reader.consumer._handler = refuse
    await reader.bus.start()
    await world.publish("registry", ("c1", 1, center("c1")))

    async def stopped() -> list[str]:
        return reader.bus.problems()

    await eventually(stopped)
    await reader.bus.stop()
    assert "bus.consumer.stopped" in lines.getvalue()
    assert "ValueError" in lines.getvalue()
    assert "canary" not in lines.getvalue()


async def test_a_consumer_whose_group_task_died_says_so(world, monkeypatch):
    """The loop above it goes on asking for records and never gets one."""
    one, two = Reader(world), Reader(world)
    await one.bus.start()

    async def ready() -> bool:
        return not one.bus.unready()

    await eventually(ready)

    async def fault(_previous: object) -> None:
        raise RuntimeError("a fault of the library")

    client = getattr(one.bus._broker.subscribers[0], "consumer")  # noqa: B009  the base class does not declare it
    monkeypatch.setattr(client._coordinator, "_on_join_prepare", fault)
    joining = asyncio.create_task(two.bus.start())  # which has the first join again, and waits for it

    async def problems() -> list[str]:
        return one.bus.problems()

    assert "died" in (await eventually(problems))[0]
    assert one.bus.unready()
    with contextlib.suppress(KafkaError):  # of the dead task; the share is given back all the same
        await one.bus.stop()
    await joining
    await two.bus.stop()


async def test_a_commit_that_the_broker_could_not_keep_is_tried_again(world, monkeypatch):
    """As when the store under the broker is away for a moment: nobody is there to restart the process for it."""
    reader = Reader(world)
    await reader.bus.start()

    async def ready() -> bool:
        return not reader.bus.unready()

    await eventually(ready)
    client = getattr(reader.bus._broker.subscribers[0], "consumer")  # noqa: B009  the base class does not declare it
    commit, failures = client.commit, 3

    async def fail_first(*given: object) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise UnknownError
        await commit(*given)

    monkeypatch.setattr(client, "commit", fail_first)
    await world.publish("registry", ("c1", 1, center("c1")))

    async def kept() -> bool:
        return await committed(world) == 1

    await eventually(kept)
    assert failures < 0, "it failed three times before"
    assert reader.bus.problems() == []
    assert reader.seen == [("c1", 1)], "the batch was not handled again for it"
    await reader.bus.stop()


async def test_a_member_that_was_thrown_out_while_busy_comes_back_and_loses_nothing(world):
    """As on a suspended or starved machine: the group has given the share away before the batch could be committed."""
    reader = Reader(world)
    frozen = False

    async def freeze_once(batch) -> None:
        nonlocal frozen
        if not frozen:
            frozen = True
            time.sleep(2 * world.session_ms / 1000)
        await Reader.handle(reader, batch)

    reader.consumer._handler = freeze_once
    await reader.bus.start()
    await world.publish("registry", *((f"c{n}", 1, center(f"c{n}")) for n in range(10)))
    await reader.wait_for(*(f"c{n}" for n in range(10)))
    await world.publish("registry", ("later", 1, center("later")))
    await reader.wait_for("later")
    assert reader.bus.problems() == []
    await reader.bus.stop()
