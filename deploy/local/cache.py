"""A folder outside the repository for what is fetched or built once: `~/.cache/saraban`, or what SARABAN_CACHE says."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Say = Callable[[str], None]
"""Takes one line of progress."""

EVERY_S = 10.0
"""Seconds between two lines of progress."""


class CannotFetchError(Exception):
    """Something could not be fetched or built; the message says what is missing or what the tool said last."""


def cache_directory() -> Path:
    """SARABAN_CACHE, or the XDG cache home's `saraban`."""
    own = os.environ.get("SARABAN_CACHE")
    if own:
        return Path(own)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "saraban"


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache. When it is not there, `make` fills an empty one, which then gets that name.

    A half-filled folder never has the name, and a second process waits for the first. Raises what `make` raises.
    """
    base = cache_directory()
    base.mkdir(parents=True, exist_ok=True)
    finished = base / name
    handle = os.open(base / f"{name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not finished.exists():
            draft = base / f"{name}.part"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            make(draft)
            draft.rename(finished)
    finally:
        os.close(handle)
    return finished


def tool(name: str, needed_for: str) -> str:
    """Path of a program of this machine. Raises CannotFetchError when it is not installed."""
    path = shutil.which(name) or (f"/usr/local/go/bin/{name}" if Path(f"/usr/local/go/bin/{name}").exists() else None)
    if path is None:
        raise CannotFetchError(f"`{name}` is not installed, and {needed_for} needs it")
    return path


def run(argv: Sequence[str], say: Say, counting: str, environment: Mapping[str, str] | None = None) -> None:
    """Runs a tool and says every ten seconds how many lines (`counting`: of what) it has printed.

    Raises CannotFetchError with its last lines when it fails.
    """
    begun = said = time.monotonic()
    last: list[str] = []
    count = 0
    with subprocess.Popen(
        list(argv),
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            count += 1
            last = [*last[-9:], line.rstrip()]
            if time.monotonic() - said > EVERY_S:
                said = time.monotonic()
                say(f"{count} {counting}, {said - begun:.0f} s")
    if process.returncode != 0:
        raise CannotFetchError(f"{Path(argv[0]).name} failed:\n" + "\n".join(last))
