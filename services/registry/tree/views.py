"""What orders look like when they are given, and how the tree's history is told."""

from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain import Center, Node, Organization, Past
from services.registry.tree.history import parent_of
from services.registry.tree.orders import Order, OrderState, Refused
from shared.thai.calendar import format_long, in_bangkok

MOST_AT_ONCE: Final = 100
"""Centers that one order may add to a roll or take off it, and sources that one merge may have."""

Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]{0,31}$", examples=["6580101"])]
Name = Annotated[str, Field(min_length=2, max_length=200, examples=["เทศบาลตำบลปาย"])]
Email = Annotated[str, Field(pattern=r"^[^\s@<>\"(),:;\[\]]{1,64}@[^\s@<>\"(),:;\[\]]{1,190}$")]
Codes = Annotated[list[Code], Field(min_length=1, max_length=MOST_AT_ONCE)]


class OrderBody(BaseModel):
    """What every order says beside its own words."""

    model_config = ConfigDict(extra="forbid")

    effective: str | None = Field(
        None,
        max_length=80,
        examples=["2025-10-01", "๑ ตุลาคม ๒๕๖๘"],
        description="the first day it holds, as 2025-10-01 or as a Thai letter writes it; today unless given",
    )
    reason: str = Field(min_length=3, max_length=500, examples=["ประกาศกระทรวงมหาดไทย"])


class NewOrganization(OrderBody):
    code: Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{4}|[2-7][0-9]{6})$", examples=["6580199"])]
    kind: Literal["province", "district", "lao"]
    name: Name
    parent: Code
    email: Email | None = None


class NewCenter(OrderBody):
    code: Code
    name: Name
    lao: Code
    subdistrict: Annotated[str, Field(pattern=r"^[0-9]{6}$", description="DOPA code", examples=["580101"])]
    latitude: Annotated[float | None, Field(ge=5.5, le=20.6, description="degrees, WGS 84")] = None
    longitude: Annotated[float | None, Field(ge=97.3, le=105.7, description="degrees, WGS 84")] = None
    email: Email | None = None


class Renaming(OrderBody):
    name: Name


class MovingOrganization(OrderBody):
    parent: Code


class MovingCenter(OrderBody):
    lao: Code


class Merging(OrderBody):
    sources: Codes = Field(description="codes that are closed; the one in the path carries on")


class Splitting(OrderBody):
    code: Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{4}|[2-7][0-9]{6})$", examples=["6580199"])]
    name: Name
    email: Email | None = None
    children: Annotated[list[Code], Field(min_length=1, max_length=1_000, description="what the new one takes over")]


class Closing(OrderBody):
    """Nothing beside the day and the reason."""


class RollChange(OrderBody):
    centers: Codes


class OrderView(BaseModel):
    """An order and how far it has come. `by` is an office, never a person."""

    id: str
    about: Literal["organization", "center", "round"]
    subject: str
    kind: str
    words: dict[str, object]
    effective: date
    effective_th: str
    reason: str
    by: str = Field(examples=["department/00"])
    ordered_at: datetime
    state: OrderState
    refusal: Refused | None
    organizations: int = Field(description="written so far")
    centers: int
    obligations: int
    ended_at: datetime | None

    @classmethod
    def of(cls, order: Order) -> "OrderView":
        return cls(
            id=order.id,
            about=order.about,
            subject=order.subject,
            kind=order.words.kind,
            words=order.words.model_dump(mode="json", exclude={"kind"}),
            effective=order.effective,
            effective_th=format_long(order.effective),
            reason=order.reason,
            by=f"{order.role.value}/{order.org}",
            ordered_at=in_bangkok(order.ordered_at),
            state=order.state,
            refusal=order.refusal,
            **order.touched.model_dump(),
            ended_at=in_bangkok(order.ended_at) if order.ended_at else None,
        )


class SpanView(BaseModel):
    """What a node was from its first day to the day before `valid_to`; None stands for an open end."""

    valid_from: date | None
    valid_to: date | None
    name: str
    parent: str | None
    state: Literal["active", "closed"]
    successor: str | None
    order: str | None = Field(description="the order that began it; none where a roll did")
    reason: str | None

    @classmethod
    def of(cls, span: Past, reason: str | None) -> "SpanView":
        said = span.model_dump(exclude={"change", "valid_from", "valid_to"})
        return cls(**said, valid_from=span.valid_from, valid_to=span.valid_to, order=span.change, reason=reason)


class HistoryView(BaseModel):
    """Everything a node was, oldest first; the last span is what it is now."""

    code: str
    spans: list[SpanView]
    orders: list[OrderView] = Field(description="orders about it, the dropped and the coming ones too")

    @classmethod
    def of(cls, node: Organization | Center, orders: list[Order], reasons: dict[str, str]) -> "HistoryView":
        def reason(change: str | None) -> str | None:
            return reasons.get(change) if change else None

        spans = [SpanView.of(span, reason(span.change)) for span in node.past]
        return cls(
            code=node.code,
            spans=[*spans, _now(node, reason(node.change))],
            orders=[OrderView.of(order) for order in orders],
        )


def _now(node: Node, reason: str | None) -> SpanView:
    return SpanView(
        valid_from=node.valid_from,
        valid_to=None,
        name=node.name,
        parent=parent_of(node),
        state=node.state,
        successor=node.successor,
        order=node.change,
        reason=reason,
    )
