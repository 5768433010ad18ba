"""From draft to closed: what may still be corrected, and when a round may end. Pure.

A round is never closed by a clock. The letters set a deadline and are silent on late reports; those are received, and
marked late, for as long as the round is open. Closing ends that, so somebody must decide it.
"""

from dataclasses import dataclass
from datetime import datetime

from services.registry.domain import DeadlinePassed, Round
from services.registry.rounds.deadlines import last_moment
from shared.thai.calendar import in_bangkok


@dataclass(frozen=True, slots=True)
class RoundUnknown:
    """There is no such round."""


@dataclass(frozen=True, slots=True)
class NotDraft:
    """What was announced is no longer corrected: time is given by an extension."""

    state: str


@dataclass(frozen=True, slots=True)
class NotOpen:
    """Only an open round closes, is extended or changes its roll by order."""

    state: str


@dataclass(frozen=True, slots=True)
class StillRunning:
    """Somebody may still send on time until then: a promise that closing would break."""

    until: datetime


def correct_round(
    state: Round,
    now: datetime,
    *,
    fiscal_year: int | None = None,
    academic_year: int | None = None,
    deadline: datetime | None = None,
    grace_minutes: int | None = None,
) -> Round | NotDraft | DeadlinePassed:
    """A draft with what was mistyped put right. What is None stays."""
    if state.state != "draft":
        return NotDraft(state.state)
    given = {
        "fiscal_year": fiscal_year,
        "academic_year": academic_year,
        "deadline": in_bangkok(deadline).replace(microsecond=0) if deadline else None,
        "grace_minutes": grace_minutes,
    }
    after = state.model_copy(update={name: value for name, value in given.items() if value is not None})
    return DeadlinePassed(after.deadline) if after.deadline <= now else after


def close_round(state: Round, reason: str, now: datetime) -> Round | NotOpen | StillRunning:
    """Close a round after the last moment of anybody's deadline and grace. A closed one stays as it is."""
    if state.state == "closed":
        return state
    if state.state != "open":
        return NotOpen(state.state)
    until = last_moment(state)
    if now <= until:
        return StillRunning(until)
    return state.model_copy(update={"state": "closed", "closed_at": now, "closed_reason": reason})
