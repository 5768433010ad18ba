"""Who is on time: the letter's deadline, extensions of a subtree, and the grace of an upload that was under way."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.submissions.domain import deadline_of, is_late
from shared.contracts.events import Extension, RoundChanged

BANGKOK = ZoneInfo("Asia/Bangkok")
DEADLINE = datetime(2025, 10, 31, 23, 59, 59, tzinfo=BANGKOK)
PATH = ("00", "58", "5801", "6580101")
GRACE = timedelta(minutes=60)
SECOND = timedelta(seconds=1)


def a_round(*extensions: Extension, grace: int = 60) -> RoundChanged:
    return RoundChanged(
        round="2569",
        fiscal_year=2569,
        academic_year=2567,
        deadline=DEADLINE,
        grace_minutes=grace,
        state="open",
        extensions=extensions,
    )


def test_to_the_last_second_is_on_time() -> None:
    assert not is_late(a_round(), PATH, DEADLINE - GRACE, DEADLINE)


def test_begun_in_time_and_finished_within_grace_is_on_time_and_not_a_second_longer() -> None:
    assert not is_late(a_round(), PATH, DEADLINE, DEADLINE + GRACE)
    assert is_late(a_round(), PATH, DEADLINE, DEADLINE + GRACE + SECOND)


def test_begun_after_the_deadline_is_late_however_fast_it_was() -> None:
    assert is_late(a_round(), PATH, DEADLINE + SECOND, DEADLINE + SECOND)


def test_without_grace_the_deadline_is_all_there_is() -> None:
    assert is_late(a_round(grace=0), PATH, DEADLINE - GRACE, DEADLINE + SECOND)


def test_an_extension_counts_for_the_subtree_it_names_and_for_nobody_else() -> None:
    later = Extension(organization="5801", deadline=DEADLINE + timedelta(days=3))
    assert deadline_of(a_round(later), PATH) == later.deadline
    assert deadline_of(a_round(later), ("00", "58", "5802", "6580201")) == DEADLINE


def test_of_two_extensions_the_later_counts_and_none_ever_shortens() -> None:
    earlier = Extension(organization="58", deadline=DEADLINE - timedelta(days=3))
    later = Extension(organization="58", deadline=DEADLINE + timedelta(days=1))
    assert deadline_of(a_round(earlier), PATH) == DEADLINE
    assert deadline_of(a_round(earlier, later), PATH) == later.deadline


moments = st.timedeltas(min_value=timedelta(days=-5), max_value=timedelta(days=5)).map(lambda d: DEADLINE + d)


@given(
    opened=moments,
    took=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=2)),
    more=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=2)),
)
def test_taking_longer_never_turns_late_into_on_time(opened: datetime, took: timedelta, more: timedelta) -> None:
    quick = is_late(a_round(), PATH, opened, opened + took)
    slow = is_late(a_round(), PATH, opened, opened + took + more)
    assert slow or not quick


@given(opened=moments, took=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=2)))
def test_whoever_is_whole_by_the_deadline_is_on_time(opened: datetime, took: timedelta) -> None:
    if opened + took <= DEADLINE:
        assert not is_late(a_round(), PATH, opened, opened + took)
    if opened + took > DEADLINE + GRACE:
        assert is_late(a_round(), PATH, opened, opened + took)
