"""A second version: what is on time replaces the report that stands, what is late never makes that one late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submissions.domain import Submission, Upload
from services.submissions.forms.problems import unfinished
from services.submissions.forms.rules import Posted, begin_form, open_form
from services.submissions.refusals import AlreadyApproved, ResendingOver, UploadOver
from services.submissions.uploading.receiving import begin_completion, late_for, receive
from services.submissions.uploading.sending import Change
from tests.unit.submissions.sent import DAY, DEADLINE, GRACE, HOUR, NOW, after_review, judged, owes, report, sent

LATE = DEADLINE + GRACE + timedelta(seconds=1)
BOTH = pytest.mark.parametrize("kind", ["parts", "form"])


def second(before: Submission, kind: str, opened_at: datetime = DEADLINE - HOUR, **changes: Any) -> Submission:
    """The submission with another upload, of which all has arrived."""
    facts = {
        "id": "u2",
        "state": "open",
        "size": 10,
        "sha256": "b" * 64,
        "parts": ("b" * 64,),
        "multipart": "m",
        "opened_at": opened_at,
        "expires_at": opened_at + 3 * DAY,
    }
    if kind == "form":
        given = {"upload": "u2", "ticket": "t", "largest": 10, "lifetime": HOUR, "now": NOW}
        form = open_form(None, owes(), **given)  # type: ignore[arg-type]
        assert isinstance(form, Change)
        facts |= {"form": form.state.uploads[0].form, "parts": ()}
    return before.model_copy(update={"uploads": (*before.uploads, Upload(**{**facts, **changes}))})


def completed(submission: Submission, kind: str, now: datetime) -> object:
    upload = submission.upload("u2")
    assert upload is not None
    if kind == "form":
        return begin_form(submission, upload, Posted("v1", 10, "e1"), None, owes(), now)
    return begin_completion(submission, upload, {1: 10}, owes(), now)


@BOTH
@pytest.mark.parametrize("state", ["received", "accepted"])
def test_what_was_begun_in_time_replaces_a_report_within_the_grace_and_not_a_second_longer(
    kind: str, state: str
) -> None:
    both = second(sent(report(state=state)), kind)
    assert isinstance(completed(both, kind, DEADLINE + GRACE), Change)
    assert completed(both, kind, LATE) == ResendingOver(DEADLINE)


@BOTH
def test_a_report_that_onesqa_took_is_replaced_by_nothing(kind: str) -> None:
    first = report()
    approved = after_review(sent(first), judged(first, "accepted")).state
    assert completed(second(approved, kind), kind, NOW + 2 * HOUR) == AlreadyApproved()


@BOTH
def test_a_late_report_is_taken_where_none_stands(kind: str) -> None:
    returned = report()
    back = after_review(sent(returned), judged(returned)).state
    for before in (sent(), sent(report(state="rejected")), back):
        assert isinstance(completed(second(before, kind), kind, LATE), Change)


@BOTH
def test_what_is_received_already_answers_as_before_however_late_it_is_asked(kind: str) -> None:
    under_way = second(sent(report()), kind, state="completing")
    assert completed(under_way, kind, LATE) == Change(under_way)
    done = second(sent(report()), kind, state="received", receipt="R" * 12)
    assert completed(done, kind, LATE) == UploadOver(done.uploads[-1])


@given(opened=st.integers(0, 96), took=st.integers(0, 96))
def test_no_second_version_makes_late_what_was_on_time(opened: int, took: int) -> None:
    began = NOW + timedelta(hours=opened)
    both = second(sent(report(at=NOW)), "parts", began)
    begun = completed(both, "parts", began + timedelta(hours=took))
    if isinstance(begun, Change):
        upload = begun.state.uploads[-1]
        new = report(2, "received", at=upload.received_at, upload="u2", late=late_for(owes(), upload))
        done = receive(begun.state, upload, new)
        assert isinstance(done, Change)
        assert not done.state.late


@pytest.mark.parametrize(
    ("refusal", "slug"), [(ResendingOver(DEADLINE), "resending-over"), (AlreadyApproved(), "report-approved")]
)
def test_it_is_refused_in_the_words_of_opening(refusal: Any, slug: str) -> None:
    told = unfinished(refusal)
    assert (told.status_code, told.kind.slug, told.document.where) == (409, slug, "path.upload")
