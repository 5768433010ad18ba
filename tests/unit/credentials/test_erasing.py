"""Who may have a holder erased, and what is left of its credential."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.credentials.domain import Credential, Refusal, Reveal, confirm, reveal
from services.credentials.erasing.rules import Erasure, ask, decide, done, erase, withdraw
from services.credentials.keeping.masters import MasterState
from services.credentials.renewing.rules import Wish, possible
from shared.contracts.events import CredentialErased
from shared.contracts.status import StageChanged
from shared.security.approval import AlreadySettled, NotTheAsker, RequestExpired, SamePerson
from shared.security.principals import Principal, Role

NOW = datetime(2025, 10, 20, 3, 0, tzinfo=UTC)


def person(name: str, role: Role = Role.OPERATOR, org: str = "00") -> Principal:
    return Principal(subject=name, role=role, org=org)


def credential(**changes: Any) -> Credential:
    given: dict[str, Any] = {
        "round": "2569", "holder": "c1", "kind": "center", "path": ("00", "58", "5801", "6580101"),
        "credential": "abc", "edition": 1, "sealed": b"seal", "issued_at": NOW,
    }  # fmt: skip
    return Credential(**{**given, **changes})


def asked(**changes: Any) -> Erasure:
    made = ask(None, credential(), "closed", "0123456789abcdef", person("one"), NOW)
    assert isinstance(made, Erasure)
    return made.model_copy(update=changes)


def approved() -> Erasure:
    made = decide(asked(), "approved", person("two", Role.DEPARTMENT), NOW + timedelta(hours=1))
    assert isinstance(made, Erasure)
    return made


def test_it_takes_a_second_person_in_time_and_only_the_asker_withdraws() -> None:
    assert isinstance(decide(asked(), "approved", person("one"), NOW), SamePerson)
    assert isinstance(decide(asked(), "approved", person("two"), NOW + timedelta(days=8)), RequestExpired)
    assert isinstance(withdraw(asked(), person("two"), NOW), NotTheAsker)
    assert approved().decided_role is Role.DEPARTMENT
    assert isinstance(decide(approved(), "refused", person("three"), NOW), AlreadySettled)


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        (asked(), Refusal.ERASURE_OPEN),
        (approved(), Refusal.ERASURE_OPEN),
        (done(approved(), NOW), None),
        (asked(state="refused"), None),
        (asked(expires_at=NOW), None),
    ],
)
def test_one_request_at_a_time_until_its_end(before: Erasure, answer: Refusal | None) -> None:
    made = ask(before, credential(), "closed", "f" * 16, person("one"), NOW)
    assert made is answer if answer else isinstance(made, Erasure)


def test_what_was_erased_opens_confirms_and_renews_in_no_way() -> None:
    opened = credential(reveal=Reveal(claim="x", subject="s", role="center", key_digest=b"k", at=NOW))
    gone, events = erase(opened, approved(), NOW)
    assert (gone.state, gone.sealed, gone.turn, gone.claimable) == ("erased", b"", 2, False)
    told, stage = events
    assert isinstance(told, CredentialErased)
    assert (told.by_role, told.asked_role, told.reason, told.restored) == ("department", "operator", "closed", False)
    assert isinstance(stage, StageChanged)
    assert stage.state == "erased"
    assert opened.reveal
    assert reveal(gone, opened.reveal) is Refusal.ERASED
    assert confirm(gone, "x", NOW) is Refusal.ERASED
    for kind in ("rotate", "revoke", "reissue"):
        assert possible(gone, Wish(kind, "other")) is Refusal.ERASED
    assert ask(None, gone, "other", "f" * 16, person("one"), NOW) is Refusal.ERASED
    assert erase(gone, approved(), NOW) == (gone, [])


def test_one_that_a_copy_brought_back_names_nobody() -> None:
    _, events = erase(credential(), None, NOW)
    (told,) = [each for each in events if isinstance(each, CredentialErased)]
    assert (told.restored, told.by_role, told.request) == (True, None, None)


@pytest.mark.parametrize(
    ("keys", "keyring", "waiting", "removable", "strange"),
    [
        ({"old": 5, "new": 2}, "old", 6, (), ()),
        ({"new": 7}, "old", 1, (), ()),
        ({"old": 1, "new": 6}, "new", 1, (), ()),
        ({"new": 7}, "new", 0, ("old",), ()),
        ({"new": 6, "other": 1}, "new", 0, ("old",), ("other",)),
    ],
)
def test_an_old_master_key_may_go_once_nothing_lies_under_it(
    keys: dict[str, int], keyring: str, waiting: int, removable: tuple[str, ...], strange: tuple[str, ...]
) -> None:
    state = MasterState("new", ("old",), keys, keyring)
    assert (state.waiting, state.removable, state.strange) == (waiting, removable, strange)
