"""Inspections that cannot be done now: the report waits, and its time does not change."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.submissions.domain import LOOK_AGAIN, LOOK_AGAIN_AT_MOST, Count, Report, Seen, Sound, Submission
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.sweep_store import sweep_fields
from services.submissions.uploading.receiving import decide, postpone
from services.submissions.uploading.sending import Change
from tests.unit.submissions.test_submission import NOW, opened, received

waits = st.lists(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=3)), max_size=8)


def report(change: Change) -> Report:
    (found,) = change.state.reports
    return found


def postponed(submission: Submission, now: datetime, count: Count | None = None) -> Change:
    change = postpone(submission, "u1", now, count=count)
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


def test_a_look_adds_to_what_it_says_against_its_file_and_to_nothing_else() -> None:
    state = postponed(received(opened()).state, NOW).state
    counts: tuple[Count, ...] = ("stalls", "kills", "kills")
    for count in counts:
        state = postponed(state, NOW, count).state
    assert (state.reports[0].looks, state.reports[0].stalls, state.reports[0].kills) == (4, 1, 2)


def test_sweepers_find_what_waits_and_nothing_that_is_decided() -> None:
    waiting = postponed(received(opened()).state, NOW).state
    assert sweep_fields(waiting) == {"inspect_at": NOW + LOOK_AGAIN, "postponed": True}
    decided = decide(waiting, "u1", FINDINGS["not_pdf"], NOW)
    assert decided is not None
    assert sweep_fields(decided.state) == {"inspect_at": None, "postponed": False}


def test_a_decided_report_is_not_postponed() -> None:
    decided = decide(received(opened()).state, "u1", FINDINGS["not_pdf"], NOW)
    assert decided is not None
    assert postpone(decided.state, "u1", NOW) is None
