"""`saraban audit verify` finds whatever was done to a copy, and names the place."""

import hashlib
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.tools import audit
from shared.security.audit import canonical
from tests.bench.trail import copy_of_a_trail
from tests.trails import verify

CHAIN = "center/00000001"
Line = dict[str, Any]
Doing = Callable[[list[Line]], None]
"""Something done to the links of one chain, given in their order."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    file = tmp_path / "audit.jsonl"
    copy_of_a_trail(file, entries=60, chains=6)
    return file


def done_to(file: Path, doing: Doing) -> tuple[int, str]:
    """Do something to the links of a chain where they stand in the copy, and have it verified."""
    lines: list[Line] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    links = [line["data"] for line in lines if line["data"].get("chain") == CHAIN]
    rest = [line for line in lines if line["data"].get("chain") != CHAIN]
    source = next(line["source"] for line in lines)
    doing(links)
    changed = rest + [{"source": source, "type": audit.ENTRY, "data": link} for link in links]
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in changed) + "\n", encoding="utf-8")
    return verify(file)


def rehash(link: Line) -> None:
    """What a forger does who knows how links are hashed."""
    from datetime import datetime

    link["hash"] = hashlib.sha256(canonical({**link, "time": datetime.fromisoformat(link["time"])})).hexdigest()


def exchange(links: list[Line], one: int, other: int) -> None:
    links[one]["number"], links[other]["number"] = links[other]["number"], links[one]["number"]


def rewritten(links: list[Line]) -> None:
    """A link changed, and every later one made to fit it."""
    links[3]["outcome"] = "refused"
    for before, link in itertools.pairwise(links[2:]):
        link["previous"] = before["hash"]
        rehash(link)


def reordered(links: list[Line]) -> None:
    exchange(links, 3, 4)


def reordered_with_new_hashes(links: list[Line]) -> None:
    exchange(links, 3, 4)
    for link in links[3:5]:
        rehash(link)


def taken_out(links: list[Line]) -> None:
    del links[4]


def taken_out_and_renumbered(links: list[Line]) -> None:
    del links[4]
    for link in links[4:]:
        link["number"] -= 1
        rehash(link)


def cut(links: list[Line]) -> None:
    del links[-1]


def put_in(links: list[Line]) -> None:
    links.append({**links[4], "detail": "2570"})
    rehash(links[-1])


def test_a_copy_that_nobody_touched_holds_in_whatever_order_its_lines_are(copy: Path) -> None:
    assert done_to(copy, lambda links: links.reverse())[0] == 0


CHANGES = {
    "actor": "p-" + "b" * 24, "role": "province", "org": "5802", "action": "credential.reveal", "detail": "2570",
    "subject": "center/00000002", "outcome": "refused", "time": "2025-10-01T03:00:00.001Z", "previous": "0" * 64,
    "hash": "f" * 64,
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), CHANGES.items())
def test_a_changed_field_is_found(copy: Path, field: str, value: str) -> None:
    def doing(links: list[Line]) -> None:
        assert links[4][field] != value
        links[4][field] = value

    code, said = done_to(copy, doing)
    assert code == 1
    assert f"{CHAIN} #5: hash-differs" in said


@pytest.mark.parametrize(
    ("doing", "place"),
    [
        (reordered, "#4: hash-differs"),
        (reordered_with_new_hashes, "#4: predecessor-differs"),
        (taken_out, "#5: number-differs"),
        (taken_out_and_renumbered, "#5: predecessor-differs"),
        (put_in, "#5: forked"),
        (cut, "#10: head-missing"),
        (rewritten, "#10: head-differs"),
    ],
)
def test_what_was_done_to_a_chain_is_found_and_named(copy: Path, doing: Doing, place: str) -> None:
    code, said = done_to(copy, doing)
    assert code == 1
    assert f"{CHAIN} {place}" in said


def test_a_link_of_one_chain_counts_in_no_other(copy: Path) -> None:
    def doing(links: list[Line]) -> None:
        links[-1]["chain"] = "center/00000002"

    assert done_to(copy, doing)[0] == 1
