"""What a center was told last, and why it is behind."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.checks import Bounce
from services.notifier.domain import Cause, Delivery
from services.notifier.outcomes import Outcome, Sent, settle
from services.notifier.standings import CAUSES, Claim, Report, Standing, cause_of_delay, stand
from tests.unit.notifier.facts import NOW, PATIENCE, delivery_of, issued, received


def after(outcome: Outcome, data: Cause | None = None, event: str = "e1", now: datetime = NOW) -> Delivery:
    return settle(delivery_of(data or issued(), event), outcome, PATIENCE, now)


def standing(state: Literal["delivered", "bounced"] = "delivered", reached: bool = True) -> Standing:
    return Standing(
        round="2569",
        center="c1",
        path=("00",),
        notice="n",
        kind="reminder",
        state=state,
        since=NOW,
        reached=reached,
    )


def test_the_latest_word_stands_and_having_been_reached_stays():
    first = stand(None, after(Sent()))
    assert first is not None
    assert (first.state, first.reached) == ("delivered", True)
    second = stand(first, after(Bounce("recipient_550"), received(), "e2", NOW + timedelta(hours=1)))
    assert second is not None
    assert (second.state, second.kind, second.reached) == ("bounced", "report_received", True)
    assert second.status.key == "2569/c1/notice"


def test_an_older_word_or_the_same_again_changes_nothing():
    newer = stand(None, after(Sent(), received(), "e2", NOW + timedelta(hours=1)))
    assert newer is not None
    assert stand(newer, after(Sent())) is None
    assert stand(newer, after(Sent(), received(), "e2", NOW + timedelta(hours=2))) is None


def test_an_lao_and_what_has_not_ended_have_no_standing():
    assert stand(None, after(Sent(), issued("6580101", "lao"))) is None
    assert stand(None, delivery_of(issued())) is None


@pytest.mark.parametrize(
    ("report", "claim", "told", "cause"),
    [
        (Report(received=1), Claim(), None, None),
        (Report(received=2, rejected=1), Claim(), None, None),
        (Report(received=2, accepted=1, rejected=2), Claim(), None, None),
        (Report(opened=True, received=1, rejected=1), Claim(1, 1), standing(), "rejected"),
        (Report(opened=True), Claim(1, 1), standing(), "stalled"),
        (Report(), Claim(1, 0), None, "never_reached"),
        (Report(), Claim(1, 0), standing("bounced", reached=False), "never_reached"),
        (Report(), Claim(1, 0), standing("bounced", reached=True), "unclaimed"),
        (Report(), Claim(2, 1), standing(), "unclaimed"),
        (Report(), Claim(1, 1), standing(), "silent"),
    ],
)
def test_why_a_center_is_behind(report, claim, told, cause):
    assert cause_of_delay(report, claim, told) == cause
    assert cause is None or cause in CAUSES


STEPS = [("received", 1), ("rejected", 1), ("received", 2), ("accepted", 2)]


def told_in(order: Iterable[tuple[str, int]]) -> Report:
    maxima: dict[str, int] = {}
    for field, version in order:
        maxima[field] = max(maxima.get(field, 0), version)
    return Report(
        received=maxima.get("received", 0), accepted=maxima.get("accepted", 0), rejected=maxima.get("rejected", 0)
    )


def test_a_report_s_maxima_are_the_same_in_every_order():
    assert {told_in(order) for order in permutations(STEPS)} == {Report(received=2, accepted=2, rejected=1)}


@given(st.lists(st.sampled_from(STEPS)))
def test_a_rejection_alone_is_never_a_submission(steps):
    only_rejected = [step for step in steps if step[0] == "rejected"]
    assert not told_in(only_rejected).submitted
