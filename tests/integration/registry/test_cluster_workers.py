"""The processes that solve provinces: real ones, ended in the middle of their work."""

import os
import signal
from contextlib import aclosing

import pytest

from services.registry.clusters.sites import Charges, place
from services.registry.clusters.task import Task
from services.registry.clusters.workers import QuestionFailed, WorkerDied, Workers
from tests.unit.registry.clusters.provinces import center, row

EASY = Task(sites=place(row(7)).sites, charges=Charges())
HARD = Task(
    sites=place([center(n, at=(15 + n // 20 / 20, 100 + n % 20 / 20)) for n in range(400)]).sites, charges=Charges()
)
"""A chessboard: so many equal ways that it takes a minute."""


async def test_leaving_a_question_ends_its_process_and_the_next_gets_another() -> None:
    workers = Workers(1)
    async with aclosing(workers.answers(HARD)) as answers:
        async for first in answers:
            assert sum(map(len, first.found.clusters)) == 400
            (busy,) = workers._busy
            break
    assert busy.returncode == -signal.SIGKILL
    assert sorted(map(len, (await workers.best(EASY)).found.clusters)) == [3, 4]
    await workers.close()


async def test_a_process_that_is_killed_is_told_from_an_answer() -> None:
    workers = Workers(1)
    with pytest.raises(WorkerDied):  # noqa: PT012 - it dies while it is being read
        async with aclosing(workers.answers(HARD)) as answers:
            async for _ in answers:
                (busy,) = workers._busy
                os.kill(busy.pid, signal.SIGKILL)
                await busy.wait()
    assert (await workers.best(EASY)).found.bound > 0
    await workers.close()


async def test_a_question_that_cannot_be_answered_ends_no_process() -> None:
    workers = Workers(1)
    with pytest.raises(QuestionFailed):
        await workers.best(EASY.model_copy(update={"groups": (("c00", "nobody"),)}))
    (kept,) = workers._idle
    await workers.best(EASY)
    assert workers._idle == [kept]
    await workers.close()
    assert kept.returncode is not None


async def test_a_process_holds_no_secret_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SARABAN_MONGO_URL", "mongodb://secret")
    workers = Workers(1)
    await workers.best(EASY)
    (kept,) = workers._idle
    with open(f"/proc/{kept.pid}/environ", "rb") as environment:  # noqa: PTH123
        assert b"SARABAN" not in environment.read()
    await workers.close()
