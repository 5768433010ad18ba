"""Extensions of a round as a file."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.reading.exports import ANSWERS
from services.registry.reading.filters import Filter
from services.registry.reading.handing import HandingOut
from services.registry.reading.sheets import Column, Feature, Format, Table
from services.registry.rounds.api import there
from services.registry.rounds.extensions import in_sight
from services.registry.rounds.parts import ExtensionRequest
from services.registry.rounds.views import ExtensionView
from services.registry.store import RegistryStore
from shared.http import Router, requires
from shared.security.approval import RequestState
from shared.security.principals import Principal
from shared.security.scope import DEPARTMENT_CODE
from shared.thai.calendar import format_moment

Anybody = Annotated[Principal, Depends(requires())]
InPath = Annotated[str, Path(alias="round", max_length=64)]

STATES: Final[dict[RequestState, str]] = {
    "asked": "รออนุมัติ",
    "approved": "อนุมัติ",
    "refused": "ไม่อนุมัติ",
    "withdrawn": "ถอนคำขอ",
    "undone": "ยกเลิกการอนุมัติ",
}


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """A request for more time, with its place in the file."""

    number: int
    request: ExtensionView


EXTENSIONS: Final[Table[ExtensionRow]] = Table(
    "การขยายเวลา",
    (
        Column("ลำดับ", lambda row: row.number, 8),
        Column("รหัสคำขอ", lambda row: row.request.id, 34),
        Column("ขยายให้", lambda row: row.request.organization),
        Column("กำหนดส่งใหม่", lambda row: row.request.deadline_th, 44),
        Column("เหตุผล", lambda row: row.request.reason, 44),
        Column("สถานะ", lambda row: "หมดอายุ" if row.request.expired else STATES[row.request.state], 16),
        Column("ผู้ขอ", lambda row: row.request.asked_by, 18),
        Column("ขอเมื่อ", lambda row: format_moment(row.request.asked_at), 44),
        Column("ผู้พิจารณา", lambda row: row.request.decided_by, 18),
        Column("พิจารณาเมื่อ", lambda row: _moment(row.request.decided_at), 44),
        Column("ยกเลิกเมื่อ", lambda row: _moment(row.request.undone_at), 44),
        Column("เหตุผลที่ยกเลิก", lambda row: row.request.undone_reason, 44),
    ),
    lambda row: Feature(row.request.id, None, None, row.request.model_dump(mode="json", exclude={"id"})),
)


class ExtensionsFile(BaseModel):
    """Which requests, as what."""

    model_config = ConfigDict(extra="forbid")

    format: Format = Field(description="in `geojson` a request has no place on the map")
    state: RequestState | None = None


async def extension_rows(requests: Sequence[ExtensionRequest], now: datetime) -> AsyncIterator[Sequence[ExtensionRow]]:
    """They in their order; a round has few."""
    yield [ExtensionRow(at, ExtensionView.of(one, now)) for at, one in enumerate(requests, start=1)]


def router(store: RegistryStore, out: HandingOut, clock: Callable[[], datetime]) -> Router:
    """`/v1/exports/rounds/{round}/extensions`."""
    routes = Router(prefix="/v1/exports/rounds/{round}", tags=["extensions"])

    @routes.get("/extensions", response_class=Response, responses=ANSWERS)
    async def extensions(round_id: InPath, asked: Annotated[ExtensionsFile, Query()], who: Anybody) -> Response:
        """The requests about what lies in one's part of the tree, as a file."""
        requests = in_sight(await there(store, round_id), who, asked.state)
        wanted = Filter(DEPARTMENT_CODE, round=round_id)
        return await out.hand(EXTENSIONS, asked.format, extension_rows(requests, clock()), wanted, "extensions")

    return routes


def _moment(moment: datetime | None) -> str | None:
    return format_moment(moment) if moment else None
