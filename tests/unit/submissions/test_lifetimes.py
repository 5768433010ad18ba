"""How long an upload may go on: whoever began in time is not cut off while it would still be on time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submissions.domain import Declared, Submission, Upload, on_time_until
from services.submissions.forms.rules import CONFIRM_WITHIN, open_form
from services.submissions.uploading.sending import NEAR, Change, open_upload, resumable_until
from tests.unit.submissions.sent import DAY, DEADLINE, GRACE, HOUR, NOW, owes, report, sent

LIFETIME = 3 * DAY


def opened(kind: str, now: datetime, before: Submission | None = None, lifetime: timedelta = LIFETIME) -> Upload:
    if kind == "form":
        change = open_form(before, owes(), upload="u1", ticket="t", largest=10, lifetime=lifetime, now=now)
    else:
        declared = Declared(size=10, sha256="a" * 64)
        change = open_upload(before, owes(), declared, upload="u1", multipart="m", lifetime=lifetime, now=now)
    assert isinstance(change, Change)
    return change.state.uploads[-1]


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (DEADLINE - 10 * DAY, DEADLINE - 7 * DAY),
        (DEADLINE - LIFETIME - NEAR, DEADLINE + GRACE),
        (DEADLINE - LIFETIME + timedelta(minutes=1), DEADLINE + GRACE),
        (DEADLINE - HOUR, DEADLINE - HOUR + LIFETIME),
        (DEADLINE + HOUR, DEADLINE + HOUR + LIFETIME),
    ],
    ids=["long before", "would end near the deadline", "would end in the grace", "lasts anyway", "begun late"],
)
def test_an_upload_lasts_for_its_lifetime_and_through_the_grace_where_it_counts(now: datetime, ends: datetime) -> None:
    assert opened("parts", now).expires_at == ends


def test_the_store_takes_what_a_form_brings_as_long_as_it_is_on_time() -> None:
    upload = opened("form", DEADLINE - timedelta(minutes=30), lifetime=timedelta(minutes=31))
    assert upload.form is not None
    assert upload.form.until == DEADLINE + GRACE
    assert upload.expires_at == DEADLINE + GRACE + CONFIRM_WITHIN


def test_a_report_that_is_due_again_has_the_grace_of_its_own_day() -> None:
    back = sent(report(state="rejected"), due_again=DEADLINE + 10 * DAY)
    now = DEADLINE + 8 * DAY
    assert opened("parts", now, back, lifetime=2 * DAY).expires_at == DEADLINE + 10 * DAY + GRACE


@given(
    kind=st.sampled_from(["parts", "form"]),
    before=st.timedeltas(min_value=-DAY, max_value=9 * DAY),
    lifetime=st.timedeltas(min_value=timedelta(minutes=5), max_value=7 * DAY),
)
def test_nobody_who_began_in_time_is_cut_off_in_the_grace(kind: str, before: timedelta, lifetime: timedelta) -> None:
    now = DEADLINE - before
    upload = opened(kind, now, lifetime=lifetime)
    assert not DEADLINE < upload.expires_at < on_time_until(owes(), now)
    assert now + lifetime <= upload.expires_at <= max(now + lifetime, DEADLINE + GRACE) + CONFIRM_WITHIN


def test_preflight_tells_the_same_as_opening() -> None:
    assert resumable_until(None, owes(), LIFETIME, NOW) == opened("parts", NOW).expires_at
