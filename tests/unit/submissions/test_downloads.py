"""Who gets which file, what an archive is made of, and that nothing in a name or a table can act."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.submissions.domain import Copy
from services.submissions.downloads.manifest import Entry, as_csv, as_json
from services.submissions.downloads.rules import (
    CopyMissing,
    File,
    NotAccepted,
    OriginalNotForYou,
    ReasonMissing,
    file_name,
    file_of,
    harmless,
)
from services.submissions.downloads.zipping import Zip
from shared.security.principals import Principal, Role
from tests.unit.submissions.sent import NOW, PATH, report

CLEAN = Copy(sha256="cd" * 32, size=7, kept="v2")
WITH_COPY = report(clean=CLEAN, kept="v1")


def who(role: Role, org: str = "x") -> Principal:
    return Principal(subject="s", role=role, org=org)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLISHER])
def test_the_copy_is_for_whoever_may_see_the_center(role: Role) -> None:
    found = file_of(WITH_COPY, "copy", None, who(role))
    assert found == File(f"clean/{WITH_COPY.upload}.pdf", "v2", "cd" * 32, 7, "copy")


@pytest.mark.parametrize(
    ("role", "why", "expected"),
    [
        (Role.ASSESSOR, "assessment", "original"),
        (Role.AUDITOR, "court", "original"),
        (Role.CENTER, None, "original"),
        (Role.ASSESSOR, None, ReasonMissing()),
        (Role.AUDITOR, None, ReasonMissing()),
        (Role.DEPARTMENT, "audit", OriginalNotForYou()),
        (Role.LAO, "audit", OriginalNotForYou()),
        (Role.OPERATOR, "audit", OriginalNotForYou()),
    ],
)
def test_the_file_as_it_was_sent_is_for_few_who_say_why(role: Role, why: Any, expected: object) -> None:
    found = file_of(WITH_COPY, "original", why, who(role))
    assert (found.which if isinstance(found, File) else found) == expected


@pytest.mark.parametrize("which", ["copy", "original"])
@pytest.mark.parametrize("state", ["received", "rejected"])
def test_what_has_not_passed_its_inspection_is_for_nobody(which: Any, state: str) -> None:
    for role in Role:
        assert file_of(report(1, state), which, "audit", who(role)) == NotAccepted()


def test_without_a_copy_there_is_none_to_give() -> None:
    assert file_of(report(), "copy", None, who(Role.LAO)) == CopyMissing()


@given(st.text(max_size=80))
def test_no_code_makes_a_name_that_leads_elsewhere(code: str) -> None:
    for name in (harmless(code), file_name(code, report())):
        assert name
        assert not name.startswith(".")
        assert not set(name) & set('/\\:"*?<>|\r\n\x00 ')


# The archive


def parts(size: int) -> list[bytes]:
    return [bytes([number % 251]) * min(1000, size - at) for number, at in enumerate(range(0, size, 1000))]


@settings(max_examples=20)
@given(st.lists(st.integers(1, 5000), max_size=5))
def test_what_is_written_in_pieces_is_read_as_a_whole(sizes: list[int]) -> None:
    archive, out = Zip(), io.BytesIO()
    for number, size in enumerate(sizes):
        with archive.file(f"58/ศูนย์-{number}.pdf", NOW, size) as file:
            for data in parts(size):
                file.write(data)
                out.write(archive.take())
    archive.close()
    out.write(archive.take())
    with zipfile.ZipFile(out) as read:
        assert read.testzip() is None
        assert [info.file_size for info in read.infolist()] == sizes
        for number, size in enumerate(sizes):
            assert read.read(f"58/ศูนย์-{number}.pdf") == b"".join(parts(size))
            assert read.getinfo(f"58/ศูนย์-{number}.pdf").compress_type == zipfile.ZIP_STORED


def test_nothing_is_held_that_was_taken() -> None:
    archive = Zip()
    with archive.file("a.pdf", NOW, 50_000_000) as file:
        for _ in range(50):
            file.write(bytes(1_000_000))
            assert len(archive.take()) < 1_001_000


def test_an_archive_without_its_directory_is_taken_for_whole_by_nobody() -> None:
    archive = Zip()
    with archive.file("a.pdf", NOW, 3) as file:
        file.write(b"abc")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(archive.take()))


# The manifest


def entry(**changes: Any) -> Entry:
    facts = {"center": "c1", "name": "ศพด. บ้านสวน", "path": PATH, "standing": "accepted", "outcome": "included"}
    return Entry(**{**facts, **changes})


def test_the_manifest_counts_names_and_proves() -> None:
    sent = entry(file="58/c1.pdf", sha256="cd" * 32, size=7, received_at=NOW, late=False, signed="a.b.c")
    made = json.loads(as_json({"round": "2569"}, [sent, entry(center="c2", outcome="nothing_sent")], {"keys": []}))
    assert made["counts"] == {"included": 1, "nothing_sent": 1}
    assert made["reports"][0]["received_at"] == "2025-10-28T23:59:59.000+07:00"
    assert made["reports"][0]["signed"] == "a.b.c"


def test_in_the_table_nothing_acts() -> None:
    rows = csv.reader(
        io.StringIO(as_csv([entry(center="=1+1", name="@ศูนย์")]).decode().removeprefix("\ufeff"), newline="")
    )
    head, line = rows
    told = dict(zip(head, line, strict=True))
    assert (told["center"], told["name"], told["district"]) == ("'=1+1", "'@ศูนย์", "5801")
