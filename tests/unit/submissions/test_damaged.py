"""A damaged file comes back either way; one that would act if a reader mended it is called by its name."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from pikepdf import Dictionary, Name, ObjectStreamMode, Stream

from deploy.local.crowd.papers import paper
from services.submissions.inspecting.inspector.examine import examine

SCRIPT: dict[str, Any] = {"S": Name.JavaScript, "JS": "app.alert(1)"}


def active(action: dict[str, Any] = SCRIPT, *, packed: bool = False, content: bytes = b"0 0 9 9 re f") -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        page.Contents = Stream(pdf, content)
        pdf.Root.OpenAction = pdf.make_indirect(Dictionary(**action))
        mode = ObjectStreamMode.generate if packed else ObjectStreamMode.disable
        pdf.save(out, object_stream_mode=mode, compress_streams=packed)
    return out.getvalue()


def torn(data: bytes) -> bytes:
    """Its table of objects is elsewhere than it says."""
    return data.replace(b"startxref\n", b"startxref\n9")


def said(data: bytes) -> object:
    return examine(io.BytesIO(data)).get("finding")


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (torn(active()), "javascript"),
        (torn(active(packed=True)), "javascript"),
        (active().partition(b"xref")[0], "javascript"),
        (torn(active()).replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/#4A#53"), "javascript"),
        (torn(active({"S": Name.Launch, "F": "cmd.exe"})), "launch_action"),
        (torn(active({"S": Name.SubmitForm, "F": "https://a.example"})), "remote_content"),
    ],
    ids=["a script", "a packed script", "cut off", "escaped names", "a program", "a form"],
)
def test_what_would_act_is_named_although_the_file_is_damaged(data: bytes, finding: str) -> None:
    assert said(data) == finding


def test_a_damaged_file_that_does_nothing_is_damaged() -> None:
    assert said(torn(paper("a", 60_000))) == "unreadable"
    assert said(paper("a", 60_000)[:40_000]) == "unreadable"


def test_letters_within_a_stream_are_no_names() -> None:
    plain = {"S": Name.GoTo, "D": "a"}
    data = active(plain, content=b"(/JS /Launch /XFA) Tj")
    assert b"/JS /Launch" in data
    assert said(torn(data)) == "unreadable"
    assert said(torn(data).partition(b"endstream")[0]) == "unreadable"
