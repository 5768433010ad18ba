"""A notice that somebody orders: a reminder to the centers of a round under an organization. Pure.

Its recipients are fixed when it is ordered; the deliveries follow from it, the same ones however often they are made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.notifier.domain import Delivery, identity
from services.notifier.standings import Report
from shared.contracts.events import Path, RoundChanged


class Recipient(BaseModel):
    """A center that is to be reminded."""

    model_config = ConfigDict(frozen=True)

    center: str
    path: Path


class Notice(BaseModel):
    """An ordered notice. `issuing` until every delivery of it exists. `ordered_by` is an office, not a person."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["reminder"]
    round: str
    within: str
    path: Path
    ordered_by: str
    created_at: AwareDatetime
    recipients: tuple[Recipient, ...]
    state: Literal["issuing", "issued"] = "issuing"
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class RoundNotOpen:
    """Nobody is reminded of a round that is not open."""

    state: str


@dataclass(frozen=True, slots=True)
class Owing:
    """A center that owes a report in a round."""

    center: str
    lao: str
    path: Path


def recipients_of(
    round_: RoundChanged, owing: Sequence[Owing], reports: Mapping[str, Report]
) -> list[Owing] | RoundNotOpen:
    """The centers to remind: those that owe a report and have not submitted it."""
    if round_.state != "open":
        return RoundNotOpen(round_.state)
    nothing = Report()
    return [center for center in owing if not reports.get(center.center, nothing).submitted]


def deliveries_of(number: str, notice: Notice, now: datetime) -> dict[str, Delivery]:
    """The deliveries of an ordered notice, by id."""
    return {
        identity("reminder", number, recipient.center): Delivery(
            notice=number,
            kind="reminder",
            round=notice.round,
            recipient=recipient.center,
            holder="center",
            path=recipient.path,
            cause=number,
            traceparent=notice.traceparent,
            created_at=now,
            state="queued",
            queued_at=now,
            due=now,
        )
        for recipient in notice.recipients
    }
