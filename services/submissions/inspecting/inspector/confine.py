"""Giving up what a PDF reader does not need: first for the whole process, then for each file.

Linux only; x86-64 and arm64 alike, since everything goes through libc. Nothing here needs root. Sources:
unshare(2), prctl(2), capset(2), user_namespaces(7), and linux/capability.h for the two layouts.
"""

import ctypes
import os
import resource
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION_3 = 0x20080522
_NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


class NotConfinedError(Exception):
    """The kernel, or what runs this process, does not allow the confinement. The message names the step."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Memory in bytes of address space, times in seconds."""

    memory: int
    cpu: int
    wall: float


def be_first_to_die() -> None:
    """When the machine runs out of memory, the kernel takes this process before any other. Must come before
    chroot.
    """
    # Not everywhere may a process write this; it is a kindness to the neighbours, not a confinement.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def be_last_to_run() -> None:
    """Whoever sends a report waits for its receipt; nobody waits for its inspection."""
    with suppress(OSError):
        os.nice(10)


def leave_everything() -> None:
    """Gives up root, the network, the file system and all capabilities. There is no way back.

    Whatever this process will ever import must be imported before. Raises `NotConfinedError` half-way
    through when a step is refused: the process must end then.
    """
    _stop_being_root()
    _checked("unshare", _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC))
    # A directory that no longer exists: nothing lies in it and nothing can be put there.
    nowhere = tempfile.mkdtemp(prefix="saraban-nowhere-")
    os.chdir(nowhere)
    Path(nowhere).rmdir()
    try:
        os.chroot(".")
        os.chdir("/")
    except OSError as error:
        raise NotConfinedError(f"chroot: {error.strerror}") from error
    _drop_capabilities()


def stay_small() -> None:
    """What is given up even where namespaces are refused: new privileges,
    core dumps, outliving the parent.
    """
    _checked("no_new_privs", _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked("dumpable", _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # After every change of credentials, since those clear it.
    _checked("pdeathsig", _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))


def confine_child(limits: Limits, *, parent: int, files: int, written: int) -> None:
    """For the child that opens one file: so much memory, so much time, no children, `files` descriptors, and files
    that it writes to reach no further than `written` bytes.
    """
    _checked("pdeathsig", _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))
    if os.getppid() != parent:  # it died before this child could ask to die with it
        raise NotConfinedError("orphaned")
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.memory, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu, limits.cpu + 1),
        (resource.RLIMIT_FSIZE, written, written),
        (resource.RLIMIT_NOFILE, files, files),
        (resource.RLIMIT_NPROC, 0, 0),
    ):
        resource.setrlimit(kind, (soft, hard))


def _stop_being_root() -> None:
    # Root is exempt from RLIMIT_NPROC and may read other processes' memory, even with an empty set of
    # capabilities.
    if os.geteuid() != 0:
        return
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError as error:
        raise NotConfinedError(f"setuid: {error.strerror}") from error


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _drop_capabilities() -> None:
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    none = (_CapabilityData * 2)()
    _checked("capset", _libc.capset(ctypes.byref(header), ctypes.byref(none)))


def _checked(step: str, outcome: int) -> None:
    if outcome != 0:
        raise NotConfinedError(f"{step}: {os.strerror(ctypes.get_errno())}")
