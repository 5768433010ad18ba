"""A slot belongs to a thread, however impatient its caller was."""

import asyncio
import threading

import pytest

from shared.blobs.slots import Slots


async def test_a_cancelled_caller_leaves_its_slot_taken_until_the_thread_ends() -> None:
    slots = Slots(1)
    started, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        started.set()
        may_end.wait(30)

    first = asyncio.create_task(slots.run(slow))
    await asyncio.to_thread(started.wait, 30)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    second = asyncio.create_task(slots.run(lambda: "done"))
    for _ in range(100):  # as many turns of the loop as anything could need that is not blocked
        await asyncio.sleep(0)
    assert not second.done()
    may_end.set()
    assert await asyncio.wait_for(second, 30) == "done"
    slots.close()


async def test_streams_leave_half_of_the_slots_to_short_calls() -> None:
    slots = Slots(2)
    async with slots.stream() as slot:
        assert await slot.run(lambda: 1) == 1
        waiting = asyncio.create_task(_one_stream(slots))
        assert await asyncio.wait_for(slots.run(lambda: 2), 30) == 2
        assert not waiting.done()
    assert await asyncio.wait_for(waiting, 30) == 3
    slots.close()


async def _one_stream(slots: Slots) -> int:
    async with slots.stream() as slot:
        return await slot.run(lambda: 3)


async def test_what_a_call_raises_reaches_its_caller_and_frees_the_slot() -> None:
    slots = Slots(1)

    def fails() -> None:
        raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            await slots.run(fails)
    slots.close()
