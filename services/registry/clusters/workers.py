"""The processes that solve provinces, as the service sees them: a question in, answers out, and an end when it says so.

The arithmetic holds a processor for seconds; in the service's own process it would keep every request waiting.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from services.registry.clusters.task import Found, Task

LONGEST_LINE: Final = 16 * 1024 * 1024
_ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_INHERITED: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "HOME", "TMPDIR")
"""Of the service's environment; its secrets stay behind."""


class WorkerDied(Exception):  # noqa: N818
    """The process ended before it had answered: killed, out of memory, or told to stop."""


class QuestionFailed(Exception):  # noqa: N818
    """The process could not answer this question; the name of its error is the message."""


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True)

    found: Found | None = None
    failed: str | None = None
    done: bool = False
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to a question; the last one says how much processor time it took."""

    found: Found
    cpu_seconds: float


class Workers:
    """Up to `size` processes, started when they are needed and kept for the next question."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._places = asyncio.Semaphore(size)

    async def answers(self, task: Task) -> AsyncGenerator[Answered, None]:
        """Answers, each better than the one before; the last is the best. Waits for a free process.

        Raises `WorkerDied` or `QuestionFailed`. Leaving it early, or cancelling it, kills the process: the arithmetic
        hears nothing else.
        """
        async with self._places, self._process() as process:
            await _ask(process, task)
            found = None
            async for line in _lines(process):
                if line.failed is not None:
                    raise QuestionFailed(line.failed)
                if line.found is not None:
                    found = line.found
                    yield Answered(found, 0.0)
                if line.done and found is not None:
                    last = Answered(found, line.cpu_seconds)
                    break
            else:
                raise WorkerDied
        yield last

    async def best(self, task: Task) -> Answered:
        """The best answer alone."""
        async with aclosing(self.answers(task)) as answers:
            return [answer async for answer in answers][-1]

    async def close(self) -> None:
        """End every process and see it gone."""
        for process in (*self._idle, *self._busy):
            await _end(process)
        self._idle.clear()

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[Process]:
        """A process for one question. It is kept afterwards unless the question ended badly."""
        self._idle = [process for process in self._idle if process.returncode is None]
        process = self._idle.pop() if self._idle else await _start()
        self._busy.add(process)
        try:
            yield process
        except QuestionFailed:
            self._idle.append(process)
            raise
        except BaseException:
            await _end(process)
            raise
        else:
            self._idle.append(process)
        finally:
            self._busy.discard(process)


async def _start() -> Process:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.registry.clusters.worker",
        stdin=PIPE,
        stdout=PIPE,
        env={**kept, **_ONE_THREAD},
        limit=LONGEST_LINE,
    )


async def _ask(process: Process, task: Task) -> None:
    if process.stdin is None:
        raise WorkerDied
    try:
        process.stdin.write(task.model_dump_json().encode() + b"\n")
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        raise WorkerDied from None


async def _end(process: Process) -> None:
    if process.returncode is None:
        try:
            process.kill()
        except ProcessLookupError:
            return
        await asyncio.shield(process.wait())


async def _lines(process: Process) -> AsyncIterator[_Line]:
    while process.stdout is not None and (line := await process.stdout.readline()):
        yield _Line.model_validate_json(line)
