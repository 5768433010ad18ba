"""Rolls over HTTP: take the file in, have it read, answer with the report."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request

from services.registry import refusals
from services.registry.domain import Round
from services.registry.roll import refusals as roll_refusals
from services.registry.roll.importing import Imported, Importing
from services.registry.roll.reading import Reading, read_roll
from services.registry.roll.sheets import SheetRefused
from services.registry.roll.views import RollReport
from shared.http import Router, requires, route_options
from shared.http.problems import CONFLICT, WRONG_MEDIA_TYPE
from shared.mongo import Conflict
from shared.security.principals import Principal, Role
from shared.telemetry import get_logger
from shared.thai.calendar import buddhist_year, in_bangkok

log = get_logger()

LARGEST_ROLL: Final = 24 * 1024 * 1024
"""Bytes. The roll of the country takes 1.3 MB as XLSX and 4 MB as CSV."""

Clock = Callable[[], datetime]
Keeper = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
InPath = Annotated[str, Path(alias="round")]

_ROLL_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, not a form. The kind is read from its bytes.",
        "content": {
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                "schema": {"type": "string", "format": "binary"}
            },
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


def router(importing: Importing, clock: Clock) -> Router:
    """`POST /v1/rounds/{round}/roll`."""
    routes = Router(prefix="/v1/rounds", tags=["rounds"])

    @routes.post("/{round}/roll", openapi_extra=_ROLL_BODY)
    @route_options(max_body=LARGEST_ROLL)
    async def import_roll(
        round_id: InPath,
        request: Request,
        _keeper: Keeper,
        dry_run: Annotated[bool, Query(description="say what would change, and change nothing")] = False,
    ) -> RollReport:
        started, now = time.perf_counter(), clock()
        state = await importing.round_for_roll(round_id)
        if not isinstance(state, Round):
            raise refusals.of_round(state, round_id)
        reading = await _reading(request, buddhist_year(in_bangkok(now)))
        try:
            imported = await (
                importing.rehearse(round_id, reading.entries)
                if dry_run
                else importing.import_roll(round_id, reading.entries, now)
            )
        except Conflict:
            raise CONFLICT.problem(where="path.round") from None
        if not isinstance(imported, Imported):
            raise refusals.of_round(imported, round_id)
        log.info(
            "registry.roll.imported",
            round=round_id,
            dry_run=dry_run,
            rows=reading.rows,
            rejected=reading.verdicts.get("rejected", 0),
            changed=len(imported.plan.centers),
            seconds=round(time.perf_counter() - started, 3),
        )
        return RollReport.of(round_id, reading, imported, dry_run=dry_run)

    return routes


async def _reading(request: Request, this_year: int) -> Reading:
    """Take the file in (bounded by the route) and understand it in a thread, so that probes go on being answered."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise WRONG_MEDIA_TYPE.problem(
            "ส่งตัวไฟล์เป็นเนื้อหาโดยตรง ไม่ใช่แบบฟอร์ม",
            "Send the file itself as the body, not as a form.",
            where="header.Content-Type",
        )
    data = await request.body()
    try:
        reading = await asyncio.to_thread(read_roll, data, this_year)
    except SheetRefused as refused:
        raise roll_refusals.of_sheet(refused) from None
    if not isinstance(reading, Reading):
        raise roll_refusals.of_roll(reading)
    return reading
