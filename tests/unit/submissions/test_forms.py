"""A small file by a form: opened like any upload, confirmed as it lies there, told in plain words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.submissions.domain import KEPT_ENDED, MOST_OPEN, Declared, Duty, Submission, Upload
from services.submissions.forms.page import Facts, confirm_page, file_page, trouble_page, waiting_page
from services.submissions.forms.problems import unfinished, unknown
from services.submissions.forms.rules import CONFIRM_WITHIN, Posted, begin_form, open_form
from services.submissions.forms.tickets import LENGTH, new_code, read_code, ticket_of
from services.submissions.problems import of_file
from services.submissions.refusals import (
    CannotOpen,
    FileNotArrived,
    FileReplaced,
    FileTooLarge,
    NothingOwed,
    RoundNotOpen,
    TooManyUploads,
    UploadOver,
)
from services.submissions.sizes import in_english, in_thai
from services.submissions.uploading.leftovers import object_is_left
from services.submissions.uploading.receiving import receive
from services.submissions.uploading.sending import FORMS_KEPT, MOST_ENDED, Change, abort, expire, find_standing
from shared.blobs import Place, SignedPost
from shared.contracts.events import UploadOpened
from shared.contracts.status import StageChanged
from tests.unit.submissions.sent import DEADLINE, GRACE, HOUR, NOW, owes, report

LARGEST = 1000
POSTED = Posted("v1", 700, "e1")


def opening(submission: Submission | None = None, **changes: Any) -> Change | CannotOpen:
    given = {"upload": "f1", "ticket": "t1", "largest": LARGEST, "lifetime": HOUR, "now": NOW}
    return open_form(submission, changes.pop("duty", owes()), **{**given, **changes})


def opened(**changes: Any) -> tuple[Submission, Upload]:
    change = opening(**changes)
    assert isinstance(change, Change)
    return change.state, change.state.uploads[-1]


def begun(posted: Posted | None = POSTED, seen: str | None = None) -> tuple[Submission, Upload]:
    change = begin_form(*opened(), posted, seen, owes(), NOW + HOUR)
    assert isinstance(change, Change)
    return change.state, change.state.uploads[0]


def test_a_form_is_an_upload_and_is_told_as_one() -> None:
    change = opening()
    assert isinstance(change, Change)
    told, stage = change.events
    assert isinstance(told, UploadOpened)
    assert isinstance(stage, StageChanged)
    assert (told.upload, told.size) == ("f1", 0), "a form declares no size"
    assert change.state.due == change.state.uploads[0].expires_at == NOW + HOUR + CONFIRM_WITHIN


@pytest.mark.parametrize(
    ("duty", "refusal"),
    [
        (owes(owed=False), NothingOwed),
        (owes(state="draft"), RoundNotOpen),
        (owes(state="closed"), RoundNotOpen),
    ],
)
def test_what_keeps_any_upload_from_being_opened_keeps_a_form(duty: Duty, refusal: type) -> None:
    assert isinstance(opening(duty=duty), refusal)


def test_forms_count_among_the_uploads_under_way() -> None:
    state: Submission | None = None
    for number in range(MOST_OPEN):
        change = opening(state, upload=f"f{number}")
        assert isinstance(change, Change)
        state = change.state
    assert isinstance(opening(state, upload="f9"), TooManyUploads)


def test_the_press_of_the_button_is_the_moment_of_receipt_and_pins_what_lies_there() -> None:
    _, upload = begun(seen="e1")
    assert upload.form is not None
    assert (upload.state, upload.received_at, upload.size) == ("completing", NOW + HOUR, 700)
    assert upload.form.version == "v1"


def test_pressed_again_it_keeps_the_first_version_and_the_first_moment() -> None:
    submission, upload = begun()
    again = begin_form(submission, upload, Posted("v2", 800, "e2"), "e2", owes(), NOW + 2 * HOUR)
    assert again == Change(submission)


@pytest.mark.parametrize(
    ("posted", "seen", "refusal"),
    [
        (None, None, FileNotArrived()),
        (None, "e1", FileNotArrived()),
        (Posted("v2", 700, "e2"), "e1", FileReplaced()),
        (Posted("v1", LARGEST + 1, "e1"), "e1", FileTooLarge(LARGEST)),
        (Posted("v1", 0, "e1"), None, FileTooLarge(LARGEST)),
    ],
)
def test_what_is_not_the_senders_file_is_not_confirmed(
    posted: Posted | None, seen: str | None, refusal: object
) -> None:
    assert begin_form(*opened(), posted, seen, owes(), NOW) == refusal


def test_a_form_that_has_ended_takes_nothing_more() -> None:
    submission, upload = opened()
    for end in (abort(submission, upload), expire(submission, upload, NOW + 2 * HOUR)):
        assert isinstance(end, Change)
        over = end.state.uploads[0]
        assert begin_form(end.state, over, POSTED, None, owes(), NOW) == UploadOver(over)
    assert expire(submission, upload, NOW + HOUR) is None, "it may still be confirmed"


def test_the_same_bytes_sent_in_parts_later_find_what_the_form_brought() -> None:
    submission, upload = begun()
    change = receive(submission, upload, report(state="received").model_copy(update={"upload": "f1", "size": 700}))
    assert isinstance(change, Change)
    (done,) = change.state.uploads
    found = find_standing(change.state, Declared(sha256=report().sha256, size=700), NOW + HOUR)
    assert found == done
    assert find_standing(submission, Declared(sha256=report().sha256, size=700), NOW) is None, (
        "nobody knows before it was read"
    )


@pytest.mark.parametrize(
    ("version", "state", "left"),
    [("v1", "received", False), ("v1", "rejected", False), ("v1", "accepted", True), ("v0", "received", True)],
)
def test_only_the_version_that_was_confirmed_is_kept(version: str, state: Any, left: bool) -> None:
    _, upload = begun()
    done = upload.model_copy(update={"state": "received", "receipt": "r"})
    known = report(state=state, upload="f1", quarantined="v1")
    assert object_is_left(Place("quarantine", "uploads/f1.pdf", version), done, known) is left


@pytest.mark.parametrize("state", ["open", "completing"])
def test_nothing_of_a_form_under_way_is_taken_away(state: Any) -> None:
    _, upload = opened()
    under_way = upload.model_copy(update={"state": state})
    assert not object_is_left(Place("quarantine", "uploads/f1.pdf", "v0"), under_way, None)


def test_a_code_has_140_bits_and_is_read_however_it_is_written() -> None:
    code = new_code()
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert len(read_code(code)) == LENGTH
    assert len({new_code() for _ in range(100)}) == 100
    assert ticket_of(code) == ticket_of(f"  {code.lower().replace('-', '  ')}\n") != ticket_of(new_code())


def test_a_mistyped_code_is_told_its_length_and_never_repeated() -> None:
    short = unknown("<b>x").document
    assert "๔ ตัว" in short.detail
    assert "<b>" not in short.model_dump_json()


@pytest.mark.parametrize(
    ("size", "words"),
    [(5 * 1024 * 1024, "5 MB"), (5_500_000, "5.2 MB"), (1024 * 1024 - 1, "1023 KB"), (700, "700 bytes")],
)
def test_sizes_are_told_and_never_more_than_they_are(size: int, words: str) -> None:
    assert in_english(size) == words
    assert in_thai(5 * 1024 * 1024) == "๕ MB"


def test_a_limit_under_a_megabyte_is_told_as_it_is() -> None:
    told = of_file(FileTooLarge(400 * 1024)).document
    assert (told.detail, told.detail_en) == ("ส่งได้ไม่เกิน ๔๐๐ KB", "At most 400 KB can be sent.")


def facts(late: bool = False) -> Facts:
    _, upload = opened()
    assert upload.form is not None
    now = DEADLINE + GRACE + HOUR if late else NOW
    return Facts.of("ศพด. <บ้าน>", owes(), upload.opened_at, upload.form, now)


def test_the_page_says_size_and_deadline_before_the_file_is_chosen() -> None:
    post = SignedPost("http://store/bucket", {"key": 'uploads/"a".pdf', "policy": "p"}, NOW + HOUR)
    html = file_page(facts(), post)
    assert "ศพด. &lt;บ้าน&gt;" in html
    assert "วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘" in html
    assert "B.E. 2568" in html
    assert "ไฟล์ PDF ไม่เกิน ๑๐๐๐ ไบต์" in html
    assert html.index('value="uploads/&quot;a&quot;.pdf"') < html.index('type="file"')
    assert "<script" not in html
    assert "เลยกำหนด" not in html
    assert "เลยกำหนด" in file_page(facts(late=True), post)


def test_a_file_that_waits_is_confirmed_first_and_in_time_another_may_be_chosen() -> None:
    post = SignedPost("http://store/bucket", {"key": "k"}, NOW + HOUR)
    both, over = (waiting_page("forms/f1", POSTED, facts(), one) for one in (post, None))
    assert both.index('action="forms/f1"') < both.index('action="http://store/bucket"')
    assert f'name="etag" value="{POSTED.etag}"' in both
    assert in_thai(POSTED.size) in both
    assert 'action="forms/f1"' in over
    assert 'type="file"' not in over
    assert "This code takes no other file any more" in over


def test_what_the_store_put_into_the_address_is_shown_as_text() -> None:
    html = confirm_page("f1", '"><script>x</script>')
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("refusal", [FileNotArrived(), FileReplaced(), FileTooLarge(LARGEST)])
def test_every_refusal_says_what_to_do_in_both_languages(refusal: Any) -> None:
    told = unfinished(refusal)
    assert told.document.hint
    assert told.document.hint_en
    html = trouble_page(told, "https://reports.example.com/forms")
    assert told.document.hint in html
    assert 'href="https://reports.example.com/forms"' in html


def test_a_form_opened_in_time_and_confirmed_in_the_grace_is_on_time() -> None:
    shown = Facts.of(None, owes(), DEADLINE - timedelta(minutes=1), facts().form, DEADLINE + GRACE)
    assert shown.on_time_until == DEADLINE + GRACE
    assert not shown.late


def given_up(state: Submission | None, number: int, at: datetime) -> Submission:
    """One form more that was opened then and given up at once."""
    change = opening(state, upload=f"f{number}", ticket=f"t{number}", now=at)
    assert isinstance(change, Change)
    ended = abort(change.state, change.state.uploads[-1])
    assert isinstance(ended, Change)
    return ended.state


def test_an_ended_form_is_remembered_until_what_was_posted_with_it_is_swept() -> None:
    state: Submission | None = None
    for number in range(3 * KEPT_ENDED):
        state = given_up(state, number, NOW + timedelta(minutes=number))
    assert state
    assert len(state.uploads) == 3 * KEPT_ENDED, "a file may lie in the store for each"
    soon = given_up(state, 98, NOW + HOUR + timedelta(hours=2))
    assert len(soon.uploads) == 3 * KEPT_ENDED + 1
    later = given_up(state, 99, NOW + 2 * HOUR + FORMS_KEPT)
    assert [one.id for one in later.uploads] == [f"f{number}" for number in (*range(21, 30), 99)]


def test_even_so_no_more_than_some_are_remembered() -> None:
    state: Submission | None = None
    for number in range(MOST_ENDED + 5):
        state = given_up(state, number, NOW + timedelta(seconds=number))
    assert state
    assert len(state.uploads) == MOST_ENDED
    assert state.uploads[0].id == "f5"
