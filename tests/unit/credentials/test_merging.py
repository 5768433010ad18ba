"""What a merge of holders leaves of their credentials, in whatever order one hears of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credentials import domain
from services.credentials.activating import rules as sheets
from services.credentials.claiming import attempts
from services.credentials.domain import Credential, Event, Holder, Refusal, Reveal
from services.credentials.merging.rules import Node, Place, place_of, settle
from services.credentials.renewing import rules as renewing
from services.credentials.renewing.rules import Wish
from services.credentials.telling.letters import letter_about
from shared.contracts.events import CredentialMerged, CredentialRevoked
from shared.contracts.status import StageChanged
from shared.security.principals import Principal, Role

NOW = datetime(2025, 10, 1, 3, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
HERE = ("00", "58", "5801", "6580101")
THERE = ("00", "58", "5802", "6580201")
MERGED = Place(THERE, "c2")
ATTEMPT = Reveal(claim="claim", subject="teacher", role="center", key_digest=b"k", at=NOW)


def sealed(kind: Any = "center", **update: Any) -> Credential:
    made, _ = domain.issue(Holder(round="2569", kind=kind, code="c1", path=HERE), "id", b"seal", NOW)
    return made.model_copy(update=update)


def opened(**update: Any) -> Credential:
    return sealed(reveal=ATTEMPT, **update)


def settled(credential: Credential, place: Place = MERGED) -> tuple[Credential, list[Event]]:
    changed = settle(credential, place, LATER)
    assert changed is not None
    return changed


@pytest.mark.parametrize("before", [{}, {"notified_at": NOW}, {"locked": True}, {"awaits": True, "sealed": b""}])
def test_what_nobody_opened_is_taken_back(before: dict[str, Any]) -> None:
    after, events = settled(sealed(**before))
    assert (after.state, after.claimable, after.turn, after.must_change) == ("revoked", False, 2, False)
    assert (after.successor, after.path) == ("c2", THERE)
    revoked, merged, stage = events
    assert isinstance(revoked, CredentialRevoked)
    assert (revoked.by_role, revoked.reason, revoked.revoked_at) == ("system", "closed", LATER)
    assert isinstance(merged, CredentialMerged)
    assert (merged.holder, merged.successor, merged.effect, merged.path) == ("c1", "c2", "revoked", THERE)
    assert isinstance(stage, StageChanged)
    assert (stage.state, stage.since, stage.path) == ("revoked", LATER, THERE)


def test_an_open_claim_and_a_printed_sheet_open_nothing_any_more() -> None:
    before = sealed()
    claim = attempts.Claim(
        claim="x", round="2569", holder="c1", kind="center", path=HERE, credential="id", edition=1, genuine=True,
        subject="teacher", role="center", org="c1", opened_at=NOW, code_ends=LATER, ends=LATER,
    )  # fmt: skip
    printed = sheets.print_sheet(before, "s1", "d", Principal("x", Role.OPERATOR, "00"), NOW)
    assert isinstance(printed, tuple)
    after, _ = settled(before)
    assert attempts.is_of(claim, before)
    assert not attempts.is_of(claim, after)
    assert sheets.opens(printed[0], before, NOW)
    assert not sheets.opens(printed[0], after, NOW)
    assert domain.reveal(after, ATTEMPT) is Refusal.NOT_ISSUED


@pytest.mark.parametrize(("confirmed", "state"), [(None, "claimed"), (NOW, "confirmed")])
def test_what_was_opened_is_flagged_and_stays_what_it_was(confirmed: datetime | None, state: str) -> None:
    after, (merged, stage) = settled(opened(confirmed_at=confirmed))
    assert (after.state, after.must_change, after.successor, after.turn) == (state, True, "c2", 1)
    assert isinstance(merged, CredentialMerged)
    assert merged.effect == "to_lock"
    assert isinstance(stage, StageChanged)
    assert (stage.state, stage.since) == (state, NOW), "a merge begins no new state of it"


def test_of_an_account_that_had_been_taken_back_only_the_successor_is_told() -> None:
    after, events = settled(sealed(revoked_at=NOW))
    assert (after.revoked_at, after.turn) == (NOW, 1)
    assert [type(event) for event in events] == [CredentialMerged, StageChanged]


def test_a_holder_that_moved_takes_its_credential_along_and_nothing_else_changes() -> None:
    before = sealed(notified_at=NOW)
    after, events = settled(before, Place(THERE))
    assert after == before.model_copy(update={"path": THERE})
    assert [type(event) for event in events] == [StageChanged]
    assert settled(sealed("lao"), Place(THERE))[1] == [], "there is no status of an LAO's credential"


@pytest.mark.parametrize(
    "before", [sealed(path=THERE, successor="c2", revoked_at=NOW), opened(path=THERE, successor="c2", must_change=True)]
)
def test_what_stands_right_is_left_alone(before: Credential) -> None:
    assert settle(before, MERGED, LATER) is None
    assert settle(before, Place(THERE), LATER) is None, "a merge is never undone"


def test_a_survivor_that_is_merged_itself_passes_it_on() -> None:
    first, _ = settled(sealed())
    second, events = settled(first, Place(HERE, "c3"))
    assert (second.successor, second.path, second.turn, second.revoked_at) == ("c3", HERE, first.turn, first.revoked_at)
    assert [type(event) for event in events] == [CredentialMerged, StageChanged]


PLACES = st.lists(st.sampled_from([Place(HERE), Place(THERE), MERGED, Place(HERE, "c3")]), max_size=5)


@given(PLACES, st.sampled_from([sealed(), opened(), sealed(revoked_at=NOW), sealed("lao")]))
def test_whatever_was_heard_before_the_last_word_decides_and_is_said_once(
    heard: list[Place], first: Credential
) -> None:
    credential = first
    for place in heard:
        credential = (settle(credential, place, LATER) or (credential, []))[0]
    last = Place(THERE, "c9")
    credential, _ = settled(credential, last)
    assert (credential.successor, credential.path) == ("c9", THERE)
    assert settle(credential, last, LATER) is None
    assert credential.must_change is (first.reveal is not None)
    assert (credential.revoked_at is not None) is (first.reveal is None)
    assert credential.turn - first.turn == (first.reveal is None and first.revoked_at is None)


@pytest.mark.parametrize("kind", ["rotate", "reissue"])
def test_no_account_is_made_anew_for_a_holder_that_is_gone(kind: Any) -> None:
    after, _ = settled(opened())
    assert renewing.possible(after, Wish(kind, "lost")) is Refusal.MERGED
    assert renewing.possible(after, Wish("revoke", "closed")) is None


def test_the_letter_goes_to_who_carries_on_and_says_what_to_do() -> None:
    _, (merged, _) = settled(opened())
    assert isinstance(merged, CredentialMerged)
    letter = letter_about(merged, "e1", NOW)
    assert (letter.holder, letter.kind) == ("c2", "center")
    assert "ระงับ" in letter.text
    assert "lock it in e-SAR" in letter.text


# Who carries on


def test_merges_in_a_row_are_followed_to_the_end() -> None:
    known = {"c1": Node(HERE, True, "c2"), "c2": Node(HERE, True, "c3"), "c3": Node(THERE)}
    assert place_of("c1", known) == Place(THERE, "c3")
    assert place_of("c3", known) == Place(THERE)


def test_a_closed_holder_without_a_successor_stays_where_it_was() -> None:
    assert place_of("c1", {"c1": Node(HERE, True)}) == Place(HERE)


def test_while_the_survivor_is_unknown_it_is_the_end_under_the_offices_of_the_one_before() -> None:
    assert place_of("c1", {"c1": Node(HERE, True, "c2")}) == Place(HERE, "c2")
    assert place_of("c9", {}) is None


def test_a_ring_ends() -> None:
    assert place_of("c1", {"c1": Node(HERE, True, "c2"), "c2": Node(THERE, True, "c1")}) is not None
