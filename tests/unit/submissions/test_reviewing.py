"""ONESQA's verdicts: which version they fall on, which count, and what a center may do after them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submissions.domain import Carried, Submission
from services.submissions.refusals import AlreadyApproved, ResendingOver, RoundNotOpen
from services.submissions.reviewing.rules import (
    KEPT_REFUSED,
    MOST_REVIEWS,
    CannotReview,
    Judgement,
    NoSuchReport,
    refuse,
    review,
)
from services.submissions.reviewing.views import history_view
from services.submissions.standing import counting, settled
from services.submissions.uploading.sending import Change, may_open
from shared.contracts.events import ReportReturned, ReviewAccepted, ReviewGiven, ReviewRefused
from shared.contracts.status import StageChanged
from tests.unit.submissions.sent import DAY, DEADLINE, HOUR, NOW, after_review, judged, owes, report, sent

V1, V2 = report(1), report(2, at=NOW + HOUR)


def test_a_report_is_returned_with_reasons_and_a_day_and_that_is_told() -> None:
    change = after_review(sent(V1), judged(V1, codes=("incomplete", "unsigned")))
    returned, stage = change.events
    assert isinstance(returned, ReportReturned)
    assert isinstance(stage, StageChanged)
    assert [reason.code for reason in returned.reasons] == ["incomplete", "unsigned"]
    assert (returned.due, change.state.due_again) == (NOW + HOUR + 15 * DAY,) * 2
    assert (stage.state, change.state.standing, change.state.delivered) == ("returned", "returned", False)


def test_an_accepted_report_is_approved_and_nothing_more_is_to_be_sent() -> None:
    change = after_review(sent(V1), judged(V1, "accepted"))
    assert [type(event) for event in change.events] == [ReviewAccepted, StageChanged]
    assert change.state.standing == "approved"
    assert may_open(change.state, owes(), NOW) == AlreadyApproved()


def test_a_note_of_the_assessor_stays_in_the_store_and_out_of_the_event() -> None:
    noted = judged(V1, reasons=(judged(V1).reasons[0].model_copy(update={"note": "โทรหาครูสมศรี"}),))
    change = after_review(sent(V1), noted)
    assert change.state.reviews[0].reasons[0].note == "โทรหาครูสมศรี"
    assert "สมศรี" not in "".join(event.model_dump_json() for event in change.events)


@pytest.mark.parametrize("again", [judged(V1), judged(V1, review_id="r2")])
def test_the_same_verdict_again_changes_nothing(again: Judgement) -> None:
    once = after_review(sent(V1), judged(V1)).state
    change = after_review(once, again, NOW + 2 * HOUR)
    assert (change.state, change.events) == (once, ())


@pytest.mark.parametrize(
    ("submission", "verdict", "refusal"),
    [
        (sent(V1, V2), judged(V1), CannotReview("overtaken", V2.receipt)),
        (sent(V1, report(2, "received")), judged(V1, "accepted"), CannotReview("overtaken", report(2).receipt)),
        (sent(report(1, "received")), judged(V1), CannotReview("not_inspected", V1.receipt)),
        (sent(report(1, "rejected")), judged(V1), CannotReview("not_accepted", V1.receipt)),
        (sent(V1), judged(V1, codes=()), CannotReview("no_reasons")),
        (sent(V1), judged(V1, due=NOW), CannotReview("due_unusable")),
        (sent(V1), judged(V1, due=NOW + 400 * DAY), CannotReview("due_unusable")),
        (sent(V1), judged(V2), NoSuchReport()),
        (
            after_review(sent(V1), judged(V1)).state,
            judged(V1, "accepted", review_id="r2"),
            CannotReview("reviewed_already", "r1"),
        ),
    ],
)
def test_a_verdict_that_cannot_count_is_refused_in_its_own_way(
    submission: Submission, verdict: Judgement, refusal: object
) -> None:
    assert review(submission, verdict, NOW + 15 * DAY, NOW + HOUR) == refusal


def test_a_version_refused_by_its_inspection_overtakes_nothing() -> None:
    assert after_review(sent(V1, report(2, "rejected")), judged(V1, "accepted")).state.standing == "approved"


def test_who_names_the_verdict_that_stands_may_correct_it() -> None:
    returned = after_review(sent(V1), judged(V1)).state
    corrected = after_review(returned, judged(V1, "accepted", review_id="r2", replaces="r1"), NOW + 2 * HOUR)
    assert (corrected.state.standing, corrected.state.due_again) == ("approved", None)
    back = after_review(corrected.state, judged(V1, review_id="r3", replaces="r2"), NOW + 3 * HOUR)
    assert (back.state.standing, [review_.number for review_ in back.state.reviews]) == ("returned", [1, 2, 3])


def test_a_refused_verdict_is_noted_once_and_its_publisher_told_once() -> None:
    overtaken = review(sent(V1, V2), judged(V1), NOW + DAY, NOW)
    assert isinstance(overtaken, CannotReview)
    change = refuse(sent(V1, V2), judged(V1), overtaken, NOW)
    (told,) = change.events
    assert isinstance(told, ReviewRefused)
    assert (told.code, told.current) == ("overtaken", V2.receipt)
    assert change.state.standing == "accepted"
    assert refuse(change.state, judged(V1), overtaken, NOW).events == ()
    assert after_review(change.state, judged(V1)).events == (), "under this id it stays refused"


def refused(submission: Submission, verdict: Judgement) -> Change:
    found = review(submission, verdict, NOW + DAY, NOW)
    assert isinstance(found, CannotReview), found
    return refuse(submission, verdict, found, NOW)


def test_refused_verdicts_however_many_leave_room_for_one_that_counts() -> None:
    """A publisher that tries again each minute, while a file cannot be inspected, is told each time."""
    waiting = sent(report(1, "received"))
    for number in range(MOST_REVIEWS + 20):
        change = refused(waiting, judged(V1, review_id=f"q{number}"))
        assert [type(event) for event in change.events] == [ReviewRefused]
        waiting = change.state
    assert len(waiting.reviews) == KEPT_REFUSED
    assert waiting.reviews[-1].id == f"q{MOST_REVIEWS + 19}"
    assert refuse(waiting, judged(V1, review_id=waiting.reviews[0].id), CannotReview("overtaken"), NOW).events == ()
    inspected = waiting.model_copy(update={"reports": (V1,)})
    change = after_review(inspected, judged(V1, review_id="counts"))
    assert (change.state.standing, change.state.reviews[-1].number) == ("returned", MOST_REVIEWS + 21)


def test_a_verdict_above_the_hundred_is_refused_and_its_publisher_told() -> None:
    state = sent(V1)
    for number in range(KEPT_REFUSED):
        state = refused(state, judged(V1, review_id=f"q{number}", due=NOW)).state
    state = after_review(state, judged(V1, review_id="r1")).state
    for number in range(2, MOST_REVIEWS + 1):
        verdict = "accepted" if number % 2 == 0 else "returned"
        state = after_review(state, judged(V1, verdict, review_id=f"r{number}", replaces=f"r{number - 1}")).state
    for name in ("above", "far above"):
        change = refused(state, judged(V1, review_id=name, replaces=f"r{MOST_REVIEWS}"))
        (told,) = change.events
        assert isinstance(told, ReviewRefused)
        assert (told.review, told.code) == (name, "too_many")
        assert change.state.standing == state.standing
        state = change.state
    assert len([one for one in state.reviews if one.refused is None]) == MOST_REVIEWS, "none of those is forgotten"


CORRECTED = after_review(
    after_review(sent(V1), judged(V1)).state, judged(V1, "accepted", review_id="r2", replaces="r1"), NOW + 2 * HOUR
).state


@pytest.mark.parametrize("old", [CORRECTED, refused(sent(V1, V2), judged(V1)).state])
def test_a_verdict_that_a_merged_center_had_changes_nothing_when_it_comes_again(old: Submission) -> None:
    survivor = sent(carried=(Carried(center="c0", reports=old.reports, reviews=old.reviews),), standing=old.standing)
    change = after_review(survivor, judged(V1), NOW + 2 * HOUR)
    assert (change.state, change.events) == (survivor, ())
    again = refuse(survivor, judged(V1), CannotReview("overtaken"), NOW)
    assert (again.state, again.events) == (survivor, ())


IMPOSSIBLE = ["0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.9999999Z"]


@pytest.mark.parametrize("due", IMPOSSIBLE)
@pytest.mark.parametrize("code", ["due_unusable", "overtaken"])
def test_a_day_that_no_calendar_holds_is_refused_and_never_kept(due: str, code: str) -> None:
    body = {"review": "q", "round": "2569", "center": "c1", "receipt": V1.receipt, "verdict": "returned"}
    told = ReviewGiven.model_validate_json(json.dumps({**body, "due": due}))
    submission = sent(V1) if code == "due_unusable" else sent(V1, V2)
    change = refused(submission, judged(V1, due=told.due))
    assert change.state.reviews[-1].refused == code
    assert change.state.reviews[-1].due is None
    bson.encode(change.state.model_dump())
    assert history_view(change.state).model_dump_json()
    accepted = judged(V1, "accepted", due=told.due)
    assert after_review(sent(V1), accepted).state.reviews[-1].due is None, "what is accepted is not asked back"


def test_a_history_that_once_kept_such_a_day_is_told_without_it() -> None:
    (noted,) = refused(sent(report(1, "received")), judged(V1)).state.reviews
    kept = sent(V1, reviews=({**noted.model_dump(), "due": datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)},))
    (told,) = (one for one in history_view(kept).happenings if one.what == "review_refused")
    assert '"due":null' in told.model_dump_json()


def test_a_returned_report_may_come_back_by_its_day_even_when_the_round_has_closed() -> None:
    returned = after_review(sent(V1), judged(V1, due=DEADLINE + 10 * DAY)).state
    closed = owes(state="closed")
    assert may_open(returned, closed, DEADLINE + 9 * DAY) is None
    assert may_open(returned, closed, DEADLINE + 11 * DAY) == RoundNotOpen("closed")
    assert may_open(sent(V1), closed, NOW) == RoundNotOpen("closed")


def test_what_stands_may_be_sent_anew_until_the_deadline_and_what_came_back_at_any_time() -> None:
    late = DEADLINE + DAY
    assert may_open(sent(V1), owes(), DEADLINE) is None
    assert may_open(sent(V1), owes(), late) == ResendingOver(DEADLINE)
    assert may_open(sent(report(1, "rejected")), owes(), late) is None
    assert may_open(after_review(sent(V1), judged(V1)).state, owes(), late) is None
    assert may_open(None, owes(), late) is None


def test_after_a_return_the_next_version_counts_and_its_refusal_does_not_hide_the_return() -> None:
    returned = after_review(sent(V1), judged(V1)).state
    for state, standing in (("received", "received"), ("accepted", "accepted"), ("rejected", "rejected")):
        again = returned.model_copy(update={"reports": (V1, report(2, state))})
        after = settled(returned, again)
        assert after.state.standing == standing
        assert after.state.due_again == returned.due_again, "a third version is still measured by the new day"


states = st.sampled_from(["received", "accepted", "rejected"])
verdicts_ = st.sampled_from([None, "accepted", "returned"])


@given(st.lists(st.tuples(states, verdicts_), min_size=1, max_size=5), st.booleans())
def test_an_approved_version_counts_before_all_and_a_usable_one_before_one_that_is_not(
    versions: list[tuple[Any, Any]], carried: bool
) -> None:
    reports = [report(number, state, at=NOW + number * HOUR) for number, (state, _) in enumerate(versions, 1)]
    reviews: list[Any] = []
    for one, (state, verdict) in zip(reports, versions, strict=True):
        if verdict and state == "accepted":
            reviews += after_review(sent(one), judged(one, verdict, review_id=f"r{one.version}")).state.reviews
    whole = sent(*reports, reviews=tuple(reviews))
    if carried:
        whole = sent(carried=(Carried(center="c0", reports=whole.reports, reviews=whole.reviews),))
    counts = counting(whole)
    assert counts is not None
    verdict_of = {review_.receipt: review_.verdict for review_ in reviews}
    stand = [
        {"accepted": "approved", "returned": "returned"}.get(verdict_of.get(one.receipt, ""), one.state)
        for one in reports
    ]
    for best in ("approved", "accepted"):
        if best in stand:
            assert counts.standing == best
            assert counts.report.version == len(stand) - stand[::-1].index(best)
            break
    else:
        assert counts.standing == next((one for one in reversed(stand) if one != "returned"), "returned")
    assert counts.origin == ("c0" if carried else None)


def test_the_own_usable_report_counts_before_one_that_a_merge_carried() -> None:
    carried = (Carried(center="c0", reports=(report(1, center="c0", at=NOW + timedelta(days=1)),), reviews=()),)
    own = counting(sent(V1, carried=carried))
    assert own is not None
    assert own.origin is None
    none_of_its_own = counting(sent(report(1, "rejected"), carried=carried))
    assert none_of_its_own is not None
    assert (none_of_its_own.origin, none_of_its_own.standing) == ("c0", "accepted")
