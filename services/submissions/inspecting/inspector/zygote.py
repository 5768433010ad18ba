"""Forks a confined child for each file it is handed, and says how that child ended.

It never reads a file itself: what it passes on is at most `LONGEST_ANSWER` bytes that a child wrote. Where a job has a
second descriptor, the child writes a copy there, whose size is limited.
"""

import fcntl
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

from services.submissions.inspecting.inspector.confine import Limits, confine_child

LONGEST_ANSWER = 2048
LONGEST_MESSAGE = 16_384
"""Bytes: an answer in which each character had to be escaped, and the rest."""
COPY_GROWTH = 4 * 1024 * 1024
"""How many bytes more than the file its copy may have."""

Examine = Callable[[BinaryIO, BinaryIO | None], dict[str, object]]


@dataclass(frozen=True, slots=True)
class _Child:
    pid: int
    handle: int
    answer: int
    job: int
    deadline: float


class Zygote:
    """Serves one parent over a SEQPACKET socket: in `{"job": n}` with a file, out how job n ended. Ends
    with the socket.
    """

    def __init__(self, parent: socket.socket, limits: Limits, examine: Examine) -> None:
        self._parent, self._limits, self._examine = parent, limits, examine
        self._children: dict[int, _Child] = {}

    def serve(self) -> None:
        """Returns when the parent has closed its end; children still at work are killed."""
        poll = select.poll()
        poll.register(self._parent, select.POLLIN)
        try:
            while True:
                for ready, _ in poll.poll(self._patience()):
                    if ready in self._children:
                        poll.unregister(ready)
                        self._report(self._children.pop(ready), timed_out=False)
                    elif (child := self._accept()) is None:
                        return
                    else:
                        self._children[child.handle] = child
                        poll.register(child.handle, select.POLLIN)
                for child in self._overdue():
                    poll.unregister(child.handle)
                    del self._children[child.handle]
                    _kill(child)
                    self._report(child, timed_out=True)
        finally:
            for child in self._children.values():
                _kill(child)

    def _patience(self) -> float | None:
        if not self._children:
            return None
        nearest = min(child.deadline for child in self._children.values())
        return max(0.0, nearest - time.monotonic()) * 1000 + 1

    def _overdue(self) -> list[_Child]:
        now = time.monotonic()
        return [child for child in self._children.values() if child.deadline <= now]

    def _accept(self) -> _Child | None:
        message, files, _, _ = socket.recv_fds(self._parent, LONGEST_MESSAGE, 2)
        if not message:
            return None
        job = int(json.loads(message)["job"])
        reading, writing = os.pipe()
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_child(files, writing, zygote)
        for descriptor in (*files, writing):
            os.close(descriptor)
        os.set_blocking(reading, False)
        return _Child(pid, os.pidfd_open(pid), reading, job, time.monotonic() + self._limits.wall)

    def _be_child(self, files: list[int], answer: int, zygote: int) -> NoReturn:
        """Never returns, whatever happens: an exception that climbed out of here would leave two zygotes."""
        try:
            os.setpgid(0, 0)
            # First up and out of the way, since any may be 3, 4 or 5 already.
            file, answer, *copies = (fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (files[0], answer, *files[1:]))
            os.dup2(file, 3)
            os.dup2(answer, 4)
            if copies:
                os.dup2(copies[0], 5)
            os.dup2(1, 2)  # nothing that it says reaches a log
            os.closerange(5 + bool(copies), 1 << 16)
            growth = os.fstat(3).st_size + COPY_GROWTH if copies else 0
            confine_child(self._limits, parent=zygote, files=16, written=growth)
            os.lseek(3, 0, os.SEEK_SET)  # the position is shared with whoever wrote the file
            with os.fdopen(3, "rb", closefd=False) as stream:
                if copies:
                    with os.fdopen(5, "wb", closefd=False) as copy:
                        result = self._examine(stream, copy)
                else:
                    result = self._examine(stream, None)
            os.write(4, json.dumps(result).encode()[: LONGEST_ANSWER + 1])
        except MemoryError:
            os.write(4, b'{"finding": "too_complex"}')
        finally:
            os._exit(0)

    def _report(self, child: _Child, *, timed_out: bool) -> None:
        _, status, used = os.wait4(child.pid, 0)
        try:
            answer = os.read(child.answer, LONGEST_ANSWER + 1)
        except BlockingIOError:  # a grandchild holds the pipe open and wrote nothing
            answer = b""
        os.close(child.answer)
        os.close(child.handle)
        self._parent.send(
            json.dumps(
                {
                    "job": child.job,
                    "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
                    "timed_out": timed_out,
                    "cpu": used.ru_utime + used.ru_stime,
                    "peak": used.ru_maxrss * 1024,
                    "answer": answer.decode("ascii", "replace"),
                }
            ).encode()
        )


def _kill(child: _Child) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:  # it has not made its group yet, or is gone
        signal.pidfd_send_signal(child.handle, signal.SIGKILL)
