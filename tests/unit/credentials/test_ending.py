"""When a sealed credential ends."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credentials import domain
from services.credentials.domain import Credential, Reveal
from services.credentials.ending.rules import end, has_ended, issued_by
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


@given(days=st.integers(0, 3_650), waited=st.timedeltas(timedelta(0), timedelta(days=3_700)))
def test_the_query_for_what_has_ended_and_the_rule_draw_the_same_line(days: int, waited: timedelta) -> None:
    now = sealed().issued_at + waited
    last = issued_by(days, now)
    assert (last is not None and sealed().issued_at <= last) is has_ended(sealed(), False, days, now)


@pytest.mark.parametrize(("days", "last"), [(0, None), (30, NOW), (29, NOW + timedelta(days=1))])
def test_the_line_lies_as_many_days_back_as_a_credential_waits(days: int, last: datetime | None) -> None:
    assert issued_by(days, LATER) == last


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
