from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.announcing import round_changed
from services.registry.domain import Round
from services.registry.rounds.deadlines import deadline_for
from services.registry.rounds.extensions import (
    AlreadyPast,
    NotLater,
    RequestUnknown,
    TooFar,
    approve,
    ask,
    keep_promises,
    refuse,
    reverse,
    take_back,
)
from services.registry.rounds.parts import ExtensionRequest
from services.registry.rounds.rules import NotOpen
from shared.security.approval import AlreadySettled, SamePerson, TierTooLow
from shared.security.principals import Principal, Role
from shared.thai.calendar import BANGKOK

NOW = datetime(2025, 10, 1, 9, tzinfo=BANGKOK)
DEADLINE = datetime(2025, 10, 31, 16, 30, tzinfo=BANGKOK)
LATER = DEADLINE + timedelta(days=14)
ASKER = Principal("a", Role.PROVINCE, "58")
OTHER = Principal("b", Role.PROVINCE, "58")
DISTRICT = Principal("c", Role.DISTRICT, "5801")
PATH = ("00", "58", "5801")
OPEN = Round(
    round="2569",
    fiscal_year=2569,
    academic_year=2567,
    deadline=DEADLINE,
    grace_minutes=0,
    created_at=NOW,
    state="open",
)


def asked(state: Round = OPEN, organization: str = "5801", deadline: datetime = LATER) -> tuple[Round, str]:
    answer = ask(state, organization, PATH, deadline, "น้ำท่วม", ASKER, NOW)
    assert isinstance(answer, tuple)
    return answer[0], answer[1].id


def approved(state: Round = OPEN, organization: str = "5801", deadline: datetime = LATER) -> tuple[Round, str]:
    put, number = asked(state, organization, deadline)
    after = approve(put, number, OTHER, NOW)
    assert isinstance(after, Round)
    return after, number


def test_nothing_holds_before_a_second_person_approved() -> None:
    put, number = asked()
    assert round_changed(put) == round_changed(OPEN)
    assert approve(put, number, ASKER, NOW) == SamePerson()
    assert approve(put, number, DISTRICT, NOW) == TierTooLow(Role.PROVINCE)
    after = approve(put, number, OTHER, NOW)
    assert isinstance(after, Round)
    assert [(one.organization, one.deadline) for one in round_changed(after).extensions] == [("5801", LATER)]
    assert deadline_for(after, PATH) == LATER


def test_it_can_be_undone_and_says_so() -> None:
    after, number = approved()
    back = reverse(after, number, ASKER, "ผิดอำเภอ", NOW)
    assert isinstance(back, Round)
    assert round_changed(back) == round_changed(OPEN)
    assert reverse(back, number, ASKER, "ผิดอำเภอ", NOW) == back
    assert approve(back, number, OTHER, NOW) == AlreadySettled("undone")


def test_asking_the_same_twice_is_one_request() -> None:
    put, number = asked()
    again, same = asked(put)
    assert (again, same) == (put, number)
    gone = take_back(put, number, ASKER, NOW)
    assert isinstance(gone, Round)
    anew, other = asked(gone)
    assert other != number
    assert len(anew.requests) == 2


def test_what_cannot_be_asked() -> None:
    def answer(state: Round, deadline: datetime) -> object:
        return ask(state, "5801", PATH, deadline, "น้ำท่วม", ASKER, NOW)

    assert answer(OPEN.model_copy(update={"state": "draft"}), LATER) == NotOpen("draft")
    assert answer(OPEN.model_copy(update={"state": "closed"}), LATER) == NotOpen("closed")
    assert answer(OPEN, DEADLINE) == NotLater(DEADLINE)
    assert isinstance(answer(OPEN, DEADLINE + timedelta(days=400)), TooFar)
    assert isinstance(answer(OPEN, NOW - timedelta(days=1)), AlreadyPast)
    granted, _ = approved()
    assert answer(granted, LATER) == NotLater(LATER)
    assert approve(OPEN, "none", OTHER, NOW) == RequestUnknown()


def test_a_request_whose_day_went_by_is_not_approved() -> None:
    put, number = asked(deadline=DEADLINE + timedelta(days=1))
    assert isinstance(approve(put, number, OTHER, DEADLINE + timedelta(days=2)), AlreadyPast)


def test_a_move_takes_promised_time_along_until_it_is_undone() -> None:
    granted, number = approved()
    moved = keep_promises(granted, (*PATH, "6580101"), ("00", "58", "5803", "6580101"), "6580101")
    assert deadline_for(moved, ("00", "58", "5803", "6580101")) == LATER
    assert deadline_for(moved, ("00", "58", "5803", "6580301")) == DEADLINE
    assert keep_promises(moved, (*PATH, "6580101"), ("00", "58", "5803", "6580101"), "6580101") == moved
    back = reverse(moved, number, OTHER, "ผิดอำเภอ", NOW)
    assert isinstance(back, Round)
    assert deadline_for(back, ("00", "58", "5803", "6580101")) == DEADLINE


CODES = ["00", "58", "5801", "5803", "6580101", "6580301", "c1"]
PATHS = [("00", "58", "5801", "6580101", "c1"), ("00", "58", "5803", "6580301", "c1"), ("00", "58", "5803", "6580301")]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CODES), st.integers(1, 60)), max_size=6), st.sampled_from(PATHS))
def test_no_move_takes_time_away(granted: list[tuple[str, int]], goes: tuple[str, ...]) -> None:
    state = OPEN
    for organization, days in granted:
        answer = ask(state, organization, ("00", organization), DEADLINE + timedelta(days=days), "น้ำท่วม", ASKER, NOW)
        if isinstance(answer, tuple):
            after = approve(answer[0], answer[1].id, OTHER, NOW)
            state = after if isinstance(after, Round) else answer[0]
    before = deadline_for(state, PATHS[0])
    moved = keep_promises(state, PATHS[0], goes, goes[-1])
    assert deadline_for(moved, goes) >= before
    for path in PATHS:
        assert deadline_for(moved, path) >= deadline_for(state, path)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ask", "approve", "refuse", "withdraw", "undo"]),
            st.sampled_from([ASKER, OTHER, DISTRICT]),
            st.integers(1, 40),
            st.integers(0, 3),
        ),
        max_size=12,
    )
)
def test_only_what_two_persons_stand_behind_is_told(steps: list[tuple[str, Principal, int, int]]) -> None:
    state = OPEN
    for what, by, days, index in steps:
        request = state.requests[index].id if index < len(state.requests) else "none"
        match what:
            case "ask":
                answer = ask(state, "5801", PATH, DEADLINE + timedelta(days=days), "น้ำท่วม", by, NOW)
                after: object = answer[0] if isinstance(answer, tuple) else answer
            case "approve":
                after = approve(state, request, by, NOW)
            case "refuse":
                after = refuse(state, request, by, NOW)
            case "withdraw":
                after = take_back(state, request, by, NOW)
            case _:
                after = reverse(state, request, by, "ผิด", NOW)
        state = after if isinstance(after, Round) else state
        standing: list[ExtensionRequest] = [one for one in state.requests if one.state == "approved"]
        assert {(one.organization, one.deadline) for one in state.extensions} == {
            (one.organization, one.deadline) for one in standing
        }
        assert all(one.decided_by not in (None, one.asked_by) for one in standing)
