"""Keeps what a process holds in memory out of files and out of the hands of its neighbours."""

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4


def leave_none() -> None:
    """From here on a crash of this process writes no core dump, and no other program of its user may read its memory.

    The limit alone is not enough: where the kernel hands dumps to a program (`core_pattern` with a pipe) it does not
    look at it. A child that runs another program must ask for itself.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
