"""A deadline passes: who is overdue, once for each time, and who is not any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submissions.carrying.rules import give_up, hand_over, take_back, take_over
from services.submissions.domain import Submission, Upload
from services.submissions.overdue.rules import at_deadline, due_of
from services.submissions.overdue.sweeper import last_passed
from services.submissions.standing import settled
from services.submissions.uploading.sending import Change
from shared.contracts.events import Extension, OverdueLifted, ReportOverdue, ReportReturned, ReviewAccepted
from shared.contracts.status import StageChanged
from tests.unit.submissions.sent import (
    DAY,
    DEADLINE,
    GRACE,
    HOUR,
    NOW,
    PATH,
    a_round,
    after_review,
    judged,
    owes,
    report,
    sent,
)

SECOND = timedelta(seconds=1)
OVER = DEADLINE + GRACE + SECOND
LATER = (Extension(organization="5801", deadline=DEADLINE + 7 * DAY),)


def upload(state: Any, opened: datetime, *, completing: datetime | None = None) -> Upload:
    return Upload(
        id="u1",
        state=state,
        size=1,
        sha256="ab" * 32,
        parts=("ab" * 32,),
        multipart="m",
        opened_at=opened,
        expires_at=opened + DAY,
        completing_at=completing,
    )


def overdue(submission: Submission | None = None, now: datetime = OVER) -> Submission:
    change = at_deadline(submission, owes(), now)
    assert change is not None
    return change.state


def kinds(change: Change | None) -> list[type]:
    return [type(event) for event in change.events] if change else []


def test_a_center_that_sent_nothing_is_overdue_once_its_time_and_the_grace_have_passed() -> None:
    assert at_deadline(None, owes(), DEADLINE + GRACE) is None
    change = at_deadline(None, owes(), OVER)
    assert kinds(change) == [ReportOverdue, StageChanged]
    assert change
    told, stage = change.events
    assert isinstance(told, ReportOverdue)
    assert isinstance(stage, StageChanged)
    assert (told.deadline, told.path) == (DEADLINE + GRACE, PATH)
    assert (stage.state, stage.late, stage.key) == ("awaited", True, "2569/c1/submission")
    assert at_deadline(change.state, owes(), OVER + DAY) is None, "told once"


@pytest.mark.parametrize(
    "submission",
    [sent(report()), sent(report(1, "received")), after_review(sent(report()), judged(report(), "accepted")).state],
)
def test_whoever_has_sent_something_usable_is_not_overdue(submission: Submission) -> None:  # fmt: skip
    assert at_deadline(submission, owes(), OVER) is None


@pytest.mark.parametrize("submission", [sent(uploads=(upload("open", NOW),)), sent(report(1, "rejected"))])
def test_an_upload_that_stalled_or_a_refused_file_is_nothing_sent(submission: Submission) -> None:
    change = at_deadline(submission, owes(), OVER)
    assert kinds(change) == [ReportOverdue, StageChanged]
    assert change
    assert (change.state.standing, change.state.late) == (submission.standing, True)


def test_what_was_whole_in_time_and_is_being_read_is_waited_for() -> None:
    reading = sent(uploads=(upload("completing", DEADLINE - HOUR, completing=DEADLINE + GRACE),))
    assert at_deadline(reading, owes(), OVER) is None
    lost = sent(uploads=(upload("open", DEADLINE - HOUR, completing=DEADLINE + GRACE),))
    assert at_deadline(lost, owes(), OVER) is None, "our store lost its parts and asks for them again"
    began_late = sent(uploads=(upload("completing", DEADLINE + SECOND, completing=DEADLINE + 2 * SECOND),))
    assert kinds(at_deadline(began_late, owes(), OVER)) == [ReportOverdue, StageChanged]


def test_who_owes_nothing_is_not_overdue_and_who_owes_nothing_any_more_is_not_either() -> None:
    assert at_deadline(None, owes(owed=False), OVER) is None
    change = at_deadline(overdue(), owes(owed=False), OVER)
    assert kinds(change) == [OverdueLifted, StageChanged]
    assert change
    assert isinstance(change.events[0], OverdueLifted)
    assert change.events[0].reason == "released"
    assert (change.state.late, change.state.overdue) == (False, None)


def test_an_extension_lifts_what_was_overdue_and_its_own_end_brings_it_back() -> None:
    extended = owes(extensions=LATER)
    change = at_deadline(overdue(), extended, OVER + SECOND)
    assert kinds(change) == [OverdueLifted, StageChanged]
    assert change
    assert isinstance(change.events[1], StageChanged)
    assert change.events[1].late is False
    assert at_deadline(change.state, extended, DEADLINE + 7 * DAY) is None
    again = at_deadline(change.state, extended, DEADLINE + 8 * DAY)
    assert again
    assert isinstance(again.events[0], ReportOverdue)
    assert again.events[0].deadline == DEADLINE + 7 * DAY + GRACE
    elsewhere = owes(extensions=(Extension(organization="5802", deadline=DEADLINE + 7 * DAY),))
    assert at_deadline(overdue(), elsewhere, OVER + SECOND) is None


def test_an_extension_that_comes_afterwards_puts_on_time_what_came_within_it() -> None:
    late = sent(report(at=DEADLINE + DAY), late=True)
    change = at_deadline(late, owes(extensions=LATER), DEADLINE + 2 * DAY)
    assert kinds(change) == [StageChanged]
    assert change
    assert (change.state.late, change.state.reports[0].late) == (False, False)
    withdrawn = at_deadline(change.state, owes(), DEADLINE + 2 * DAY)
    assert withdrawn is None, "what was on time never becomes late"


def test_a_returned_report_is_overdue_when_its_own_day_has_passed() -> None:
    v1 = report()
    returned = after_review(sent(v1), judged(v1, due=DEADLINE + 20 * DAY)).state
    assert due_of(returned, owes()) == DEADLINE + 20 * DAY + GRACE
    assert at_deadline(returned, owes(), DEADLINE + 20 * DAY) is None
    change = at_deadline(returned, owes(), DEADLINE + 21 * DAY)
    assert kinds(change) == [ReportOverdue, StageChanged]
    assert change
    assert (change.state.standing, change.state.late) == ("returned", True)


def test_a_later_day_of_a_return_lifts_what_its_first_day_had_made_overdue() -> None:
    v1, day = report(), DEADLINE + 20 * DAY
    late = overdue(after_review(sent(v1), judged(v1, due=day)).state, day + DAY)
    again = judged(v1, review_id="r2", replaces="r1", due=day + 9 * DAY)
    change = after_review(late, again, day + 2 * DAY)
    assert kinds(change) == [ReportReturned, OverdueLifted, StageChanged]
    lifted, stage = change.events[1:]
    assert isinstance(lifted, OverdueLifted)
    assert isinstance(stage, StageChanged)
    assert (lifted.reason, lifted.deadline, lifted.lifted_at) == ("extended", day + GRACE, day + 2 * DAY)
    assert (stage.late, change.state.overdue, change.state.due_again) == (False, None, day + 9 * DAY)
    assert at_deadline(change.state, owes(), day + 3 * DAY) is None
    assert ReportOverdue in kinds(at_deadline(change.state, owes(), day + 10 * DAY))
    accepted = after_review(late, judged(v1, "accepted", review_id="r2", replaces="r1"), day + 2 * DAY)
    assert kinds(accepted) == [ReviewAccepted, StageChanged], "a report that counts after all ends it as one that comes"
    assert accepted.state.overdue is None


def after_refusal(submission: Submission, version: int = 1, at: datetime = OVER + HOUR, **more: Any) -> Submission:
    """A report came, and its inspection refused it."""
    for state in ("received", "rejected"):
        reports = (*submission.reports[: version - 1], report(version, state, at=at, **more))
        submission = settled(submission, submission.model_copy(update={"reports": reports})).state
        assert submission.overdue is None
    return submission


def test_a_deadline_is_not_told_again_when_what_came_after_it_is_refused() -> None:
    refused = after_refusal(overdue())
    change = at_deadline(refused, owes(), OVER + DAY)
    assert change
    assert change.events == (), "late it was already"
    assert (change.state.overdue, change.state.late) == (DEADLINE + GRACE, True)
    assert at_deadline(change.state, owes(), OVER + 2 * DAY) is None
    again = at_deadline(after_refusal(change.state, 2), owes(), OVER + 2 * DAY)
    assert again
    assert (again.events, again.state.overdue) == ((), DEADLINE + GRACE)


def test_who_is_late_again_by_a_deadline_that_was_told_changes_its_stage_alone() -> None:
    on_time = at_deadline(after_refusal(overdue()), owes(extensions=LATER), OVER + 2 * HOUR)
    assert on_time
    assert on_time.state.late is False
    change = at_deadline(on_time.state, owes(), OVER + DAY)
    assert kinds(change) == [StageChanged]
    assert change
    assert (change.state.overdue, change.state.late) == (DEADLINE + GRACE, True)


def test_a_later_deadline_and_one_that_was_lifted_are_told() -> None:
    silent = at_deadline(after_refusal(overdue()), owes(), OVER + DAY)
    assert silent
    lifted = at_deadline(silent.state, owes(extensions=LATER), OVER + DAY)
    assert kinds(lifted) == [OverdueLifted, StageChanged]
    assert lifted
    for duty, now in ((owes(extensions=LATER), OVER + 8 * DAY), (owes(), OVER + 2 * DAY)):
        assert ReportOverdue in kinds(at_deadline(lifted.state, duty, now))
    merged = hand_over(silent.state, successor="c2", path=PATH, now=OVER + DAY)
    assert kinds(merged)[0] is OverdueLifted
    assert merged
    back = take_back(merged.state, path=PATH, now=OVER + DAY)
    assert back
    assert ReportOverdue in kinds(at_deadline(back.state, owes(), OVER + DAY))
    v1 = report()
    returned = after_review(sent(v1), judged(v1, due=OVER + 9 * DAY)).state
    told = at_deadline(returned, owes(), OVER + 10 * DAY)
    assert ReportOverdue in kinds(told)
    assert told
    again = at_deadline(after_refusal(told.state, 2, at=OVER + 10 * DAY), owes(), OVER + 11 * DAY)
    assert ReportOverdue not in kinds(again)
    assert again
    assert again.state.overdue == OVER + 9 * DAY + GRACE


def test_a_deadline_is_not_told_again_when_a_merge_that_brought_a_report_is_undone() -> None:
    origin = sent(report(center="c0"), center="c0")
    over = take_over(overdue(), center="c1", path=PATH, origin=origin, now=OVER + HOUR)
    assert over
    assert over.state.overdue is None
    undone = give_up(over.state, origin=origin, now=OVER + 2 * HOUR)
    assert undone
    change = at_deadline(undone.state, owes(), OVER + DAY)
    assert kinds(change) == [StageChanged]
    assert change
    assert (change.state.overdue, change.state.late) == (DEADLINE + GRACE, True)


def test_what_was_told_before_this_was_remembered_is_not_told_again_either() -> None:
    kept = overdue().model_dump(exclude={"overdue_told"})
    change = at_deadline(after_refusal(Submission.model_validate(kept)), owes(), OVER + DAY)
    assert change
    assert (change.events, change.state.overdue) == ((), DEADLINE + GRACE)


def test_what_was_merged_into_another_center_is_that_ones_to_send() -> None:
    assert at_deadline(sent(successor="c2"), owes(), OVER) is None


def test_an_extension_after_a_merge_puts_on_time_what_was_carried_there_and_in_the_closed_centers_record() -> None:
    late = sent(report(center="c0", at=DEADLINE + DAY), center="c0", late=True)
    handed = hand_over(late, successor="c1", path=PATH, now=OVER)
    assert handed
    over = take_over(None, center="c1", path=PATH, origin=handed.state, now=OVER)
    assert over
    assert over.state.late
    extended = (Extension(organization="c1", deadline=DEADLINE + 7 * DAY),)
    change = at_deadline(over.state, owes(extensions=extended), DEADLINE + 2 * DAY)
    assert kinds(change) == [StageChanged]
    assert change
    assert (change.state.late, change.state.carried[0].reports[0].late) == (False, False)
    closed = at_deadline(handed.state, owes("c0", owed=False, extensions=extended), DEADLINE + 2 * DAY)
    assert closed
    assert (closed.state.reports[0].late, closed.state.successor) == (False, "c1")
    assert at_deadline(closed.state, owes("c0", owed=False, extensions=extended), DEADLINE + 2 * DAY) is None


moments = st.integers(-10, 30).map(lambda days: DEADLINE + days * DAY + HOUR)


@given(st.lists(st.tuples(moments, st.booleans()), min_size=1, max_size=8))
def test_nobody_is_told_twice_of_one_deadline_and_late_says_what_was_told_last(
    steps: list[tuple[datetime, bool]],
) -> None:
    """Time goes on; an extension is there or is not."""
    submission: Submission | None = None
    told: list[ReportOverdue | OverdueLifted] = []
    for now, extended in sorted(steps):
        duty = owes(extensions=LATER if extended else ())
        change = at_deadline(submission, duty, now)
        if change:
            submission = change.state
            (event, *_) = change.events
            assert isinstance(event, ReportOverdue | OverdueLifted)
            assert not told or type(event) is not type(told[-1]) or event.deadline != told[-1].deadline
            told.append(event)
        assert at_deadline(submission, duty, now) is None, "the same moment again says nothing new"
        assert bool(submission and submission.late) == (now > due_of(submission, duty))


def test_the_last_deadline_that_has_passed_counts_extensions_as_well() -> None:
    round_ = a_round(extensions=LATER)
    assert last_passed(round_, DEADLINE) is None
    assert last_passed(round_, OVER) == DEADLINE + GRACE
    assert last_passed(round_, DEADLINE + 8 * DAY) == DEADLINE + 7 * DAY + GRACE
