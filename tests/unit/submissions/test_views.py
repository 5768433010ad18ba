"""What people read of a report."""

from __future__ import annotations

from services.submissions.domain import Seen
from services.submissions.inspecting.findings import NOTES
from services.submissions.views import report_view
from tests.unit.submissions.sent import report


def test_what_was_noted_of_a_file_is_told_in_thai_and_in_english() -> None:
    seen = report_view(report(seen=Seen(pages=3, notes=("links", "signature")))).seen
    assert seen is not None
    assert seen.notes == ["links", "signature"]
    assert [(one.code, one.sentence, one.sentence_en) for one in seen.noted] == [
        (code, NOTES[code].sentence, NOTES[code].sentence_en) for code in seen.notes
    ]


def test_a_note_that_this_version_has_no_words_for_is_told_by_its_code_alone() -> None:
    seen = report_view(report(seen=Seen(pages=1, notes=("of tomorrow",)))).seen
    assert seen is not None
    assert (seen.notes, seen.noted) == (["of tomorrow"], [])
