"""Rounds and rolls over HTTP: parse, authorise, call, answer. What one may look at is in `reading`."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request, status

from services.registry import refusals
from services.registry.domain import Round, create_round
from services.registry.reading import api as lists
from services.registry.roll.importing import Imported, Importing
from services.registry.roll.reading import Reading, read_roll
from services.registry.roll.sheets import SheetRefused
from services.registry.store import RegistryStore
from services.registry.views import NewRound, RollReport, RoundView
from shared.http import Page, PageQuery, Router, requires, route_options, write_cursor
from shared.http.problems import CONFLICT, ROUND_UNKNOWN, WRONG_MEDIA_TYPE
from shared.mongo import AlreadyThere, Conflict
from shared.security.principals import Principal, Role
from shared.telemetry import get_logger
from shared.thai.calendar import buddhist_year, in_bangkok

log = get_logger()

LARGEST_ROLL: Final = 24 * 1024 * 1024
"""Bytes. The roll of the country takes 1.3 MB as XLSX and 4 MB as CSV."""

Clock = Callable[[], datetime]
Keeper = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
Anybody = Annotated[Principal, Depends(requires())]
InPath = Annotated[str, Path(alias="round")]
Paging = Annotated[PageQuery, Depends()]

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


def routers(store: RegistryStore, importing: Importing, clock: Clock) -> list[Router]:
    """The registry's routes."""
    return [_rounds(store, importing, clock), _rolls(importing, clock), lists.router(store)]


def _rounds(store: RegistryStore, importing: Importing, clock: Clock) -> Router:
    router = Router(prefix="/v1/rounds", tags=["rounds"])

    @router.post("", status_code=status.HTTP_201_CREATED)
    async def create(new: NewRound, _keeper: Keeper) -> RoundView:
        now = clock()
        state = create_round(
            round_id=new.round or str(new.fiscal_year),
            fiscal_year=new.fiscal_year,
            academic_year=new.academic_year,
            deadline=new.deadline,
            grace_minutes=new.grace_minutes,
            now=now,
        )
        if not isinstance(state, Round):
            raise refusals.of_round(state, new.round or "")
        try:
            await store.add_round(state)
        except AlreadyThere:
            raise refusals.ROUND_EXISTS.problem(where="body.round") from None
        log.info("registry.round.created", round=state.round)
        return RoundView.of(state)

    @router.get("")
    async def read_all(page: Paging, _anybody: Anybody) -> Page[RoundView]:
        found = await store.rounds_after(page.after(), page.limit + 1)
        shown = found[: page.limit]
        return Page(
            items=[RoundView.of(state) for state in shown],
            next=write_cursor(shown[-1].round) if len(found) > page.limit else None,
        )

    @router.get("/{round}")
    async def read(round_id: InPath, _anybody: Anybody) -> RoundView:
        stored = await store.round(round_id)
        if stored is None:
            raise ROUND_UNKNOWN.problem(where="path.round")
        return RoundView.of(stored.state)

    @router.post("/{round}/open")
    async def open_round(round_id: InPath, _keeper: Keeper) -> RoundView:
        try:
            state = await importing.open(round_id, clock())
        except Conflict:
            raise CONFLICT.problem(where="path.round") from None
        if not isinstance(state, Round):
            raise refusals.of_round(state, round_id)
        log.info("registry.round.opened", round=round_id, obligations=state.obligations)
        return RoundView.of(state)

    return router


def _rolls(importing: Importing, clock: Clock) -> Router:
    router = Router(prefix="/v1/rounds", tags=["rounds"])

    @router.post("/{round}/roll", openapi_extra=_ROLL_BODY)
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

    return router


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
        raise refusals.of_sheet(refused) from None
    if not isinstance(reading, Reading):
        raise refusals.of_roll(reading)
    return reading
