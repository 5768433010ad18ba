"""What the notifier shows over HTTP. Times are ISO 8601 at +07:00; offices by code and name, never by address."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.notifier.chase import Behind
from services.notifier.checks import Office
from services.notifier.domain import Delivery, State
from services.notifier.notices import Notice, Owing
from services.notifier.standings import Cause
from shared.contracts.events import Path
from shared.thai.calendar import in_bangkok
from shared.thai.collation import thai_sorted

ThaiTime = Annotated[datetime, AfterValidator(in_bangkok)]


class NoticeOrder(BaseModel):
    """A reminder to the centers of a round, under an organization, that have not sent their report."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["reminder"]
    round: str = Field(min_length=1, max_length=64)
    within: str | None = Field(None, min_length=1, max_length=64, description="organization code; your own without it")


class RecipientView(BaseModel):
    center: str
    name: str | None
    lao: str
    reachable: bool = Field(description="whether the center has a mail address")


class Rehearsal(BaseModel):
    """Exactly who would be told now. Nothing was sent."""

    rehearsal: Literal[True] = True
    kind: str
    round: str
    within: str
    count: int
    unreachable: int
    recipients: list[RecipientView]

    @classmethod
    def of(cls, order: NoticeOrder, within: str, owing: list[Owing], offices: dict[str, Office]) -> "Rehearsal":
        """By name, in Thai order."""
        found = [
            RecipientView(
                center=one.center,
                name=office.name if office else None,
                lao=one.lao,
                reachable=bool(office and office.email),
            )
            for one in owing
            for office in [offices.get(one.center)]
        ]
        return cls(
            kind=order.kind,
            round=order.round,
            within=within,
            count=len(found),
            unreachable=sum(not one.reachable for one in found),
            recipients=thai_sorted(found, key=lambda one: one.name or one.center),
        )


class NoticeView(BaseModel):
    """A notice and what became of its deliveries, as far as the caller may see them."""

    id: str
    kind: str
    round: str
    within: str | None = Field(description="the organization it was ordered for; none for what an event caused")
    ordered_by: str | None
    created_at: ThaiTime
    recipients: int
    issued: bool = Field(description="false while its deliveries are still being made")
    deliveries: dict[State, int]
    acknowledged: int

    @classmethod
    def of(cls, number: str, notice: Notice | Delivery, tally: list[tuple[str, int, int]]) -> "NoticeView":
        ordered = notice if isinstance(notice, Notice) else None
        return cls(
            id=number,
            kind=notice.kind,
            round=notice.round,
            within=ordered and ordered.within,
            ordered_by=ordered and ordered.ordered_by,
            created_at=notice.created_at,
            recipients=len(ordered.recipients) if ordered else 1,
            issued=ordered is None or ordered.state == "issued",
            deliveries={state: count for state, count, _ in tally},
            acknowledged=sum(acknowledged for _, _, acknowledged in tally),
        )


class Acknowledgement(BaseModel):
    notice: str
    recipient: str
    acknowledged_at: ThaiTime


class DeliveryView(BaseModel):
    """One notice to one recipient. `doubts`: how often a crash left open whether the mail went out."""

    id: str
    notice: str
    kind: str
    round: str
    recipient: str
    path: Path
    state: State
    reason: str | None
    attempts: int
    doubts: int
    created_at: ThaiTime
    due: ThaiTime | None
    ended_at: ThaiTime | None
    acknowledged_at: ThaiTime | None

    @classmethod
    def of(cls, number: str, delivery: Delivery) -> "DeliveryView":
        return cls(id=number, **delivery.model_dump(include=set(cls.model_fields) - {"id"}))


class BehindView(BaseModel):
    """A center that has not sent its report, and the reason to start from."""

    center: str
    name: str | None
    lao: str
    path: Path
    cause: Cause
    deadline: ThaiTime
    told: Literal["delivered", "bounced"] | None = Field(description="whether the latest notice to it arrived")
    told_at: ThaiTime | None

    @classmethod
    def of(cls, behind: Behind) -> "BehindView":
        return cls(
            center=behind.owing.center,
            name=behind.office and behind.office.name,
            lao=behind.owing.lao,
            path=behind.owing.path,
            cause=behind.cause,
            deadline=behind.deadline,
            told=behind.standing and behind.standing.state,
            told_at=behind.standing and behind.standing.since,
        )
