"""What a restored credential becomes after what the bus knows of it."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credentials import domain
from services.credentials.activating import rules as sheets
from services.credentials.domain import Credential, Refusal, Reveal
from services.credentials.restoring.rules import take_over, void
from shared.contracts.events import (
    ClaimRefused,
    CredentialClaimed,
    CredentialConfirmed,
    CredentialErased,
    CredentialIssued,
    CredentialReissued,
    CredentialRevoked,
    CredentialRotated,
    SheetMade,
)
from tests.unit.credentials.test_domain import NOW, sealed

LATER = NOW + timedelta(days=3)
AGAIN = Reveal(claim="again", subject="s", role="center", key_digest=b"k", at=LATER)
BY: dict[str, Any] = {"by_role": "operator", "by_org": "00", "reason": "leaked"}


def events(version: int = 1) -> dict[str, Any]:
    about: dict[str, Any] = {**domain.common(sealed()), "version": version}
    return {
        "issued": CredentialIssued(**about),
        "claimed": CredentialClaimed(**about, claim="c", claimed_at=NOW),
        "confirmed": CredentialConfirmed(**about, claim="c", confirmed_at=NOW),
        "erased": CredentialErased(**about, erased_at=NOW),
        "refused": ClaimRefused(**about, claim="c", reason="wrong_code", refused_at=NOW),
        "revoked": CredentialRevoked(**about, **BY, revoked_at=NOW),
        "reissued": CredentialReissued(
            **about, **BY, request="r", asked_role="center", asked_org="x", must_change=True, reissued_at=NOW
        ),
        "rotated": CredentialRotated(**about, **BY, previous_version=version - 1, awaits=False, rotated_at=NOW),
    }


def after(*names: str, before: Credential | None = None, version: int = 1) -> Credential:
    told = events(version)
    return take_over(before, [told[name] for name in names], LATER)[0]


@pytest.mark.parametrize(
    ("names", "state"),
    [
        (["claimed"], "claimed"),
        (["claimed", "confirmed"], "confirmed"),
        (["confirmed"], "confirmed"),
        (["refused"], "sealed"),
        (["revoked"], "revoked"),
        (["claimed", "reissued"], "sealed"),
        (["claimed", "reissued", "claimed"], "claimed"),
        (["erased"], "erased"),
        (["claimed", "confirmed", "erased"], "erased"),
        (["rotated"], "waiting"),
        (["rotated", "issued", "claimed"], "waiting"),
        (["rotated", "issued", "claimed", "confirmed"], "confirmed"),
        (["issued", "revoked"], "revoked"),
    ],
)
def test_the_state_is_the_one_the_bus_knows_unless_its_secret_is_lost(names: list[str], state: str) -> None:
    known = after(*names, before=sealed(), version=2 if {"rotated", "issued"} & set(names) else 1)
    assert (known.state, known.restored_at) == (state, LATER)


def test_nothing_of_the_copy_that_waits_at_a_sheet_or_in_a_claim_goes_on() -> None:
    assert after("refused", before=sealed()).turn == sealed().turn + 1


def test_a_credential_the_copy_does_not_hold_is_none_to_be_sealed_anew() -> None:
    assert after("issued").state == "waiting"
    assert after("issued", "claimed", "confirmed").state == "confirmed"


@given(st.lists(st.sampled_from(sorted(events())), min_size=1, max_size=8), st.booleans())
def test_no_secret_is_shown_that_is_older_than_the_newest_or_was_shown_before(names: list[str], there: bool) -> None:
    told = events(2)
    known, _ = take_over(sealed() if there else None, [told[name] for name in names], LATER)
    opened = domain.reveal(known, AGAIN)
    if isinstance(opened, Refusal):
        return
    assert there
    assert known.sealed == sealed().sealed
    assert not {"issued", "rotated", "revoked", "erased"} & set(names)
    assert names[::-1].index("reissued") < names[::-1].index("claimed") if "claimed" in names else True


def test_a_lost_secret_is_told_as_rotated_so_that_it_is_locked_in_the_target_system() -> None:
    _, told = take_over(sealed(), [events(2)["issued"]], LATER)
    (rotated,) = [event for event in told if isinstance(event, CredentialRotated)]
    assert (rotated.previous_version, rotated.version, rotated.awaits) == (2, 3, True)


def test_a_sheet_whose_code_is_lost_opens_nothing() -> None:
    made = SheetMade(**domain.common(sealed()), by_role="lao", by_org="x", sheet="1234-5678", made_at=NOW, ends=LATER)
    assert not sheets.opens(void(made), sealed(), NOW)
