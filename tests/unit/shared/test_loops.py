"""A loop turns until it is stopped, whatever its rounds do, and says when it does not."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from shared.loops import Loop, running
from shared.telemetry import configure_logging

LONG_S = 3600.0
PATIENCE_S = 20.0


class Work:
    """Rounds that end as they are told, the last one for ever after; `begun` counts them."""

    def __init__(self, *ends: int | Exception | None) -> None:
        self._ends, self.begun = list(ends), 0
        self._turned = asyncio.Condition()

    async def step(self) -> int | None:
        self.begun += 1
        async with self._turned:
            self._turned.notify_all()
        end = self._ends.pop(0) if len(self._ends) > 1 else self._ends[0]
        if isinstance(end, Exception):
            raise end
        return end

    async def rounds(self, number: int) -> None:
        """Return once so many rounds have begun."""
        async with asyncio.timeout(PATIENCE_S), self._turned:
            await self._turned.wait_for(lambda: self.begun >= number)


async def let_it_turn() -> None:
    """Give a loop that does not rest the time for many rounds."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
def said() -> Iterator[Callable[[], list[dict[str, str]]]]:
    stream, before = io.StringIO(), logging.getLogger().handlers[:]
    configure_logging("tester", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().handlers[:] = before


async def test_a_round_that_finds_more_to_do_is_followed_at_once_and_the_others_by_a_rest() -> None:
    work = Work(True, 3, None)
    async with running([Loop("work", work.step, rest_s=LONG_S)]):
        await work.rounds(3)
        await let_it_turn()
        assert work.begun == 3


async def test_between_two_rounds_with_more_to_do_lies_the_pause() -> None:
    work = Work(1)
    async with running([Loop("work", work.step, rest_s=0, pause_s=LONG_S)]):
        await work.rounds(1)
        await let_it_turn()
        assert work.begun == 1


async def test_a_rest_ends_by_itself() -> None:
    work = Work(None)
    async with running([Loop("work", work.step, rest_s=0.001)]):
        await work.rounds(3)


async def test_a_nudge_ends_a_rest_and_one_alone() -> None:
    work = Work(0)
    loop = Loop("work", work.step, rest_s=LONG_S)
    async with running([loop]):
        await work.rounds(1)
        loop.nudge()
        await work.rounds(2)
        await let_it_turn()
        assert work.begun == 2


async def test_a_nudge_in_the_middle_of_a_round_is_not_lost() -> None:
    rounds = 0

    async def step() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            loop.nudge()
        else:
            second.set()

    second, loop = asyncio.Event(), Loop("work", step, rest_s=LONG_S)
    async with running([loop]):
        await asyncio.wait_for(second.wait(), PATIENCE_S)


async def test_one_that_rests_first_begins_with_a_rest() -> None:
    work = Work(0)
    loop = Loop("work", work.step, rest_s=LONG_S, rests_first=True)
    async with running([loop]):
        await let_it_turn()
        assert work.begun == 0
        loop.nudge()
        await work.rounds(1)


async def test_a_round_that_fails_is_told_and_tried_again_after_a_rest(
    said: Callable[[], list[dict[str, str]]],
) -> None:
    work = Work(ValueError("hunter2"), None)
    loop = Loop("work", work.step, rest_s=LONG_S)
    async with running([loop]):
        await work.rounds(1)
        await let_it_turn()
        assert work.begun == 1, "it rests"
        loop.nudge()
        await work.rounds(2)
        assert loop.problem(LONG_S) is None
    (line,) = said()
    assert (line["event"], line["loop"], line["exception"]) == ("loop.round.failed", "work", "ValueError")
    assert line["place"].startswith("tests/unit/shared/test_loops.py")


async def test_what_may_cut_a_round_short_is_not_told(said: Callable[[], list[dict[str, str]]]) -> None:
    work = Work(KeyError("busy"), None)
    loop = Loop("work", work.step, rest_s=LONG_S, quiet=(KeyError,))
    async with running([loop]):
        await work.rounds(1)
        loop.nudge()
        await work.rounds(2)
    assert said() == []


@pytest.mark.parametrize("end", [None, ValueError()])
async def test_stopping_cuts_the_round_off_closes_once_and_is_no_problem(end: Exception | None) -> None:
    begun, cut_off, closed = asyncio.Event(), [], []

    async def step() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut_off.append(True)
            raise

    async def closing() -> None:
        closed.append(True)
        if end:
            raise end

    loop = Loop("work", step, rest_s=0, closing=closing)
    assert loop.problem(0) is None, "not started yet"
    loop.start()
    await asyncio.wait_for(begun.wait(), PATIENCE_S)
    await loop.stop()
    assert (cut_off, closed) == ([True], [True])
    assert loop.problem(-LONG_S) is None, "stopped by its own process"


async def test_a_loop_that_hangs_is_silent_and_says_so_until_it_beats() -> None:
    loop = Loop("work", asyncio.Event().wait, rest_s=60)
    async with running([loop]):
        loop._beat -= 100
        assert loop.problem(30) == "silent for 100 s"
        assert loop.problem(50) is None, "a rest is no silence"
        loop.beat()
        assert loop.problem(0) is None


async def test_a_loop_whose_task_has_died_says_so() -> None:
    async def step() -> None:
        raise asyncio.CancelledError  # as who cancels it from outside; no failure of a round gets so far

    loop = Loop("work", step, rest_s=0)
    async with running([loop]):
        assert loop._task
        await asyncio.wait({loop._task}, timeout=PATIENCE_S)
        assert loop.problem(LONG_S) == "its task has died"


async def test_loops_run_while_their_block_does_and_end_with_it_however_it_ends() -> None:
    one, two = Work(None), Work(None)
    loops = [Loop(name, work.step, rest_s=LONG_S) for name, work in (("one", one), ("two", two))]
    tasks: list[asyncio.Task[None] | None] = []

    async def block() -> None:
        async with running(loops):
            tasks.extend(loop._task for loop in loops)
            await asyncio.gather(one.rounds(1), two.rounds(1))
            raise KeyError

    with pytest.raises(KeyError):
        await block()
    assert [task is not None and task.cancelled() for task in tasks] == [True, True]


async def test_a_loop_begins_once_what_it_waits_for_is_there_and_is_not_silent_until_then() -> None:
    work, known = Work(None), asyncio.Event()
    loop = Loop("work", work.step, rest_s=0, waits_for=known.wait)
    async with running([loop]):
        await let_it_turn()
        assert (work.begun, loop.problem(-LONG_S)) == (0, None)
        known.set()
        await work.rounds(1)
        assert loop.problem(-LONG_S), "from then on it must turn"


async def test_a_wait_that_fails_is_told_and_begun_again(said: Callable[[], list[dict[str, str]]]) -> None:
    work, waited = Work(None), Work(OSError("away"), None)
    async with running([Loop("work", work.step, rest_s=0, waits_for=waited.step)]):
        await work.rounds(1)
    assert waited.begun == 2
    assert [(line["event"], line["loop"]) for line in said()] == [("loop.wait.failed", "work")]


async def test_a_loop_that_waits_is_stopped_at_once() -> None:
    work, ended = Work(None), asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with asyncio.timeout(PATIENCE_S):
        async with running([Loop("work", work.step, rest_s=0, waits_for=forever)]):
            await let_it_turn()
    assert (work.begun, ended.is_set()) == (0, True)
