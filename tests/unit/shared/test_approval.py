from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.security.approval import (
    LIFE,
    AlreadySettled,
    NotTheAsker,
    RequestExpired,
    SamePerson,
    TierTooLow,
    TwoPersonRequest,
    decide,
    has_expired,
    tier,
    undo,
    withdraw,
)
from shared.security.principals import Principal, Role

NOW = datetime(2025, 10, 1, 9, tzinfo=UTC)

PEOPLE = [
    Principal("province-1", Role.PROVINCE, "58"),
    Principal("province-2", Role.PROVINCE, "58"),
    Principal("district-1", Role.DISTRICT, "5801"),
    Principal("department-1", Role.DEPARTMENT, "00"),
    Principal("operator-1", Role.OPERATOR, "00"),
    Principal("assessor-1", Role.ASSESSOR, "00"),
    Principal("auditor-1", Role.AUDITOR, "00"),
]
ASKER = PEOPLE[0]


def asked(**changes: object) -> TwoPersonRequest:
    request = TwoPersonRequest(
        id="r1",
        kind="extension",
        subject="2569/5801",
        asked_by=ASKER.subject,
        asked_role=ASKER.role,
        asked_at=NOW,
        expires_at=NOW + LIFE,
        reason="น้ำท่วม",
    )
    return request.model_copy(update=changes)


def test_a_second_person_of_the_tier_or_above_decides() -> None:
    for by in (PEOPLE[1], PEOPLE[3], PEOPLE[4]):
        decided = decide(asked(), "approved", by, NOW)
        assert isinstance(decided, TwoPersonRequest)
        assert (decided.state, decided.decided_by, decided.decided_at) == ("approved", by.subject, NOW)


def test_the_asker_cannot_approve_even_with_a_higher_role_in_hand() -> None:
    risen = Principal(ASKER.subject, Role.DEPARTMENT, "00")
    assert decide(asked(), "approved", ASKER, NOW) == SamePerson()
    assert decide(asked(), "approved", risen, NOW) == SamePerson()
    assert decide(asked(), "refused", risen, NOW) == SamePerson()


def test_a_lower_tier_and_those_outside_the_chain_cannot_decide() -> None:
    for by in (PEOPLE[2], PEOPLE[5], PEOPLE[6]):
        assert decide(asked(), "approved", by, NOW) == TierTooLow(Role.PROVINCE)
        assert undo(asked(state="approved"), by, "ผิดคน", NOW) == TierTooLow(Role.PROVINCE)


def test_a_request_from_outside_the_chain_is_nobodys_to_approve() -> None:
    request = asked(asked_role=Role.AUDITOR)
    assert all(decide(request, "approved", by, NOW) == TierTooLow(Role.AUDITOR) for by in PEOPLE[1:])


def test_it_expires_at_its_moment_and_is_only_withdrawn_then() -> None:
    late = NOW + LIFE
    assert isinstance(decide(asked(), "approved", PEOPLE[1], late - timedelta(microseconds=1)), TwoPersonRequest)
    assert decide(asked(), "approved", PEOPLE[1], late) == RequestExpired(late)
    assert has_expired(asked(), late)
    assert not has_expired(asked(state="approved"), late)
    assert isinstance(withdraw(asked(), ASKER, late), TwoPersonRequest)


def test_only_the_asker_withdraws() -> None:
    assert withdraw(asked(), PEOPLE[3], NOW) == NotTheAsker()


def test_what_was_not_approved_cannot_be_undone() -> None:
    for state in ("asked", "refused", "withdrawn"):
        assert undo(asked(state=state), PEOPLE[3], "ผิดคน", NOW) == AlreadySettled(state)


STEPS = st.tuples(
    st.sampled_from(["approve", "refuse", "withdraw", "undo"]),
    st.sampled_from(PEOPLE),
    st.integers(0, int(LIFE.total_seconds()) * 2),
)
NEXT = {
    "asked": {"asked", "approved", "refused", "withdrawn"},
    "approved": {"approved", "undone"},
    "refused": {"refused"},
    "withdrawn": {"withdrawn"},
    "undone": {"undone"},
}


def step(request: TwoPersonRequest, what: str, by: Principal, now: datetime) -> object:
    match what:
        case "approve":
            return decide(request, "approved", by, now)
        case "refuse":
            return decide(request, "refused", by, now)
        case "withdraw":
            return withdraw(request, by, now)
        case _:
            return undo(request, by, "ผิดคน", now)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_whatever_is_tried_two_people_stand_behind_an_approval(tried: list[tuple[str, Principal, int]]) -> None:
    request = asked()
    for what, by, seconds in tried:
        now = NOW + timedelta(seconds=seconds)
        answer = step(request, what, by, now)
        if not isinstance(answer, TwoPersonRequest):
            continue
        assert answer.state in NEXT[request.state]
        if answer != request:
            assert answer.decided_by == (request.decided_by or by.subject), "who decided never changes"
            if request.state == "asked" and answer.state in ("approved", "refused"):
                assert now < request.expires_at
        assert step(answer, what, by, now) == answer, "saying it twice changes nothing"
        request = answer
    if request.state in ("approved", "undone"):
        assert request.decided_by != request.asked_by
        decider = next(person for person in PEOPLE if person.subject == request.decided_by)
        assert (tier(decider.role) or 0) >= (tier(request.asked_role) or 0)
