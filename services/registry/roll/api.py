"""Rolls over HTTP: take the file in, have it read, answer with the report; and have a second person decide."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as File
from typing import Annotated, Any, BinaryIO, Final, Literal

from fastapi import Depends, Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from services.registry import refusals
from services.registry.domain import Round
from services.registry.roll import refusals as roll_refusals
from services.registry.roll.agreeing import Agreeing
from services.registry.roll.importing import Compared, Imported, Importing, LeavesOpenRound, TooMuchLost
from services.registry.roll.loss import RollRequest
from services.registry.roll.reading import Reading, read_roll
from services.registry.roll.report import write_report
from services.registry.roll.request_views import RequestView
from services.registry.roll.sheets import SheetRefused
from services.registry.roll.spool import Spool
from services.registry.roll.summary import facts_of
from services.registry.roll.views import Outcome, RollReport
from shared.http import Router, requires, route_options
from shared.http.problems import CONFLICT, WRONG_MEDIA_TYPE
from shared.mongo import Conflict
from shared.security.principals import Principal, Role
from shared.telemetry import get_logger
from shared.thai.calendar import buddhist_year, in_bangkok

log = get_logger()

LARGEST_ROLL: Final = 64 * 1024 * 1024
"""Bytes. The roll of the country takes 1.3 MB as XLSX and 4 MB as CSV; 100,000 rows take ten times as much."""
AT_ONCE: Final = 2
"""Rolls that one process reads at a time; others wait."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PIECE: Final = 256 * 1024
_TOLD: Final = 16
"""Letters of a roll's digest in the audit trail: enough to tell two rolls apart."""

Clock = Callable[[], datetime]
Enter = Callable[[Principal, str, str, str, object | None], Awaitable[None]]
"""Enters a deed in the audit trail: who, what, in which round, about which request, and why it was refused."""
Keeper = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
InPath = Annotated[str, Path(alias="round", max_length=64)]

_BINARY: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_ROLL_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, not a form. The kind is read from its bytes.",
        "content": {XLSX: _BINARY, "text/csv": _BINARY},
    }
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": RollReport, "content": {XLSX: _BINARY}, "description": "The report"},
    202: {
        "model": RollReport,
        "content": {XLSX: _BINARY},
        "description": "Too many centers would leave the roll: nothing was changed, and a second person must approve",
    },
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How a roll is to be taken."""

    dry_run: bool
    part: bool
    xlsx: bool
    reason: str


def _asked(
    request: Request,
    *,
    dry_run: Annotated[bool, Query(description="say what would change, and change nothing")] = False,
    part: Annotated[
        bool, Query(description="the file is a part of the roll: centers that it does not name stay on it")
    ] = False,
    report: Annotated[
        Literal["json", "xlsx"] | None, Query(description="`xlsx`: the file as it came, with the result of each row")
    ] = None,
    reason: Annotated[str, Query(max_length=500, description="for the second person, should one have to decide")] = "",
) -> Asked:
    accepts = request.headers.get("accept", "")
    xlsx = report == "xlsx" or (report is None and XLSX in accepts and "application/json" not in accepts)
    return Asked(dry_run, part, xlsx, reason)


def router(importing: Importing, agreeing: Agreeing, enter: Enter, clock: Clock) -> Router:
    """`POST /v1/rounds/{round}/roll`."""
    routes = Router(prefix="/v1/rounds", tags=["roll"])
    places = asyncio.Semaphore(AT_ONCE)

    @routes.post("/{round}/roll", openapi_extra=_ROLL_BODY, response_model=None, responses=_ANSWERS)
    @route_options(max_body=LARGEST_ROLL)
    async def import_roll(
        round_id: InPath, request: Request, keeper: Keeper, asked: Annotated[Asked, Depends(_asked)]
    ) -> Response:
        """Import a round's roll, or say what an import would do. Safe to repeat."""
        started, now = time.perf_counter(), clock()
        state = await importing.round_for_roll(round_id)
        if not isinstance(state, Round):
            raise refusals.of_round(state, round_id)
        async with places, _read(request, buddhist_year(in_bangkok(now))) as (file, spool, reading):
            if not asked.dry_run:
                content = await asyncio.to_thread(spool.content)
                await enter(keeper, "roll.import", round_id, content[:_TOLD], None)
            compared = await _carry_out(importing, round_id, spool, now, asked)
            waits: RollRequest | None = None
            if isinstance(compared, TooMuchLost):
                waits = await _conflicting(agreeing.ask(round_id, spool, compared, keeper, asked.reason))
                await enter(keeper, "roll.ask", round_id, waits.id, None)
            outcome: Outcome = "waiting" if waits else "rehearsed" if asked.dry_run else "imported"
            view = RequestView.of(waits, keeper, now) if waits else None
            answer = await asyncio.to_thread(RollReport.of, round_id, spool, reading, compared, outcome, view)
            log.info(
                "registry.roll.imported",
                round=round_id,
                dry_run=asked.dry_run,
                outcome=outcome,
                rows=answer.rows.total,
                rejected=answer.rows.rejected,
                changed=answer.changes.centers_added + answer.changes.centers_changed,
                removed=answer.changes.removed,
                seconds=round(time.perf_counter() - started, 3),
            )
            code = status.HTTP_202_ACCEPTED if waits else status.HTTP_200_OK
            if asked.xlsx:
                return await _as_xlsx(file, spool, reading, answer, code)
            return Response(answer.model_dump_json(), code, media_type="application/json")

    return routes


