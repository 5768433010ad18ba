"""The inspection room: strangers' PDFs are looked into by a process that has nothing to lose.

The room keeps one inspector process and at most `size` files at work in it. A file can crash or eat memory; that is a
verdict on the file. Whose inspection came to no end is `Stalled`. That the inspector itself is gone is no verdict:
`Unavailable` is raised, and the caller asks again.
"""

import asyncio
import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Self

from services.submissions.inspecting.inspector.confine import Limits
from services.submissions.inspecting.inspector.zygote import LONGEST_MESSAGE
from services.submissions.inspecting.verdicts import Verdict, verdict_of
from shared.failures import Unavailable
from shared.telemetry import get_logger

log = get_logger()

PROGRAM: Final = ("-m", "services.submissions.inspecting.inspector")

_START_SECONDS: Final = 30.0
_MARGIN_SECONDS: Final = 10.0
"""How long past its own wall-clock limit a job may stay silent before the inspector counts as stuck."""


class NotIsolatedError(Exception):
    """The inspector cannot be confined on this machine. The message names the step that was refused."""


@dataclass(frozen=True, slots=True)
class Used:
    """What one file cost: seconds of processor time, and the most bytes of memory at once. `signal` ended its child,
    0 if none did: of a file it is a verdict like another, of our code it may be a fault.
    """

    cpu: float
    peak: int
    signal: int = 0


class InspectionRoom:
    """`async with InspectionRoom(…) as room: verdict = await room.inspect(file)`.

    With `isolate` (which only a setting may take away) a machine that refuses the confinement gets
    `NotIsolatedError` at the start instead of a service that opens files unprotected.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        size: int,
        isolate: bool = True,
        program: Sequence[str] = PROGRAM,
        ended: Callable[[Used], None] = lambda _used: None,
    ) -> None:
        """`ended` is told of each file what it cost."""
        self._limits, self._isolate, self._program, self._ended = limits, isolate, program, ended
        self._places = asyncio.Semaphore(size)
        self._starting = asyncio.Lock()
        self._inspector: _Inspector | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Start the inspector. Raises `NotIsolatedError` where it cannot be confined and has to be."""
        await self._ready()
        if not self._isolate:
            log.warning("submissions.inspection.not_isolated")

    async def close(self) -> None:
        """End the inspector. Inspections under way raise `Unavailable`."""
        if self._inspector:
            await self._inspector.close()

    async def inspect(self, file: int, copy: int | None = None) -> Verdict:
        """Looks into the file behind a descriptor, which stays the caller's. Ends within the limits, plus a
        margin.

        Behind `copy` lies afterwards what may be handed out, if the verdict is `Clean`. It comes from where a
        stranger's file was open, so it deserves an inspection of its own.

        Raises `Unavailable` when the inspector is gone; the next call starts another.
        """
        async with self._places:
            inspector = await self._ready()
            try:
                async with asyncio.timeout(self._limits.wall + _MARGIN_SECONDS):
                    outcome = await inspector.ask([file] if copy is None else [file, copy])
            except TimeoutError:
                await inspector.close()
                raise Unavailable("the inspector is stuck") from None
            self._ended(Used(outcome["cpu"], outcome["peak"], outcome["signal"]))
            return verdict_of(outcome, self._limits)

    async def _ready(self) -> "_Inspector":
        async with self._starting:
            if self._inspector is None or not self._inspector.alive:
                if self._inspector is not None:
                    log.warning("submissions.inspection.restarted")
                    await self._inspector.close()
                self._inspector = await _start(self._limits, self._program, isolate=self._isolate)
            return self._inspector


class _Inspector:
    """The process, and the jobs it has not answered yet."""

    def __init__(self, process: subprocess.Popen[bytes], link: socket.socket) -> None:
        self._process, self._link = process, link
        self._jobs: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self.alive = True

    def listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._link, self._receive)

    async def ask(self, files: Sequence[int]) -> dict[str, Any]:
        self._number += 1
        number = self._number
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._jobs[number] = answer
        try:
            socket.send_fds(self._link, [json.dumps({"job": number}).encode()], list(files))
            return await answer
        except OSError as error:
            self._fail()
            raise Unavailable("the inspector is gone") from error
        finally:
            self._jobs.pop(number, None)

    def _receive(self) -> None:
        try:
            message = self._link.recv(LONGEST_MESSAGE)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._fail()
            return
        outcome = json.loads(message)
        answer = self._jobs.get(outcome["job"])
        if answer is not None and not answer.done():
            answer.set_result(outcome)

    def _fail(self) -> None:
        self.alive = False
        asyncio.get_running_loop().remove_reader(self._link)
        for answer in self._jobs.values():
            if not answer.done():
                answer.set_exception(Unavailable("the inspector is gone"))

    async def close(self) -> None:
        """Ends the process and its children. Jobs under way raise `Unavailable`."""
        if self.alive:
            self._fail()
        self._link.close()
        self._process.kill()
        await asyncio.to_thread(self._process.wait)


async def _start(limits: Limits, program: Sequence[str], *, isolate: bool) -> _Inspector:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    options = {"memory": limits.memory, "cpu": limits.cpu, "wall": limits.wall, "isolate": isolate}
    with theirs:
        process = subprocess.Popen(  # noqa: ASYNC220, S603 (returns once the child has exec'ed: milliseconds)
            [
                sys.executable,
                "-I",
                *program,
                str(theirs.fileno()),
                json.dumps(options),
            ],
            env={},  # no secret of this process goes along
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            cwd="/",
        )
    inspector = _Inspector(process, ours)
    ours.setblocking(False)
    try:
        async with asyncio.timeout(_START_SECONDS):
            first = await asyncio.get_running_loop().sock_recv(ours, LONGEST_MESSAGE)
    except TimeoutError:
        first = b""
    refusal = json.loads(first)["refusal"] if first else "it did not start"
    if refusal:
        inspector.alive = False
        await inspector.close()
        raise NotIsolatedError(refusal)
    inspector.listen()
    return inspector


@contextmanager
def report_file() -> Iterator[BinaryIO]:
    """An anonymous file in memory to fetch a report into; gone when the block ends."""
    with os.fdopen(os.memfd_create("report", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "w+b") as file:
        yield file


def seal(file: BinaryIO) -> None:
    """From now on nobody changes these bytes, not even an inspector's child that was taken over."""
    file.flush()
    fcntl.fcntl(
        file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    )
