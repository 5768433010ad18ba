"""What is known of each center in a round: its report, its claim, what it was told last, and why it is behind. Pure."""

from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.notifier.domain import Delivery, Kind
from shared.contracts.events import Path
from shared.contracts.status import StageChanged


@dataclass(frozen=True, slots=True)
class Report:
    """The highest version (counted from 1; 0 is none) of a center's report that was opened, received and decided.

    Maxima commute: events may come in any order, and again.
    """

    opened: bool = False
    received: int = 0
    accepted: int = 0
    rejected: int = 0
    carried: int = 0
    """What merges brought it, as `carried` tells."""

    @property
    def submitted(self) -> bool:
        """Whether the center has nothing left to do: a version was accepted, or the latest awaits inspection.

        Or a merge brought it a report that counts.
        """
        return self.accepted > 0 or self.received > self.rejected or self.carried % 2 == 1


def carried(number: int, delivered: bool) -> int:
    """The how manieth carrying, and whether one counts since, as one number: the latest is the greatest."""
    return 2 * number + delivered


@dataclass(frozen=True, slots=True)
class Claim:
    """The highest version of a center's credential that was issued and claimed."""

    issued: int = 0
    claimed: int = 0


Cause = Literal["rejected", "stalled", "never_reached", "unclaimed", "silent"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
"""Why a center is on the chase list: its report was rejected; an upload was begun and not finished; no mail has
reached it; its credential is unclaimed; or none of these, it has simply not sent."""


class Standing(BaseModel):
    """What a center was told last in a round, and whether it arrived."""

    model_config = ConfigDict(frozen=True)

    round: str
    center: str
    path: Path
    notice: str
    kind: Kind
    state: Literal["delivered", "bounced"]
    since: AwareDatetime
    reached: bool
    """Whether any notice of the round has ever arrived."""

    @property
    def status(self) -> StageChanged:
        """The plain record for dashboards."""
        return StageChanged(
            round=self.round,
            center=self.center,
            stage="notice",
            state=self.state,
            since=self.since,
            path=self.path,
        )


def stand(before: Standing | None, delivery: Delivery) -> Standing | None:
    """Where the center stands after a delivery; None when that tells nothing new or nothing later."""
    if delivery.holder != "center" or delivery.state not in {"delivered", "bounced"} or delivery.ended_at is None:
        return None
    if before and (before.since > delivery.ended_at or (before.notice, before.state) == _told(delivery)):
        return None
    state: Literal["delivered", "bounced"] = "delivered" if delivery.state == "delivered" else "bounced"
    return Standing(
        round=delivery.round,
        center=delivery.recipient,
        path=delivery.path,
        notice=delivery.notice,
        kind=delivery.kind,
        state=state,
        since=delivery.ended_at,
        reached=state == "delivered" or bool(before and before.reached),
    )


def _told(delivery: Delivery) -> tuple[str, str]:
    return delivery.notice, delivery.state


def cause_of_delay(report: Report, claim: Claim, standing: Standing | None) -> Cause | None:
    """Why a center that owes a report has not sent it; None when it has."""
    if report.submitted:
        return None
    if report.rejected:
        return "rejected"
    if report.opened:
        return "stalled"
    if standing is None or not standing.reached:
        return "never_reached"
    if claim.issued > claim.claimed:
        return "unclaimed"
    return "silent"
