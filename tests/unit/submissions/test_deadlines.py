"""Who is on time: the letter's deadline, extensions of a subtree, and the grace of an upload that was under way."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.submissions.domain import Duty, deadline_of, is_late, on_time_until
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


def test_an_extension_may_be_for_one_center_alone() -> None:
    alone = Extension(organization="c1", deadline=DEADLINE + timedelta(days=3))

    def duty(center: str) -> Duty:
        return Duty(round=a_round(alone), center=center, path=PATH, owed=True)

    assert duty("c1").deadline == alone.deadline
    assert duty("c2").deadline == DEADLINE


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


later = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=4))


@given(opened=moments, took=later, grace=st.integers(0, 600), extended=st.none() | later)
def test_what_the_sender_is_told_is_what_is_held_against_it(
    opened: datetime, took: timedelta, grace: int, extended: timedelta | None
) -> None:
    extensions = [] if extended is None else [Extension(organization="5801", deadline=DEADLINE + extended)]
    round_ = a_round(*extensions, grace=grace)
    until = on_time_until(Duty(round=round_, center="c", path=PATH, owed=True), opened)
    assert is_late(round_, PATH, opened, opened + took) == (opened + took > until)


@given(opened=moments, took=later, extended=later)
def test_an_extension_never_makes_late_what_was_on_time(opened: datetime, took: timedelta, extended: timedelta) -> None:
    without = is_late(a_round(), PATH, opened, opened + took)
    extension = Extension(organization="58", deadline=DEADLINE + extended)
    assert without or not is_late(a_round(extension), PATH, opened, opened + took)


@given(opened=moments, took=later, back=later)
def test_a_day_to_be_back_by_never_makes_late_what_was_on_time(
    opened: datetime, took: timedelta, back: timedelta
) -> None:
    without = is_late(a_round(), PATH, opened, opened + took)
    assert without or not is_late(a_round(), PATH, opened, opened + took, DEADLINE + back)
