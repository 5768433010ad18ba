"""When a sealed credential ends."""

from datetime import timedelta

import pytest

from services.credentials import domain
from services.credentials.domain import Credential, Reveal
from services.credentials.ending.rules import end, has_ended
from tests.unit.credentials.test_domain import NOW, sealed

LATER = NOW + timedelta(days=30)
SHOWN = Reveal(claim="c", subject="s", role="center", key_digest=b"k", at=NOW)


@pytest.mark.parametrize(
    ("closed", "days", "after", "ended"),
    [
        (False, 0, timedelta(days=3_000), False),
        (True, 0, timedelta(0), True),
        (False, 30, timedelta(days=30) - timedelta(milliseconds=1), False),
        (False, 30, timedelta(days=30), True),
    ],
)
def test_it_ends_with_its_round_or_after_its_days(closed: bool, days: int, after: timedelta, ended: bool) -> None:
    assert has_ended(sealed(), closed, days, sealed().issued_at + after) is ended


def test_what_was_claimed_does_not_end() -> None:
    claimed = sealed().model_copy(update={"reveal": SHOWN})
    assert not has_ended(claimed, closed=True, days=1, now=LATER)
    assert end(claimed, LATER) == (claimed, [])


@pytest.mark.parametrize("before", [{}, {"locked": True}, {"notified_at": NOW}])
def test_it_stands_as_expired_and_a_new_secret_begins_anew(before: dict[str, object]) -> None:
    ended, events = end(sealed().model_copy(update=before), LATER)
    assert (ended.state, [event.state for event in events]) == ("expired", ["expired"])  # type: ignore[union-attr]
    assert end(ended, LATER) == (ended, []), "twice is as good as once"
    renewed, _ = domain.renew(ended, ended.path, "batch", LATER)
    assert renewed.state == "sealed"


def test_one_taken_back_stays_so() -> None:
    revoked: Credential = sealed().model_copy(update={"revoked_at": NOW})
    assert end(revoked, LATER)[0].state == "revoked"