async def _carry_out(importing: Importing, round_id: str, spool: Spool, now: datetime, asked: Asked) -> Compared:
    if asked.dry_run:
        found = await importing.rehearse(round_id, spool, now, part=asked.part)
    else:
        found = await _conflicting(importing.import_roll(round_id, spool, now, part=asked.part))
    if isinstance(found, LeavesOpenRound):
        raise roll_refusals.of_loss(found)
    if not isinstance(found, Compared | Imported | TooMuchLost):
        raise refusals.of_round(found, round_id)
    return found


async def _conflicting(work: Any) -> Any:
    try:
        return await work
    except Conflict:
        raise CONFLICT.problem(where="path.round") from None


@asynccontextmanager
async def _read(request: Request, this_year: int) -> AsyncIterator[tuple[BinaryIO, Spool, Reading]]:
    """Take the file to disk (bounded by the route) and read it in a thread, so that probes go on being answered."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise WRONG_MEDIA_TYPE.problem(
            "ส่งตัวไฟล์เป็นเนื้อหาโดยตรง ไม่ใช่แบบฟอร์ม",
            "Send the file itself as the body, not as a form.",
            where="header.Content-Type",
        )
    spool = Spool()
    try:
        with tempfile.TemporaryFile() as file:
            async for chunk in request.stream():
                file.write(chunk)
            try:
                reading = await asyncio.to_thread(read_roll, file, this_year, spool)
            except SheetRefused as refused:
                raise roll_refusals.of_sheet(refused) from None
            if not isinstance(reading, Reading):
                raise roll_refusals.of_roll(reading)
            yield file, spool, reading
    finally:
        spool.close()


async def _as_xlsx(file: BinaryIO, spool: Spool, reading: Reading, answer: RollReport, code: int) -> Response:
    """The report as a workbook, which lies on disk without a name while it is sent."""
    with tempfile.TemporaryDirectory() as folder:
        out = File(folder) / "report.xlsx"
        await asyncio.to_thread(write_report, file, out, spool, reading, facts_of(answer))
        size, opened = out.stat().st_size, out.open("rb")

    async def pieces() -> AsyncIterator[bytes]:
        with opened:
            while piece := await asyncio.to_thread(opened.read, _PIECE):
                yield piece

    headers = {
        "Content-Disposition": f'attachment; filename="roll-{answer.round}-report.xlsx"',
        "Content-Length": str(size),
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(pieces(), code, headers, XLSX)
