"""Inspections that cannot be done now: the report waits, and its time does not change."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.submissions.domain import LOOK_AGAIN, LOOK_AGAIN_AT_MOST, Report, Seen, Sound, Submission
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.sweep_store import sweep_fields
from services.submissions.uploading.receiving import decide, postpone
from services.submissions.uploading.sending import Change
from tests.unit.submissions.test_submission import NOW, opened, received

waits = st.lists(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=3)), max_size=8)


def report(change: Change) -> Report:
    (found,) = change.state.reports
    return found


def postponed(submission: Submission, now: datetime, *, stalled: bool = False) -> Change:
    change = postpone(submission, "u1", now, stalled=stalled)
    assert change is not None
    return change


@given(waits=waits, sound=st.booleans())
def test_however_long_an_inspection_takes_receipt_and_time_stay_as_they_were(
    waits: list[timedelta], sound: bool
) -> None:
    before = change = received(opened())
    now = NOW
    for wait in waits:
        now += wait
        change = postponed(change.state, now)
        assert change.events == (), "nobody is told of a scanner's trouble"
    verdict = Sound(Seen(pages=1), None, None) if sound else FINDINGS["not_pdf"]
    decided = decide(change.state, "u1", verdict, now)
    assert decided is not None
    first, last = report(before), report(decided)
    assert (last.received_at, last.late, last.receipt, last.signed) == (
        first.received_at,
        first.late,
        first.receipt,
        first.signed,
    )
    assert last.decided_at == now
    assert decided.state.late == before.state.late


@given(looks=st.integers(1, 40))
def test_it_is_looked_into_again_ever_more_rarely_but_never_more_than_so_rarely(looks: int) -> None:
    state, gaps = received(opened()).state, []
    for _ in range(looks):
        state = postponed(state, NOW).state
        look_at = state.reports[0].look_at
        assert look_at is not None
        gaps.append(look_at - NOW)
    assert gaps[0] == LOOK_AGAIN
    assert gaps == sorted(gaps)
    assert max(gaps) <= LOOK_AGAIN_AT_MOST


def test_only_files_that_came_to_no_end_count_as_stalled() -> None:
    state = postponed(received(opened()).state, NOW).state
    state = postponed(state, NOW, stalled=True).state
    assert (state.reports[0].looks, state.reports[0].stalls) == (2, 1)


def test_sweepers_find_what_waits_and_nothing_that_is_decided() -> None:
    waiting = postponed(received(opened()).state, NOW).state
    assert sweep_fields(waiting) == {"inspect_at": NOW + LOOK_AGAIN, "postponed": True}
    decided = decide(waiting, "u1", FINDINGS["not_pdf"], NOW)
    assert decided is not None
    assert sweep_fields(decided.state) == {"inspect_at": None, "postponed": False}


def test_a_decided_report_is_not_postponed() -> None:
    decided = decide(received(opened()).state, "u1", FINDINGS["not_pdf"], NOW)
    assert decided is not None
    assert postpone(decided.state, "u1", NOW, stalled=False) is None
