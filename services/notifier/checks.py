"""Check before send: what is true now decides, not what was true when the notice was caused. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.domain import Delivery, Heir, Patience
from shared.contracts.events import RoundChanged


@dataclass(frozen=True, slots=True)
class Office:
    """A center or LAO as the registry last told it."""

    name: str
    email: str | None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What this service knows of a delivery's surroundings at the moment of sending.

    `centers`: obligated centers of the recipient LAO. `complete`: whether all obligations that the round announced
    have arrived. `owed` and `submitted` are the recipient center's own. `heir` is the office that a closed recipient
    was merged into.
    """

    round: RoundChanged | None = None
    office: Office | None = None
    centers: int = 0
    complete: bool = True
    owed: bool = False
    submitted: bool = False
    heir: Heir | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send it now, to this address."""

    address: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Something is not known yet: look again then."""

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """The recipient need not be told any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """It can't be delivered."""

    reason: str


# A local part and a domain without spaces, quotes, brackets or control characters: what may stand in an envelope.
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,64}@[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,255}")


def check(delivery: Delivery, known: Known, patience: Patience, now: datetime) -> Send | Wait | Skip | Bounce:
    """Whether a delivery may leave now. Nobody is chased after submitting or told of a round that is not open."""
    age = now - (delivery.queued_at or delivery.created_at)
    if delivery.attempts >= patience.attempts:
        return Bounce("exhausted")
    if known.round is None:
        return _wait("unknown_round", age, patience.unknown, now) or Bounce("unknown_round")
    if delivery.kind == "round_opened" and (unfit := _opening(known.round, known, age, patience, now)):
        return unfit
    if delivery.kind == "reminder" and (needless := _needless(known.round, known)):
        return needless
    return _addressed(known.office, age, patience, now)


def _addressed(office: Office | None, age: timedelta, patience: Patience, now: datetime) -> Send | Wait | Skip | Bounce:
    if office is None:
        return _wait("unknown_recipient", age, patience.unknown, now) or Bounce("no_address")
    if not office.active:
        return Skip("recipient_closed")
    if office.email is None:
        return _wait("no_address", age, patience.no_address, now) or Bounce("no_address")
    return Send(office.email) if _ADDRESS.fullmatch(office.email) else Bounce("bad_address")


def _opening(
    round_: RoundChanged, known: Known, age: timedelta, patience: Patience, now: datetime
) -> Wait | Skip | None:
    if round_.state == "closed":
        return Skip("round_closed")
    if round_.state == "draft":
        return Wait("round_not_open", now + _next_look(age))
    if known.office is not None and not known.office.active and not known.centers:
        return Skip("recipient_closed")  # its centers hang under another by now, which is told of them
    if not known.complete or not known.centers:
        waiting = _wait("obligations_missing", age, patience.complete, now)
        return waiting or (None if known.centers else Skip("no_centers"))
    return None


def _needless(round_: RoundChanged, known: Known) -> Skip | None:
    if round_.state != "open":
        return Skip("round_not_open")
    if not known.owed:
        return Skip("not_owed")
    return Skip("submitted") if known.submitted else None


def _wait(reason: str, age: timedelta, longest: timedelta, now: datetime) -> Wait | None:
    return Wait(reason, now + _next_look(age)) if age < longest else None


def _next_look(age: timedelta) -> timedelta:
    """Soon at first, then ever more rarely."""
    return min(max(age / 4, timedelta(milliseconds=500)), timedelta(seconds=30))
