"""The deadline evening fails when it was slow, and not only when something was lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.reckoning import Evening, Plan, burst, missed, paced, slow
from tests.bench.senders import Sent

PLAN = Plan(centers=2, minutes=10, burst=2, at_once=2, seed=1, faults=False, deep=False)


def evening(**changes: Any) -> Evening:
    """One as good as the store alone, in its time."""
    facts: dict[str, Any] = {
        "sent": [Sent("a", size=605_000_000), Sent("b", trouble="away", size=605_000_000)],
        "seconds": 605.0,
        "burst": [Sent("c", size=1_000_000), Sent("d", size=1_000_000)],
        "burst_seconds": 1.0,
        "raw_paced_seconds": 2.0,
        "raw_burst_seconds": 1.0,
    }
    return Evening(PLAN, "r", **{**facts, **changes})


def test_one_as_fast_as_the_store_alone_and_in_its_time_has_no_fault() -> None:
    assert slow(evening()) == missed(evening()) == []
    assert (paced(evening()).good, burst(evening()).good) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sent": [Sent("a", size=405_350_000)]}, "at the pace of the evening: 0.67"),
        ({"burst_seconds": 1.5}, "as fast as it goes: 0.67"),
        ({"burst": [Sent("c", size=2_000_000, trouble="away")]}, "as fast as it goes: 0.00"),
    ],
)
def test_an_aim_that_was_missed_is_told_and_is_no_fault(changes: dict[str, Any], said: str) -> None:
    (aim,) = missed(evening(**changes))
    assert said in aim
    assert slow(evening(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seconds": 651.0}, "it lasted 651 s"),
        ({"sent": [Sent("a", complete=6.0)]}, "one in a hundred waited 6.0 s"),
    ],
)
def test_one_that_was_slow_says_in_what(changes: dict[str, Any], said: str) -> None:
    (fault,) = slow(evening(**changes))
    assert said in fault
