"""A merge carries what a closed center had sent; taken back, it is as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submissions.carrying.rules import follow, give_up, hand_over, take_back, take_over
from services.submissions.domain import Submission
from services.submissions.overdue.rules import at_deadline
from services.submissions.receipts.views import receipt_view
from services.submissions.reviewing.views import history_view
from services.submissions.uploading.sending import Change
from services.submissions.views import submission_view
from shared.contracts.events import OverdueLifted, ReportCarried
from shared.contracts.status import StageChanged
from tests.unit.submissions.sent import DAY, DEADLINE, GRACE, HOUR, NOW, PATH, after_review, judged, owes, report, sent

OTHER = ("00", "58", "5802", "6580202")
OLD = sent(report(center="c0"), center="c0")


def carried(survivor: Submission | None, origin: Submission = OLD) -> Change:
    change = take_over(survivor, center="c1", path=OTHER, origin=origin, now=NOW)
    assert change
    return change


def told(change: Change) -> ReportCarried:
    (found,) = [event for event in change.events if isinstance(event, ReportCarried)]
    return found


def test_a_survivor_that_sent_nothing_stands_where_the_closed_center_stood() -> None:
    change = carried(None)
    assert [type(event) for event in change.events] == [ReportCarried, StageChanged]
    assert (change.state.standing, change.state.delivered, change.state.path) == ("accepted", True, OTHER)
    assert (told(change).origin, told(change).delivered, told(change).receipt) == ("c0", True, OLD.reports[0].receipt)
    assert take_over(change.state, center="c1", path=OTHER, origin=OLD, now=NOW + DAY) is None, "it is carried once"


def test_the_survivors_own_report_counts_before_the_carried_one() -> None:
    own = sent(report(1, "received"))
    change = carried(own)
    assert [type(event) for event in change.events] == [ReportCarried]
    assert (change.state.standing, told(change).receipt) == ("received", own.reports[0].receipt)


def test_a_survivor_that_was_overdue_is_not_any_more_when_a_usable_report_is_carried_to_it() -> None:
    overdue = at_deadline(None, owes(), DEADLINE + GRACE + HOUR)
    assert overdue
    change = carried(overdue.state)
    assert (change.state.overdue, change.state.late, change.state.standing) == (None, False, "accepted")
    refused = carried(overdue.state, sent(report(1, "rejected", center="c0"), center="c0"))
    assert (refused.state.overdue, refused.state.late, told(refused).delivered) == (overdue.state.overdue, True, False)


def test_a_return_goes_along_with_its_day_and_the_survivor_may_be_judged_on_it() -> None:
    old = OLD.reports[0]
    returned = after_review(OLD, judged(old)).state
    change = carried(None, returned)
    assert (change.state.standing, change.state.due_again) == ("returned", returned.due_again)
    approved = after_review(carried(None).state, judged(old, "accepted"))
    assert approved.state.standing == "approved"


def test_the_closed_center_keeps_its_record_under_the_new_offices_and_owes_nothing() -> None:
    change = hand_over(OLD, successor="c1", path=OTHER, now=NOW)
    assert change
    assert (change.state.successor, change.state.path, change.state.reports) == ("c1", OTHER, OLD.reports)
    (stage,) = change.events
    assert isinstance(stage, StageChanged)
    assert stage.path == OTHER
    assert hand_over(change.state, successor="c1", path=OTHER, now=NOW) is None
    overdue = OLD.model_copy(update={"overdue": DEADLINE, "late": True, "standing": "awaited", "reports": ()})
    lifted = hand_over(overdue, successor="c1", path=OTHER, now=NOW)
    assert lifted
    assert isinstance(lifted.events[0], OverdueLifted)


def test_an_upload_alone_is_nothing_to_carry() -> None:
    assert take_over(None, center="c1", path=OTHER, origin=sent(center="c0"), now=NOW) is None


def test_what_had_been_carried_before_goes_along() -> None:
    oldest = sent(report(center="b"), center="b")
    middle = take_over(OLD, center="c0", path=PATH, origin=oldest, now=NOW)
    assert middle
    change = carried(None, middle.state)
    assert {one.center for one in change.state.carried} == {"b", "c0"}


@pytest.mark.parametrize(("verdict", "standing"), [("accepted", "approved"), ("returned", "returned")])
def test_a_verdict_on_what_had_been_carried_before_goes_along(verdict: str, standing: str) -> None:
    oldest = sent(report(center="b"), center="b")
    middle = take_over(None, center="c0", path=PATH, origin=oldest, now=NOW)
    assert middle
    judged_there = after_review(middle.state, judged(oldest.reports[0], verdict)).state
    change = carried(None, judged_there)
    assert (change.state.standing, change.state.due_again) == (standing, judged_there.due_again)
    assert told(change).delivered is (verdict == "accepted")
    assert [one.what for one in history_view(change.state).happenings] == ["received", "accepted", standing]
    shown = [(one.origin, len(one.reports)) for one in submission_view(change.state).carried]
    assert shown == [("b", 1)], "who sent nothing is not among those that did"
    assert receipt_view(oldest, oldest.reports[0], change.state).state == standing
    undone = give_up(change.state, origin=judged_there, now=NOW)
    assert undone
    assert (undone.state.carried, undone.state.standing) == ((), "awaited")


def test_offices_follow_a_center_that_moved() -> None:
    change = follow(OLD, path=OTHER)
    assert change
    assert change.state.path == OTHER
    assert follow(OLD, path=PATH) is None


states = st.sampled_from(["received", "accepted", "rejected"])


@given(st.lists(states, max_size=3), st.lists(states, min_size=1, max_size=3), st.booleans())
def test_a_merge_that_is_undone_leaves_both_as_they_were(own: list[str], old: list[str], uploading: bool) -> None:
    before = sent(*(report(n, state) for n, state in enumerate(own, 1))) if own or uploading else None
    origin = sent(*(report(n, state, center="c0") for n, state in enumerate(old, 1)), center="c0")
    handed = hand_over(origin, successor="c1", path=OTHER, now=NOW)
    assert handed
    over = take_over(before, center="c1", path=PATH, origin=handed.state, now=NOW)
    assert over
    given_up = give_up(over.state, origin=handed.state, now=NOW + HOUR)
    back = take_back(handed.state, path=PATH, now=NOW + HOUR)
    assert given_up
    assert back
    assert give_up(given_up.state, origin=handed.state, now=NOW) is None
    plain = {"moves": 0, "since": NOW, "standing": "x"}
    assert back.state.model_copy(update=plain) == origin.model_copy(update=plain)
    if before is not None:
        assert given_up.state.model_copy(update={**plain}) == before.model_copy(update=plain)
    else:
        assert (given_up.state.standing, given_up.state.carried) == ("awaited", ())
