"""Rounds over HTTP: parse, authorise, call, answer. Rolls and lists have rooms of their own."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, status

from services.registry import refusals
from services.registry.domain import Round, create_round
from services.registry.reading import api as lists
from services.registry.roll import api as rolls
from services.registry.roll.importing import Importing
from services.registry.rounds.keeping import RoundKeeper
from services.registry.store import RegistryStore
from services.registry.views import NewRound, RoundView
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import CONFLICT, ROUND_UNKNOWN
from shared.mongo import AlreadyThere, Conflict
from shared.security.principals import Principal, Role
from shared.telemetry import get_logger

log = get_logger()

Clock = Callable[[], datetime]
Keeper = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
Anybody = Annotated[Principal, Depends(requires())]
InPath = Annotated[str, Path(alias="round")]
Paging = Annotated[PageQuery, Depends()]


def routers(store: RegistryStore, keeper: RoundKeeper, importing: Importing, clock: Clock) -> list[Router]:
    """The registry's routes."""
    return [_rounds(store, keeper, clock), rolls.router(importing, clock), lists.router(store)]


def _rounds(store: RegistryStore, keeper: RoundKeeper, clock: Clock) -> Router:
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
            state = await keeper.open(round_id, clock())
        except Conflict:
            raise CONFLICT.problem(where="path.round") from None
        if not isinstance(state, Round):
            raise refusals.of_round(state, round_id)
        log.info("registry.round.opened", round=round_id, obligations=state.obligations)
        return RoundView.of(state)

    return router
