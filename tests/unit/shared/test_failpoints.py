"""The points where a test may let a process die are those in the code, no more and no fewer."""

import re
from pathlib import Path

from shared.failpoints import FAILPOINTS

ROOT = Path(__file__).parents[3]
PASSED = re.compile(r"\bfailpoint\(([^)]*)\)")


def passed() -> dict[str, list[str]]:
    """Every argument that the code passes to `failpoint`, and where."""
    found: dict[str, list[str]] = {}
    for file in sorted(path for room in ("services", "shared", "deploy") for path in (ROOT / room).rglob("*.py")):
        for argument in PASSED.findall(file.read_text(encoding="utf-8").replace("def failpoint(name: str)", "")):
            found.setdefault(argument, []).append(str(file.relative_to(ROOT)))
    return found


def test_every_point_in_the_code_is_declared_and_every_declared_one_is_in_the_code():
    assert set(passed()) == {f'"{name}"' for name in FAILPOINTS}, "written out where it is passed, so that this sees it"
    assert len(set(FAILPOINTS)) == len(FAILPOINTS)
