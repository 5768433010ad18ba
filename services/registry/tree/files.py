"""Orders as a file."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.reading.exports import ANSWERS
from services.registry.reading.filters import Filter
from services.registry.reading.handing import HandingOut
from services.registry.reading.scope import Scope
from services.registry.reading.sheets import Column, Feature, Format, Table
from services.registry.tree.orders import About, OrderState
from services.registry.tree.store import TreeStore
from services.registry.tree.views import OrderView
from shared.http import Router, requires
from shared.security.principals import Principal
from shared.thai.calendar import format_moment, format_short

BATCH: Final = 500
Anybody = Annotated[Principal, Depends(requires())]

ABOUT: Final[dict[About, str]] = {"organization": "หน่วยงาน", "center": "ศูนย์", "round": "รอบ"}
STATES: Final[dict[OrderState, str]] = {
    "waiting": "รอถึงวัน",
    "running": "กำลังดำเนินการ",
    "done": "ดำเนินการแล้ว",
    "refused": "ทำไม่ได้",
    "cancelled": "ยกเลิก",
}
KINDS: Final = {
    "rename": "เปลี่ยนชื่อ",
    "move": "ย้ายสังกัด",
    "merge": "ยุบรวม",
    "split": "แยก",
    "close": "ยุบเลิก",
    "open_organization": "ตั้งหน่วยงาน",
    "open_center": "ตั้งศูนย์",
    "add": "เพิ่มในบัญชีรายชื่อ",
    "remove": "ถอนจากบัญชีรายชื่อ",
}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order, with its place in the file."""

    number: int
    order: OrderView


ORDERS: Final[Table[OrderRow]] = Table(
    "คำสั่งเปลี่ยนแปลงทะเบียน",
    (
        Column("ลำดับ", lambda row: row.number, 8),
        Column("รหัสคำสั่ง", lambda row: row.order.id, 34),
        Column("เรื่องของ", lambda row: ABOUT[row.order.about], 12),
        Column("รหัส", lambda row: row.order.subject),
        Column("คำสั่ง", lambda row: KINDS[row.order.kind], 20),
        Column("มีผลวันที่", lambda row: format_short(row.order.effective), 16),
        Column("เหตุผล", lambda row: row.order.reason, 44),
        Column("ผู้สั่ง", lambda row: row.order.by, 18),
        Column("สั่งเมื่อ", lambda row: format_moment(row.order.ordered_at), 44),
        Column("สถานะ", lambda row: STATES[row.order.state], 16),
        Column("หน่วยงานที่เปลี่ยน", lambda row: row.order.organizations),
        Column("ศูนย์ที่เปลี่ยน", lambda row: row.order.centers),
        Column("ภาระที่เปลี่ยน", lambda row: row.order.obligations),
    ),
    lambda row: Feature(row.order.id, None, None, row.order.model_dump(mode="json", exclude={"id"})),
)


class OrdersFile(BaseModel):
    """Which orders, as what."""

    model_config = ConfigDict(extra="forbid")

    format: Format = Field(description="in `geojson` an order has no place on the map")
    within: str | None = Field(None, max_length=64, description="code of an organization; all in sight without it")


async def order_rows(store: TreeStore, root: str) -> AsyncIterator[Sequence[OrderRow]]:
    """Orders about what hung under an organization, the newest first."""
    number, after = 0, None
    while True:
        found = await store.orders_within(root, after, BATCH)
        yield [OrderRow(number + at, OrderView.of(order)) for at, (_, order) in enumerate(found, start=1)]
        if len(found) < BATCH:
            return
        number, after = number + len(found), found[-1][0]


def router(store: TreeStore, scope: Scope, out: HandingOut) -> Router:
    """`/v1/exports/orders`."""
    routes = Router(prefix="/v1/exports", tags=["tree orders"])

    @routes.get("/orders", response_class=Response, responses=ANSWERS)
    async def orders(asked: Annotated[OrdersFile, Query()], who: Anybody) -> Response:
        """The list of orders as a file."""
        root = await scope.root(who, asked.within)
        return await out.hand(ORDERS, asked.format, order_rows(store, root), Filter(root), "orders")

    return routes
