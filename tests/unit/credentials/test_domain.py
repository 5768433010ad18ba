"""The rules of sealed credentials, as a holder and an attacker would try them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.credentials import domain
from services.credentials.claiming import attempts
from services.credentials.claiming.attempts import Claim, Openings, Wait
from services.credentials.domain import Credential, Holder, Refusal, Reveal
from shared.contracts.events import ClaimRefused, CredentialClaimed, CredentialConfirmed, CredentialIssued
from shared.contracts.status import StageChanged

NOW = datetime(2025, 10, 20, 9, 0, tzinfo=UTC)
PATH = ("00", "58", "5801", "6580101")
CENTER = Holder(round="2569", kind="center", code="c1", path=PATH)
LAO = Holder(round="2569", kind="lao", code="6580101", path=PATH)


def sealed(holder: Holder = CENTER) -> Credential:
    return domain.issue(holder, "id-1", b"seal", NOW)[0]


def a_claim(genuine: bool = True, **changes) -> Claim:
    made = Claim(
        claim="ref",
        round="2569",
        holder="c1",
        kind="center",
        path=PATH if genuine else (),
        credential="id-1" if genuine else "",
        edition=1 if genuine else 0,
        genuine=genuine,
        subject="somebody",
        role="center",
        org="c1",
        opened_at=NOW,
        code_ends=NOW + attempts.CODE_LIFE,
        ends=NOW + attempts.CLAIM_KEPT,
    )
    return made.model_copy(update=changes)


def attempt(claim: str = "ref", subject: str = "somebody", key: bytes = b"k", at: datetime = NOW) -> Reveal:
    return Reveal(claim=claim, subject=subject, role="center", key_digest=key, at=at)


def opened(at: datetime = NOW) -> Credential:
    decided = domain.reveal(sealed(), attempt(at=at))
    assert not isinstance(decided, Refusal)
    return decided[0]


def test_a_credential_is_announced_and_shown_in_the_status_of_its_center() -> None:
    credential, events = domain.issue(CENTER, "id-1", b"seal", NOW)
    assert credential.state == "sealed"
    assert [type(event) for event in events] == [CredentialIssued, StageChanged]
    assert [domain.key_of(event) for event in events] == ["c1", "2569/c1/credential"]


def test_an_laos_own_credential_is_in_no_centers_status() -> None:
    assert [type(event) for event in domain.issue(LAO, "id-1", b"seal", NOW)[1]] == [CredentialIssued]


def test_a_center_and_an_lao_with_the_same_code_have_two_credentials_and_two_keys() -> None:
    twin = LAO.model_copy(update={"kind": "center"})
    assert twin.id != LAO.id
    assert twin.owner != LAO.owner


def test_the_label_says_whose_secret_it_is() -> None:
    assert sealed().label == {"round": "2569", "holder": "c1", "kind": "center", "credential": "id-1", "version": 1}


def test_the_first_reveal_wins_and_says_so() -> None:
    decided = domain.reveal(sealed(), attempt())
    assert not isinstance(decided, Refusal)
    credential, events = decided
    assert credential.state == "claimed"
    assert [type(event) for event in events] == [CredentialClaimed, StageChanged]


@given(
    claim=st.sampled_from(["ref", "other"]),
    subject=st.sampled_from(["somebody", "another"]),
    key=st.sampled_from([b"k", b"x"]),
    later=st.timedeltas(timedelta(0), timedelta(minutes=5)),
)
def test_a_second_reveal_is_the_same_caller_with_the_same_key_in_time_or_refused(
    claim: str, subject: str, key: bytes, later: timedelta
) -> None:
    decided = domain.reveal(opened(), attempt(claim, subject, key, NOW + later))
    same = (claim, subject, key) == ("ref", "somebody", b"k") and later <= timedelta(minutes=2)
    assert decided == ((opened(), []) if same else Refusal.ALREADY_CLAIMED)


def test_after_the_confirmation_nothing_is_fetched_again() -> None:
    decided = domain.confirm(opened(), "ref", NOW)
    assert not isinstance(decided, Refusal)
    assert domain.reveal(decided[0], attempt()) is Refusal.ALREADY_CLAIMED


def test_the_claim_that_opened_it_confirms_it_once() -> None:
    first = domain.confirm(opened(), "ref", NOW)
    assert not isinstance(first, Refusal)
    assert [type(event) for event in first[1]] == [CredentialConfirmed, StageChanged]
    assert domain.confirm(first[0], "ref", NOW) == (first[0], [])


def test_no_other_claim_confirms_it() -> None:
    assert domain.confirm(opened(), "other", NOW) is Refusal.NOT_REVEALED
    assert domain.confirm(sealed(), "ref", NOW) is Refusal.NOT_REVEALED


def test_the_lock_shows_in_the_status_until_the_next_attempt() -> None:
    locked, events = domain.set_locked(sealed(), True, NOW)
    assert [event.state for event in events if isinstance(event, StageChanged)] == ["locked"]
    free, events = domain.set_locked(locked, False, NOW)
    assert [event.state for event in events if isinstance(event, StageChanged)] == ["sealed"]
    assert domain.set_locked(free, False, NOW) == (free, [])


def test_what_was_opened_cannot_be_locked() -> None:
    assert domain.set_locked(opened(), True, NOW) == (opened(), [])


def test_the_right_code_opens_the_way_once_it_is_shown() -> None:
    verified, refusal, events = attempts.try_code(a_claim(), True, NOW)
    assert (refusal, events) == (None, [])
    assert attempts.may_reveal(a_claim(), NOW) is Refusal.NOT_VERIFIED
    assert attempts.may_reveal(verified, NOW + timedelta(minutes=10)) is None
    assert attempts.may_reveal(verified, NOW + timedelta(minutes=10, seconds=1)) is Refusal.NOT_VERIFIED


def test_the_fifth_wrong_code_locks_the_claim_for_the_right_one_too() -> None:
    claim, reasons = a_claim(), []
    for _ in range(attempts.TRIES):
        claim, _, events = attempts.try_code(claim, False, NOW)
        reasons += [event.reason for event in events if isinstance(event, ClaimRefused)]
    assert reasons == ["wrong_code"] * 4 + ["locked"]
    assert attempts.try_code(claim, True, NOW) == (claim, Refusal.LOCKED, [])


def test_a_code_ends_after_ten_minutes() -> None:
    late = NOW + timedelta(minutes=10)
    assert attempts.try_code(a_claim(), True, late)[1] is Refusal.EXPIRED
    assert attempts.try_code(a_claim(), True, late - timedelta(milliseconds=1))[1] is None


@given(st.lists(st.booleans(), max_size=8))
def test_a_claim_on_anothers_credential_is_never_verified_and_speaks_of_nothing(tries: list[bool]) -> None:
    claim = a_claim(genuine=False)
    for fits in tries:
        claim, refusal, events = attempts.try_code(claim, fits, NOW)
        assert refusal is not None
        assert events == []
    assert attempts.may_reveal(claim, NOW) is Refusal.NOT_VERIFIED


@given(st.lists(st.booleans(), max_size=8))
def test_wrong_codes_and_wrong_holders_are_refused_alike(tries: list[bool]) -> None:
    own, foreign = a_claim(), a_claim(genuine=False)
    for fits in tries:
        own, for_own, _ = attempts.try_code(own, False, NOW)
        foreign, for_foreign, _ = attempts.try_code(foreign, fits, NOW)
        assert for_own is for_foreign


@given(st.lists(st.timedeltas(timedelta(0), timedelta(minutes=40)), max_size=30))
def test_at_most_five_claims_are_opened_in_any_hour(gaps: list[timedelta]) -> None:
    openings, now, allowed = Openings(), NOW, list[datetime]()
    for gap in gaps:
        now += gap
        decided = attempts.open_again(openings, now)
        if isinstance(decided, Wait):
            assert now < decided.until <= now + attempts.OPENINGS_WITHIN
        else:
            openings = decided
            allowed.append(now)
    for moment in allowed:
        within = [other for other in allowed if moment - attempts.OPENINGS_WITHIN < other <= moment]
        assert len(within) <= attempts.OPENINGS


def test_after_a_lock_a_quarter_of_an_hour_must_pass() -> None:
    locked = attempts.lock(Openings(), NOW)
    refused = attempts.open_again(locked, NOW + timedelta(minutes=14))
    assert refused == Wait(Refusal.LOCKED, NOW + timedelta(minutes=15))
    assert isinstance(attempts.open_again(locked, NOW + timedelta(minutes=15)), Openings)


class OneHolder(RuleBasedStateMachine):
    """Many people, keys and claims at one credential: whatever the order, one reveal, and no way back."""

    def __init__(self) -> None:
        super().__init__()
        self.credential, self.now = sealed(), NOW
        self.first: Reveal | None = None
        self.states = [self.credential.state]

    def _keep(self, credential: Credential) -> None:
        self.credential = credential
        self.states.append(credential.state)

    @rule(gap=st.timedeltas(timedelta(0), timedelta(minutes=3)))
    def time_passes(self, gap: timedelta) -> None:
        self.now += gap

    @rule(claim=st.sampled_from("ab"), subject=st.sampled_from("pq"), key=st.sampled_from([b"k", b"l"]))
    def somebody_reveals(self, claim: str, subject: str, key: bytes) -> None:
        asked = attempt(claim, subject, key, self.now)
        decided = domain.reveal(self.credential, asked)
        if isinstance(decided, Refusal):
            assert self.first is not None
            return
        if self.first is None:
            self.first = asked
        same = (asked.claim, asked.subject, asked.key_digest)
        assert same == (self.first.claim, self.first.subject, self.first.key_digest)
        self._keep(decided[0])

    @rule(claim=st.sampled_from("ab"))
    def somebody_confirms(self, claim: str) -> None:
        decided = domain.confirm(self.credential, claim, self.now)
        if not isinstance(decided, Refusal):
            assert self.first is not None
            assert self.first.claim == claim
            self._keep(decided[0])

    @rule(locked=st.booleans())
    def guessing_locks(self, locked: bool) -> None:
        self._keep(domain.set_locked(self.credential, locked, self.now)[0])

    @invariant()
    def nothing_goes_back(self) -> None:
        order = {"sealed": 0, "locked": 0, "claimed": 1, "confirmed": 2}
        ranks = [order[state] for state in self.states]
        assert ranks == sorted(ranks)


TestOneHolder = OneHolder.TestCase


@pytest.mark.parametrize("kind", ["center", "lao"])
def test_no_event_carries_the_seal_or_the_key(kind: str) -> None:
    holder = CENTER if kind == "center" else LAO
    credential, events = domain.issue(holder, "id-1", b"the-seal", NOW)
    decided = domain.reveal(credential, attempt(key=b"the-key"))
    assert not isinstance(decided, Refusal)
    told = "".join(event.model_dump_json() for event in [*events, *decided[1]])
    assert "the-seal" not in told
    assert "the-key" not in told
