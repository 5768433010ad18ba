"""What each process of a stack used of the processors, its inspectors and their children told apart."""

import os
from collections.abc import Iterable
from pathlib import Path

from deploy.local.stack import NotOursError, Stack

_TICK = os.sysconf("SC_CLK_TCK")
INSPECTOR = "submissions' inspector"


def used(stack: Stack, names: Iterable[str]) -> dict[str, float]:
    """Seconds of processor time until now, by the name of the process; those that do not run are left out."""
    found = {}
    for name in names:
        try:
            pid = stack.pid(name)
        except NotOursError:  # a step of the start, or a server of the user's
            continue
        if pid is None:
            continue
        found[name] = _own(pid)
        if name == "submissions":
            found[INSPECTOR] = sum(_with_children(child) for child in _children(pid))
    return found


def _own(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK


def _with_children(pid: int) -> float:
    """And those of its children that have ended: each file has one of its own."""
    return sum(int(field) for field in _stat(pid)[11:15]) / _TICK


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text().split()]
