"""Threads for a synchronous client, counted by the thread's end and not by the caller's patience."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Slot:
    """One thread and one connection, for calls made one after another."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._last: Future[Any] | None = None

    async def run(self, call: Callable[[], T]) -> T:
        """Runs `call` in a thread; gives its answer or raises what it raised. One call at a time."""
        future = self._threads.submit(call)
        self._last = future
        return await asyncio.wrap_future(future)

    def when_idle(self, then: Callable[[], object]) -> None:
        """Does `then` on the loop once no thread works for this slot any more; at once if that is now."""
        last = self._last
        if last is None or last.done():
            then()
            return
        loop = asyncio.get_running_loop()

        def on_loop(_: Future[Any]) -> None:
            with suppress(RuntimeError):  # the loop is closed, and the slots with it
                loop.call_soon_threadsafe(then)

        last.add_done_callback(on_loop)


class Slots:
    """As many threads as there are connections, and a slot for each.

    A cancelled caller leaves at once, but its thread goes on until the call ends or times out. The slot is
    given back then and not before, so no thread waits for a connection and no call queues behind an
    abandoned one.
    """

    def __init__(self, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="blobs")
        self._free = asyncio.Semaphore(size)
        # A stream keeps its slot while its reader thinks. At most half may, so that short calls go through.
        self._for_streams = asyncio.Semaphore(max(1, size // 2))

    async def run(self, call: Callable[[], T]) -> T:
        """Runs `call` in a slot of its own."""
        async with self._slot(self._free) as slot:
            return await slot.run(call)

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Slot]:
        """A slot for a row of calls with pauses between them."""
        async with self._slot(self._for_streams, self._free) as slot:
            yield slot

    @asynccontextmanager
    async def _slot(self, *counted: asyncio.Semaphore) -> AsyncIterator[Slot]:
        taken: list[asyncio.Semaphore] = []
        slot = Slot(self._threads)
        try:
            for semaphore in counted:
                await semaphore.acquire()
                taken.append(semaphore)
            yield slot
        finally:

            def release() -> None:
                for semaphore in taken:
                    semaphore.release()

            slot.when_idle(release)

    def close(self) -> None:
        """Takes no more calls; those under way end by themselves within the client's time limits."""
        self._threads.shutdown(wait=False, cancel_futures=True)
