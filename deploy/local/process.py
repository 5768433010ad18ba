"""Detached processes that are found again by later commands, and never mistaken for another.

A pid alone names nothing: after a crash or a reboot it may belong to somebody else. So a pid file holds
the pid, the moment its process started (clock ticks since boot) and the boot's id; a process counts as
ours only while all three agree, and signals go through a pidfd opened before that check.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

MARK = "SARABAN_STACK_DIR"
"""Environment variable that every process of a stack carries, so that one whose pid file was never written is found;
a service says it on its command line too."""

LOG_LIMIT = 32 << 20
"""Bytes after which a log is set aside (one older copy is kept) at the next start of its process."""

KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "JAVA_HOME")
"""What a process gets of the caller's environment; everything else is given by name."""


@dataclass(frozen=True)
class Identity:
    """One run of one program, on this boot of this machine."""

    pid: int
    started: int
    boot: str

    def lives(self) -> bool:
        """Whether that very run still exists and is no zombie."""
        return identify(self.pid) == self

    def send(self, number: int) -> bool:
        """Sends a signal to that run and to nothing else; False when it is gone."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if not self.lives():
                return False
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True


def identify(pid: int) -> Identity | None:
    """The run that has this pid now, or None when there is none or it is a zombie. Reaps our own dead child."""
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        os.waitpid(pid, os.WNOHANG)
    fields = _stat(pid)
    if fields is None or (fields[0] in {"Z", "X"} and not _dying(pid)):
        return None
    return Identity(pid, int(fields[19]), _boot())


def of_stack(directory: Path) -> Iterator[Identity]:
    """Every live process that carries this stack's mark, whether or not a pid file tells of it."""
    needle = f"{MARK}={directory}".encode()
    for pid in _pids():
        if pid != os.getpid() and needle in _said(pid) and (found := identify(pid)) is not None:
            yield found


def poll(question: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Asks until the answer is True (returned) or the seconds have passed (False)."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


class Process:
    """One named process of a stack: start it detached, find it again, end it."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory
        self.log = directory / "logs" / f"{name}.log"
        self._pid_file = directory / "run" / f"{name}.pid"

    def spawn(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Starts the program detached, output to its log. Secrets go into `environment` or a file, never `argv`."""
        for folder in (self.log.parent, self._pid_file.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        full = {key: os.environ[key] for key in KEPT_ENVIRONMENT if key in os.environ}
        full |= {"PYTHONUNBUFFERED": "1", MARK: str(self.directory), **(environment or {})}
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            pid = os.posix_spawn(
                argv[0],
                list(argv),
                full,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, log, 1),
                    (os.POSIX_SPAWN_DUP2, log, 2),
                ],
                setsid=True,
                setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
            )
        finally:
            os.close(log)
        run = identify(pid)
        if run is not None:
            draft = self._pid_file.with_suffix(".new")
            draft.write_text(json.dumps(asdict(run)))
            draft.replace(self._pid_file)

    def find(self) -> Identity | None:
        """The live run that the pid file tells of, or None."""
        try:
            run = Identity(**json.loads(self._pid_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return run if run.lives() else None

    def alive(self) -> bool:
        """Whether it runs."""
        return self.find() is not None

    def send(self, number: int) -> bool:
        """Sends a signal to the process; False when there is none."""
        run = self.find()
        return run is not None and run.send(number)

    def stop(self, patience: float) -> None:
        """Asks it to end, and ends it and what it started after `patience` seconds. Returns when nothing is left."""
        run = self.find()
        if run is None:
            return
        family = list(_session(run.pid))
        run.send(signal.SIGTERM)
        run.send(signal.SIGCONT)  # a stopped process would not hear the first
        if not poll(lambda: not run.lives(), patience):
            run.send(signal.SIGKILL)
            poll(lambda: not run.lives(), 10)
        end(family)

    def kill(self) -> None:
        """Ends it as a crash would: SIGKILL, and nothing is told. What it had started is ended too."""
        run = self.find()
        if run is not None:
            end([run, *_session(run.pid)])

    def tail(self, lines: int = 12) -> str:
        """The last lines of its log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 16_384))
                text = log.read().decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def end(runs: Sequence[Identity]) -> None:
    """SIGKILL to each run that still lives; returns when none does."""
    for run in runs:
        run.send(signal.SIGKILL)
    poll(lambda: not any(run.lives() for run in runs), 10)


def python(module: str) -> list[str]:
    """The command of one of our own programs. `-P` keeps the working folder off the module path."""
    return [sys.executable, "-P", "-m", module]


def resident(pid: int) -> tuple[int, int]:
    """Memory of a process in bytes: what it holds now, and the most it ever held."""
    now = peak = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                now = int(line.split()[1]) << 10
            elif line.startswith("VmHWM:"):
                peak = int(line.split()[1]) << 10
    return now, peak


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _session(leader: int) -> Iterator[Identity]:
    """What the leader of a session has started in it, the leader itself left out."""
    for pid in _pids():
        fields = _stat(pid)
        if pid != leader and fields is not None and int(fields[3]) == leader and (run := identify(pid)):
            yield run


def _said(pid: int) -> list[bytes]:
    """What a process was started with. Our services keep their environment to themselves, so they are marked twice."""
    said: list[bytes] = []
    for kind in ("environ", "cmdline"):
        with contextlib.suppress(OSError):
            said += Path(f"/proc/{pid}/{kind}").read_bytes().split(b"\0")
    return said


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat after the name: [0] state, [3] session, [19] start time (see proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _dying(pid: int) -> bool:
    """Whether threads of a dead process are still leaving: until the last has, its ports and files are not free."""
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
