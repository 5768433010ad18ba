"""An inspection that came to no end: whose fault it is."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.submissions.inspecting.findings import FINDINGS
from services.submissions.inspecting.inspector.confine import Limits
from services.submissions.inspecting.stalling import APART_S, MOST_KILLS, MOST_STALLS, at_fault, counts_as
from services.submissions.inspecting.verdicts import Stalled, verdict_of
from tests.unit.submissions.sent import report

LIMITS = Limits(memory=512 << 20, cpu=10, wall=60.0)
OURS = "u"


def ended(**changes: Any) -> dict[str, Any]:
    return {"signal": 0, "timed_out": False, "cpu": 0.1, "answer": "", **changes}


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (ended(signal=signal.SIGKILL), Stalled("killed")),
        (ended(signal=signal.SIGKILL, cpu=9.9), Stalled("killed")),
        (ended(signal=signal.SIGKILL, cpu=10.9), FINDINGS["too_complex"]),
        (ended(signal=signal.SIGXCPU, cpu=10.0), FINDINGS["too_complex"]),
        (ended(signal=signal.SIGKILL, timed_out=True, cpu=4.9), Stalled("waited")),
        (ended(signal=signal.SIGKILL, timed_out=True, cpu=5.0), Stalled("spent")),
    ],
)
def test_only_a_limit_of_its_own_is_a_verdict_on_a_file(outcome: dict[str, Any], verdict: object) -> None:
    assert verdict_of(outcome, LIMITS) == verdict


def test_who_used_its_time_is_counted_and_who_waited_is_not() -> None:
    assert counts_as(Stalled("spent"), OURS, {}, 0) == "stalls"
    assert counts_as(Stalled("waited"), OURS, {}, 0) is None


@given(ago=st.floats(0, 2 * APART_S), ours=st.booleans())
def test_a_kill_counts_unless_another_file_was_killed_at_the_time(ago: float, ours: bool) -> None:
    killed = {OURS if ours else "other": 1000.0 - ago}
    counted = counts_as(Stalled("killed"), OURS, killed, 1000.0)
    assert (counted == "kills") == (ours or 1000.0 - killed.popitem()[1] >= APART_S)


def test_a_file_is_at_fault_after_so_many_of_either_and_never_for_what_does_not_count() -> None:
    assert not at_fault(report(stalls=MOST_STALLS - 2, kills=MOST_KILLS - 1), "stalls")
    assert at_fault(report(stalls=MOST_STALLS - 1), "stalls")
    assert not at_fault(report(stalls=MOST_STALLS - 1, kills=MOST_KILLS - 2), "kills")
    assert at_fault(report(kills=MOST_KILLS - 1), "kills")
    assert not at_fault(report(stalls=99, kills=99), None)
