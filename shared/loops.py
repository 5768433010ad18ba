"""What runs beside the requests of a process: one round after the other, until it is stopped."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from shared.telemetry import get_logger

log = get_logger()


class Loop:
    """Repeats `step`: at once after a round that says there is more (by any true value), else after a rest.

    A round that fails is logged and tried again after the rest, so `step` must bear being repeated and being cancelled
    anywhere. `quiet` is what may cut a round short and is no trouble of ours; `closing` is awaited when the loop ends.
    Before its first round it waits for `waits_for`, if given, as long as that takes; where that fails, it asks again.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], Awaitable[int | None]],
        *,
        rest_s: float,
        pause_s: float = 0.0,
        rests_first: bool = False,
        quiet: tuple[type[Exception], ...] = (),
        closing: Callable[[], Awaitable[object]] | None = None,
        waits_for: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """`rest_s` lies after a round that found no more to do or failed, `pause_s` after the others."""
        self.name, self._step, self._rest_s, self._pause_s = name, step, rest_s, pause_s
        self._rests_first, self._quiet, self._closing = rests_first, quiet, closing
        self._waits_for, self._waiting = waits_for, False
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._beat = time.monotonic()

    def start(self) -> None:
        """Begin, in a task of its own."""
        self.beat()
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Cut the round at hand off: what it left undone is found again."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    def nudge(self) -> None:
        """There is something to do: rest no longer."""
        self._asked.set()

    def beat(self) -> None:
        """A long round says that it goes on."""
        self._beat = time.monotonic()

    def problem(self, longest_s: float) -> str | None:
        """Why this does not turn: it died, or is silent for more than `longest_s` beyond its rest.

        None while all is well, while it waits for its first round, before `start`, and after `stop`.
        """
        if self._task is None:
            return None
        if self._task.done():
            return "its task has died"
        if self._waiting:
            return None
        silent = time.monotonic() - self._beat
        return f"silent for {silent:.0f} s" if silent > longest_s + self._rest_s else None

    async def _run(self) -> None:
        try:
            if self._waits_for:
                await self._wait(self._waits_for)
            if self._rests_first:
                await self._rest(self._rest_s)
            while True:
                self.beat()
                more: int | None = None
                try:
                    more = await self._step()
                except self._quiet:
                    pass
                except Exception as error:
                    log.warning("loop.round.failed", loop=self.name, exc_info=error)
                await self._rest(self._pause_s if more else self._rest_s)
        finally:
            if self._closing:
                await self._closing()

    async def _wait(self, waits_for: Callable[[], Awaitable[object]]) -> None:
        self._waiting = True
        while self._waiting:
            try:
                await waits_for()
                self._waiting = False
            except Exception as error:
                log.warning("loop.wait.failed", loop=self.name, exc_info=error)
                await self._rest(self._rest_s)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        self._asked.clear()


@asynccontextmanager
async def running(loops: Sequence[Loop]) -> AsyncIterator[None]:
    """Loops run inside the block; at its end all are stopped at once."""
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        await asyncio.gather(*(loop.stop() for loop in loops))
