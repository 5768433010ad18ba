from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.announcing import center_changed, obligation_stage, round_changed
from services.registry.domain import (
    Center,
    DeadlinePassed,
    NothingListed,
    Round,
    RoundClosed,
    counted,
    create_round,
    follow,
    may_list,
    open_round,
    owe,
)

NOW = datetime(2025, 10, 1, 2, tzinfo=UTC)
DEADLINE = datetime(2025, 10, 31, 16, 59, 59, 999_999, tzinfo=UTC)
CENTER = Center(
    code="c1", name="ศูนย์", lao="6580101", path=("00", "58", "5801", "6580101"), subdistrict="580101", order="x"
)


def draft(**changes: object) -> Round:
    made = create_round(
        round_id="2569", fiscal_year=2569, academic_year=2567, deadline=DEADLINE, grace_minutes=0, now=NOW
    )
    assert isinstance(made, Round)
    return made.model_copy(update=changes)


def test_a_new_round_is_a_draft_with_its_deadline_to_the_second_in_thai_time():
    state = draft()
    assert state.state == "draft"
    assert state.deadline.isoformat() == "2025-10-31T23:59:59+07:00"


def test_a_round_whose_deadline_lies_behind_is_not_created():
    made = create_round(round_id="r", fiscal_year=2569, academic_year=2567, deadline=NOW, grace_minutes=0, now=NOW)
    assert made == DeadlinePassed(NOW)


def test_opening_counts_who_owes_and_when_it_was():
    opened = open_round(draft(), 3, NOW)
    assert isinstance(opened, Round)
    assert (opened.state, opened.listed, opened.obligations, opened.opened_at) == ("open", 3, 3, NOW)


def test_an_open_round_stays_as_it_is():
    opened = open_round(draft(), 3, NOW)
    assert isinstance(opened, Round)
    assert open_round(opened, 4, NOW + timedelta(days=60)) is opened


def test_a_round_without_a_roll_is_not_opened():
    assert open_round(draft(), 0, NOW) == NothingListed()


def test_a_round_is_not_opened_when_nobody_could_keep_its_deadline():
    assert open_round(draft(), 3, DEADLINE) == DeadlinePassed(draft().deadline)


def test_a_closed_round_takes_no_roll_and_opens_no_more():
    assert may_list(draft(state="closed")) == RoundClosed()
    assert open_round(draft(state="closed"), 3, NOW) == RoundClosed()


@pytest.mark.parametrize("state", ["draft", "open"])
def test_any_other_round_takes_a_roll(state):
    assert may_list(draft(state=state)) is None


def test_the_length_of_the_roll_is_no_news_but_what_is_owed_is():
    state = draft()
    assert round_changed(counted(state, 5, 0)) == round_changed(state)
    assert round_changed(counted(state, 5, 5)) != round_changed(state)


def test_a_center_of_the_roll_owes_and_the_record_says_since_when():
    obligation = owe(CENTER, "2569", NOW)
    stage = obligation_stage(obligation)
    assert (obligation.key, stage.key, stage.state) == ("2569/c1", "2569/c1/obligation", "owed")
    assert stage.since == NOW
    assert stage.path[-1] == CENTER.lao


def test_an_obligation_follows_its_center_to_another_lao():
    obligation = owe(CENTER, "2569", NOW)
    moved = CENTER.model_copy(update={"lao": "6580102", "path": ("00", "58", "5801", "6580102")})
    assert follow(obligation, CENTER, NOW) is obligation
    assert follow(obligation, moved, NOW).path == moved.path


def test_joining_a_round_is_no_news_of_the_center():
    assert center_changed(CENTER.model_copy(update={"rounds": ("2569",)})) == center_changed(CENTER)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_created_round_always_leaves_time(deadline):
    made = create_round(round_id="r", fiscal_year=2569, academic_year=2567, deadline=deadline, grace_minutes=0, now=NOW)
    assert isinstance(made, Round) == (deadline.replace(microsecond=0) > NOW)
