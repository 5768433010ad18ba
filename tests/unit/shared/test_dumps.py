"""A process that keeps its memory to itself."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

HARD = resource.getrlimit(resource.RLIMIT_CORE)[1]
LANDS_HERE = not Path("/proc/sys/kernel/core_pattern").read_text().startswith(("/", "|")) and HARD != 0
ALLOWED = f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, ({HARD}, {HARD}))"
FORBIDDEN = "from shared import dumps; dumps.leave_none()"


def said(folder: Path, *lines: str) -> str:
    """What a program of these lines prints before it aborts."""
    program = "; ".join([*lines, "print(flush=True)", "os.abort()"])
    path = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}); {program}"],
        check=False, cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode < 0, done.stderr
    return done.stdout.strip()


def test_it_may_not_be_dumped_and_its_limit_is_none(tmp_path: Path) -> None:
    ask = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))"
    assert said(tmp_path, ALLOWED, FORBIDDEN, ask) == "0 0 0"
    assert said(tmp_path, ALLOWED, ask).startswith("1 "), "the control may be"
    assert [file.name.partition(".")[0] for file in tmp_path.iterdir()] == (["core"] if LANDS_HERE else [])


@pytest.mark.skipif(not LANDS_HERE, reason="dumps of this machine go elsewhere")
def test_that_it_may_not_be_dumped_is_enough_where_the_limit_is_not_looked_at(tmp_path: Path) -> None:
    """A pipe in `core_pattern` gets dumps whatever the limit says; here the limit is left as it is."""
    said(tmp_path, ALLOWED, "resource.setrlimit = lambda *_: None", FORBIDDEN)
    assert list(tmp_path.iterdir()) == []
    said(tmp_path, ALLOWED, "resource.setrlimit = lambda *_: None")
    assert len(list(tmp_path.iterdir())) == 1, "the control leaves one"
