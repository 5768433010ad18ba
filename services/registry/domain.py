"""The rules of rounds and rolls, as the letters order them.

The department makes known which centers are selected this fiscal year, down the chain to the centers; each selected
center owes its self-assessment report by the round's deadline. Pure: `now` is an argument, refusals are values.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from services.registry.rounds.parts import CarriedExtension, ExtensionRequest, RoundDocument, Snapshot
from shared.contracts.events import Extension, Path
from shared.thai.calendar import in_bangkok
from shared.thai.collation import sort_key


class Entry(NamedTuple):
    """One center of the roll, understood. `subdistrict` is its DOPA code; degrees are WGS 84; the year is B.E."""

    row: int
    code: str
    name: str
    lao_code: str
    lao_name: str
    lao_email: str | None
    subdistrict: str
    latitude: float | None
    longitude: float | None
    email: str | None
    last_assessed: int | None


CivilDate = Annotated[date, PlainSerializer(date.isoformat, return_type=str)]
"""A day in Thailand; stored and sent as `2025-10-01`."""

NodeState = Literal["active", "closed"]
ObligationCause = Literal["roll", "added", "removed", "merged", "closed"]


class _State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Past(_State):
    """What a node was from `valid_from` (None: since before this register began) until the day before `valid_to`.

    `change` is the order that began it; None where a roll did.
    """

    name: str
    parent: str | None
    state: NodeState = "active"
    successor: str | None = None
    valid_from: CivilDate | None
    valid_to: CivilDate
    change: str | None = None


class Node(_State):
    """What organizations and centers share. `order` sorts siblings as a Thai dictionary does.

    The node is as it says since `valid_from`, by `change`; what it was before lies in `past`, oldest first. A closed
    node stays for ever, so that its code is never another's; `successor` carries on for one that was merged.
    """

    code: str
    name: str
    path: Path
    email: str | None = None
    state: NodeState = "active"
    successor: str | None = None
    valid_from: CivilDate | None = None
    change: str | None = None
    past: tuple[Past, ...] = ()
    order: str


class Organization(Node):
    """A node of the tree (หน่วยงาน)."""

    kind: Literal["department", "province", "district", "lao"]
    parent: str | None


class Center(Node):
    """A child development center (ศพด.) and the rounds on whose roll it stands. `path` ends with its LAO."""

    lao: str
    subdistrict: str
    latitude: float | None = None
    longitude: float | None = None
    last_assessed: int | None = None
    rounds: tuple[str, ...] = ()

    @property
    def parent(self) -> str:
        """Its LAO: what a center hangs under."""
        return self.lao


def order_of(name: str, code: str) -> str:
    """A sort key that no two nodes share, in the order of a Thai dictionary."""
    return f"{sort_key(name)}\t{code}"


class Round(_State):
    """One year's assessment. `listed` counts the centers on its roll, `obligations` those that owe a report.

    `extensions` is what follows of `requests` and `carried`: the world is told nothing else of them.
    """

    round: str
    fiscal_year: int
    academic_year: int
    deadline: AwareDatetime
    grace_minutes: int
    state: Literal["draft", "open", "closed"] = "draft"
    extensions: tuple[Extension, ...] = ()
    requests: tuple[ExtensionRequest, ...] = ()
    carried: tuple[CarriedExtension, ...] = ()
    documents: tuple[RoundDocument, ...] = ()
    snapshot: Snapshot | None = None
    listed: int = 0
    obligations: int = 0
    created_at: AwareDatetime
    opened_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    closed_reason: str | None = None


class Obligation(_State):
    """That a center owes its report in a round, or no longer. `successor` owes it instead after a merge."""

    round: str
    center: str
    lao: str
    path: Path
    owed: bool = True
    successor: str | None = None
    cause: ObligationCause | None = None
    since: AwareDatetime

    @property
    def key(self) -> str:
        return obligation_key(self.round, self.center)


def obligation_key(round_id: str, center: str) -> str:
    """The id of an obligation: `round/center`."""
    return f"{round_id}/{center}"


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """A round whose deadline lies behind can be neither created nor opened: nobody could keep it."""

    deadline: datetime


@dataclass(frozen=True, slots=True)
class NothingListed:
    """A round without a roll obliges nobody."""


@dataclass(frozen=True, slots=True)
class RoundClosed:
    """A closed round takes no roll and opens no more."""


def create_round(
    *, round_id: str, fiscal_year: int, academic_year: int, deadline: datetime, grace_minutes: int, now: datetime
) -> Round | DeadlinePassed:
    """A new round in draft. The deadline is kept to the second, as an order names it, at +07:00."""
    deadline = in_bangkok(deadline).replace(microsecond=0)
    if deadline <= now:
        return DeadlinePassed(deadline)
    return Round(
        round=round_id,
        fiscal_year=fiscal_year,
        academic_year=academic_year,
        deadline=deadline,
        grace_minutes=grace_minutes,
        created_at=now,
    )


def may_list(state: Round) -> RoundClosed | None:
    """Whether the round still takes a roll."""
    return RoundClosed() if state.state == "closed" else None


def open_round(state: Round, listed: int, now: datetime) -> Round | NothingListed | DeadlinePassed | RoundClosed:
    """Open a round for its `listed` centers. An open one stays as it is."""
    if state.state == "closed":
        return RoundClosed()
    if state.state == "open":
        return state
    if not listed:
        return NothingListed()
    if state.deadline <= now:
        return DeadlinePassed(state.deadline)
    return state.model_copy(update={"state": "open", "listed": listed, "obligations": listed, "opened_at": now})


def counted(state: Round, listed: int, obligations: int) -> Round:
    """The round with its numbers brought up to date."""
    return state.model_copy(update={"listed": listed, "obligations": obligations})


def owe(center: Center, round_id: str, now: datetime, cause: ObligationCause = "roll") -> Obligation:
    """The obligation that a round lays on a center of its roll."""
    return Obligation(round=round_id, center=center.code, lao=center.lao, path=center.path, cause=cause, since=now)


def follow(obligation: Obligation, center: Center, now: datetime, cause: ObligationCause = "roll") -> Obligation:
    """The obligation of a center that owes: one that was released is owed again, and after a move its new officers must
    be able to act.
    """
    if not obligation.owed:
        return owe(center, obligation.round, now, cause)
    return relocate(obligation, center)


def relocate(obligation: Obligation, center: Center) -> Obligation:
    """The obligation where its center stands now, owed or not as before."""
    if obligation.path == center.path:
        return obligation
    return obligation.model_copy(update={"lao": center.lao, "path": center.path})


def release(obligation: Obligation, successor: str | None, now: datetime, cause: ObligationCause) -> Obligation:
    """The obligation taken off its center; `successor` owes the report instead. A released one stays as it is."""
    if not obligation.owed:
        return obligation
    return obligation.model_copy(update={"owed": False, "successor": successor, "cause": cause, "since": now})
