"""Who may make a credential anew, take it back, or open it once more; and what that leaves behind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.credentials import domain
from services.credentials.activating import rules as sheets
from services.credentials.domain import Credential, Holder, Refusal, Reveal
from services.credentials.renewing import rules
from services.credentials.renewing.rules import Wish
from shared.contracts.events import (
    CredentialIssued,
    CredentialReissued,
    CredentialRevoked,
    CredentialRotated,
    RenewalAsked,
    RenewalDecided,
)
from shared.contracts.status import StageChanged
from shared.security.approval import LIFE, AlreadySettled, NotTheAsker, RequestExpired, SamePerson, TierTooLow
from shared.security.principals import Principal, Role

NOW = datetime(2025, 10, 1, 3, tzinfo=UTC)
PATH = ("00", "58", "5801", "6580101")
CENTER = Principal("teacher", Role.CENTER, "c1")
LAO = Principal("clerk", Role.LAO, "6580101")
DISTRICT = Principal("district-a", Role.DISTRICT, "5801")
OTHER_DISTRICT = Principal("district-b", Role.DISTRICT, "5801")
PROVINCE = Principal("province", Role.PROVINCE, "58")
OPERATOR = Principal("operator", Role.OPERATOR, "00")
LOST = Wish("reissue", "lost")


def sealed(kind: Any = "center", code: str = "c1") -> Credential:
    made, _ = domain.issue(Holder(round="2569", kind=kind, code=code, path=PATH), "id", b"seal", NOW)
    return made


def revealed(**update: Any) -> Credential:
    seen = Reveal(claim="claim", subject="teacher", role="center", key_digest=b"k", at=NOW)
    return sealed().model_copy(update={"reveal": seen, **update})


def asked(credential: Credential, wish: Wish = LOST, who: Principal = CENTER) -> Credential:
    changed = rules.ask(credential, wish, "r1", who, NOW)
    assert isinstance(changed, tuple)
    return changed[0]


def names(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (CENTER, True), (LAO, True), (DISTRICT, True), (PROVINCE, True), (OPERATOR, True),
        (Principal("x", Role.CENTER, "c2"), False), (Principal("x", Role.LAO, "6580102"), False),
        (Principal("x", Role.DISTRICT, "5802"), False), (Principal("x", Role.AUDITOR, "00"), False),
        (Principal("x", Role.ASSESSOR, "00"), False), (Principal("x", Role.PUBLISHER, "onesqa"), False),
    ],
)  # fmt: skip
def test_the_holder_and_the_tiers_above_it_may_ask(who: Principal, may: bool) -> None:
    assert rules.may_ask(who, sealed()) is may


@pytest.mark.parametrize(
    ("who", "may"), [(CENTER, False), (LAO, False), (DISTRICT, True), (PROVINCE, True), (OPERATOR, True)]
)
def test_only_tiers_above_the_lao_decide(who: Principal, may: bool) -> None:
    assert rules.may_decide(who, sealed()) is may


def test_an_lao_may_ask_about_its_own_credential_and_nobody_elses() -> None:
    assert rules.may_ask(LAO, sealed("lao", "6580101"))
    assert not rules.may_ask(Principal("x", Role.LAO, "6580102"), sealed("lao", "6580101"))


@pytest.mark.parametrize("kind", ["rotate", "revoke"])
def test_the_department_and_operators_alone_act_at_once(kind: Any) -> None:
    assert rules.acts_alone(OPERATOR, Wish(kind, "leaked"))
    assert not rules.acts_alone(PROVINCE, Wish(kind, "leaked"))
    assert not rules.acts_alone(OPERATOR, LOST)


def test_a_rotation_makes_a_new_edition_that_waits_to_be_claimed() -> None:
    before = revealed(confirmed_at=NOW, must_change=True)
    after, events = rules.carry_out(before, Wish("rotate", "leaked"), OPERATOR, b"new seal", NOW)
    assert (after.edition, after.turn, after.state, after.must_change) == (2, 2, "sealed", False)
    assert (after.sealed, after.reveal, after.confirmed_at) == (b"new seal", None, None)
    assert names(events) == ["CredentialRotated", "CredentialIssued", "StageChanged"]
    rotated = events[0]
    assert isinstance(rotated, CredentialRotated)
    assert (rotated.previous_version, rotated.version, rotated.by_role, rotated.awaits) == (1, 2, "operator", False)


def test_a_rotation_may_wait_for_the_next_sealed_batch_and_nothing_can_be_claimed_meanwhile() -> None:
    after, events = rules.carry_out(sealed(), Wish("rotate", "leaked", "batch"), OPERATOR, None, NOW)
    assert (after.state, after.sealed, after.claimable) == ("waiting", b"", False)
    assert names(events) == ["CredentialRotated", "StageChanged"]
    attempt = Reveal(claim="c", subject="s", role="center", key_digest=b"", at=NOW)
    assert domain.reveal(after, attempt) is Refusal.NOT_ISSUED
    brought, events = rules.bring(after, b"from the batch", NOW)
    assert (brought.state, brought.edition, brought.sealed) == ("sealed", 2, b"from the batch")
    assert isinstance(events[0], CredentialIssued)
    assert events[0].version == 2


def test_a_revoked_credential_opens_for_nobody_and_can_be_rotated_back_to_life() -> None:
    after, events = rules.carry_out(sealed(), Wish("revoke", "closed"), OPERATOR, None, NOW)
    assert after.state == "revoked"
    assert isinstance(events[0], CredentialRevoked)
    assert isinstance(events[1], StageChanged)
    assert events[1].state == "revoked"
    assert rules.possible(after, Wish("revoke", "closed")) is Refusal.NOT_ISSUED
    again, _ = rules.carry_out(after, Wish("rotate", "other"), OPERATOR, b"s", NOW)
    assert (again.state, again.edition) == ("sealed", 2)


@pytest.mark.parametrize("credential", [sealed(), revealed(confirmed_at=NOW), revealed(revoked_at=NOW)])
def test_only_a_reveal_that_was_never_confirmed_can_be_lost(credential: Credential) -> None:
    assert rules.ask(credential, LOST, "r1", CENTER, NOW) is Refusal.NOT_LOST


def test_a_lost_reveal_is_opened_once_more_by_two_persons_and_must_be_changed() -> None:
    waiting = asked(revealed())
    assert waiting.state == "claimed"
    changed = rules.decide(waiting, "approved", DISTRICT, None, NOW)
    assert isinstance(changed, tuple)
    after, events = changed
    assert (after.state, after.edition, after.turn, after.must_change, after.sealed) == ("sealed", 1, 2, True, b"seal")
    assert names(events) == ["RenewalDecided", "CredentialReissued", "StageChanged"]
    told = events[1]
    assert isinstance(told, CredentialReissued)
    assert (told.must_change, told.asked_role, told.by_role) == (True, "center", "district")


def test_nobody_approves_what_it_asked_for_itself() -> None:
    waiting = asked(revealed(), who=DISTRICT)
    assert rules.decide(waiting, "approved", DISTRICT, None, NOW) == SamePerson()
    assert isinstance(rules.decide(waiting, "approved", OTHER_DISTRICT, None, NOW), tuple)


def test_nobody_approves_what_a_higher_tier_asked_for() -> None:
    waiting = asked(revealed(), who=PROVINCE)
    assert rules.decide(waiting, "approved", DISTRICT, None, NOW) == TierTooLow(Role.PROVINCE)


def test_a_request_nobody_decided_in_a_week_is_over_and_another_may_be_made() -> None:
    waiting = asked(revealed())
    later = NOW + LIFE
    assert rules.ask(waiting, LOST, "r2", CENTER, NOW) is Refusal.RENEWAL_OPEN
    assert isinstance(rules.decide(waiting, "approved", DISTRICT, None, later), RequestExpired)
    assert isinstance(rules.ask(waiting, LOST, "r2", CENTER, later), tuple)


def test_the_same_verdict_again_changes_nothing_and_another_comes_too_late() -> None:
    changed = rules.decide(asked(revealed()), "approved", DISTRICT, None, NOW)
    assert isinstance(changed, tuple)
    assert rules.decide(changed[0], "approved", DISTRICT, None, NOW) == (changed[0], [])
    assert rules.decide(changed[0], "refused", PROVINCE, None, NOW) == AlreadySettled("approved")


def test_a_refused_request_leaves_the_credential_as_it_was() -> None:
    before = revealed()
    changed = rules.decide(asked(before), "refused", DISTRICT, None, NOW)
    assert isinstance(changed, tuple)
    assert changed[0].model_copy(update={"renewal": None}) == before
    assert isinstance(changed[1][0], RenewalDecided)


def test_who_asked_may_withdraw_and_nobody_else() -> None:
    waiting = asked(revealed())
    assert rules.withdraw(waiting, DISTRICT, NOW) == NotTheAsker()
    changed = rules.withdraw(waiting, CENTER, NOW)
    assert isinstance(changed, tuple)
    assert rules.decide(changed[0], "approved", DISTRICT, None, NOW) == AlreadySettled("withdrawn")


def test_a_credential_that_turned_since_is_another_matter() -> None:
    waiting = asked(revealed())
    rotated, _ = rules.carry_out(waiting, Wish("rotate", "leaked"), OPERATOR, b"s", NOW)
    assert rules.decide(rotated, "approved", DISTRICT, None, NOW) is Refusal.TURNED


def test_that_something_was_asked_is_told_as_roles_and_codes() -> None:
    changed = rules.ask(revealed(), LOST, "r1", CENTER, NOW)
    assert isinstance(changed, tuple)
    (told,) = changed[1]
    assert isinstance(told, RenewalAsked)
    assert "teacher" not in told.model_dump_json()


# Sheets


@pytest.mark.parametrize(
    ("who", "kind", "may"),
    [
        (OPERATOR, "center", True), (OPERATOR, "lao", True), (Principal("d", Role.DEPARTMENT, "00"), "lao", True),
        (LAO, "center", True), (LAO, "lao", False), (Principal("x", Role.LAO, "6580102"), "center", False),
        (DISTRICT, "center", False), (PROVINCE, "center", False), (CENTER, "center", False),
    ],
)  # fmt: skip
def test_sheets_are_printed_by_the_department_and_by_an_lao_for_its_centers(
    who: Principal, kind: Any, may: bool
) -> None:
    assert sheets.may_print(who, sealed(kind, "6580101" if kind == "lao" else "c1")) is may


def test_a_sheet_opens_until_its_time_is_over_or_the_credential_turns() -> None:
    made = sheets.print_sheet(sealed(), "1234-5678", "digest", OPERATOR, NOW)
    assert isinstance(made, tuple)
    activation = made[0]
    assert sheets.opens(activation, sealed(), NOW)
    assert sheets.opens(activation, revealed(), NOW)  # so that the alarm can be raised
    assert not sheets.opens(activation, sealed(), NOW + sheets.SHEET_LIFE)
    assert not sheets.opens(activation, sealed(), NOW + timedelta(days=400))
    for wish in (Wish("rotate", "leaked"), Wish("revoke", "leaked")):
        turned, _ = rules.carry_out(sealed(), wish, OPERATOR, b"s", NOW)
        assert not sheets.opens(activation, turned, NOW)
    assert not sheets.opens(None, sealed(), NOW)
    assert not sheets.opens(activation, None, NOW)


@pytest.mark.parametrize(
    ("credential", "refusal"),
    [
        (revealed(), Refusal.ALREADY_CLAIMED),
        (sealed().model_copy(update={"revoked_at": NOW}), Refusal.NOT_ISSUED),
        (sealed().model_copy(update={"awaits": True}), Refusal.NOT_ISSUED),
    ],
)
def test_no_sheet_is_printed_where_there_is_nothing_to_claim(credential: Credential, refusal: Refusal) -> None:
    assert sheets.print_sheet(credential, "n", "d", OPERATOR, NOW) is refusal
