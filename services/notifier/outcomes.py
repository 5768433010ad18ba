"""What becomes of a delivery: its states, its retries, and the events that tell of them. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.checks import Bounce, Skip, Wait
from services.notifier.domain import ENDS, Delivery, Patience, State
from shared.contracts.events import (
    NoticeAcknowledged,
    NoticeBounced,
    NoticeDelivered,
    NoticeEvent,
    NoticeIssued,
    NoticeSkipped,
)

CHANNEL = "email"


@dataclass(frozen=True, slots=True)
class Sent:
    """The mail server took it over."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work this time. `doubtful`: the server may have taken it over all the same."""

    reason: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Unsent:
    """Nothing left this process: as if it had not been taken up."""


Outcome = Sent | Failed | Unsent | Wait | Skip | Bounce


def settle(  # noqa: PLR0911  one line an outcome
    delivery: Delivery, outcome: Outcome, patience: Patience, now: datetime
) -> Delivery:
    """The delivery after an outcome."""
    match outcome:
        case Sent():
            return _ended(delivery, "delivered", None, now)
        case Skip(reason):
            return _ended(delivery, "skipped", reason, now)
        case Bounce(reason):
            return _ended(delivery, "bounced", reason, now)
        case Wait(reason, until):
            return _again(delivery, reason, until)
        case Unsent():
            return _again(delivery, delivery.reason, now)
        case Failed(reason, doubtful):
            tried = delivery.model_copy(
                update={"attempts": delivery.attempts + 1, "doubts": delivery.doubts + doubtful}
            )
            if tried.attempts >= patience.attempts:
                return _ended(tried, "bounced", reason, now)
            return _again(tried, reason, now + backoff(tried.attempts, patience))


def backoff(attempts: int, patience: Patience) -> timedelta:
    """How long to wait after so many temporary failures: doubling, up to the longest."""
    doubled: int = 1 << min(max(attempts - 1, 0), 30)
    return min(patience.first_wait * doubled, patience.longest_wait)


def _ended(delivery: Delivery, state: State, reason: str | None, now: datetime) -> Delivery:
    return delivery.model_copy(update={"state": state, "reason": reason, "ended_at": now, "due": None, "lease": None})


def _again(delivery: Delivery, reason: str | None, due: datetime) -> Delivery:
    return delivery.model_copy(update={"state": "queued", "reason": reason, "due": due, "lease": None})


@dataclass(frozen=True, slots=True)
class NotSentYet:
    """Nobody can acknowledge what was not sent to them."""


def acknowledge(delivery: Delivery, now: datetime) -> Delivery | NotSentYet:
    """รับทราบ by the recipient. The first time counts; again changes nothing."""
    if delivery.state in {"held", "skipped"}:
        return NotSentYet()
    return delivery if delivery.acknowledged_at else delivery.model_copy(update={"acknowledged_at": now})


def told(before: Delivery | None, after: Delivery, now: datetime) -> list[NoticeEvent]:
    """The events of a step from one state to the next, in order."""
    common = {
        "notice": after.notice,
        "kind": after.kind,
        "round": after.round,
        "recipient": after.recipient,
        "path": after.path,
        "cause": after.cause,
    }
    events: list[NoticeEvent] = []
    was = before.state if before else "held"
    if was == "held" and after.state != "held":
        events.append(NoticeIssued(**common))
    if was not in ENDS and after.state == "delivered":
        events.append(NoticeDelivered(**common, channel=CHANNEL, delivered_at=now))
    if was not in ENDS and after.state == "bounced":
        events.append(NoticeBounced(**common, channel=CHANNEL, reason=after.reason or "", bounced_at=now))
    if was not in ENDS and after.state == "skipped":
        events.append(NoticeSkipped(**common, reason=after.reason or "", skipped_at=now))
    if after.acknowledged_at and not (before and before.acknowledged_at):
        events.append(NoticeAcknowledged(**common, acknowledged_at=after.acknowledged_at))
    return events
