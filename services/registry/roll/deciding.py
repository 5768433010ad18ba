"""Rolls that wait for a second person, over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path

from services.registry.roll.agreeing import Agreeing, Unfit
from services.registry.roll.api import Enter
from services.registry.roll.loss import RollRequest
from services.registry.roll.refusals import ROLL_NOT_KEPT, of_request
from services.registry.roll.request_views import RequestView
from services.registry.roll.views import WaitingReport
from services.registry.roll.waiting import GoneError
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import BAD_CURSOR, CONFLICT
from shared.mongo import Conflict
from shared.security.principals import Principal, Role
from shared.telemetry import get_logger

log = get_logger()

Clock = Callable[[], datetime]
Step = Callable[[str, str, Principal], Awaitable[RollRequest | Unfit]]
Keeper = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
InPath = Annotated[str, Path(alias="round", max_length=64)]
Numbered = Annotated[str, Path(alias="id", max_length=64)]


class Desk:
    """Finds requests and takes the steps of their two persons, each entered in the audit trail first."""

    def __init__(self, agreeing: Agreeing, enter: Enter, clock: Clock) -> None:
        self._agreeing, self._enter, self._clock = agreeing, enter, clock

    async def find(self, round_id: str, request_id: str) -> RollRequest:
        """The request; 404 where the round has none with this id."""
        found = await self._agreeing.request(round_id, request_id)
        if not isinstance(found, RollRequest):
            raise of_request(found, round_id)
        return found

    async def take(self, what: str, how: Step, round_id: str, request_id: str, by: Principal) -> RequestView:
        """Take a step. What is refused is entered, too."""
        await self.find(round_id, request_id)
        await self._enter(by, f"roll.{what}", round_id, request_id, None)
        try:
            after = await how(round_id, request_id, by)
        except Conflict:
            raise CONFLICT.problem(where="path.id") from None
        if not isinstance(after, RollRequest):
            await self._enter(by, f"roll.{what}", round_id, request_id, after)
            raise of_request(after, round_id)
        log.info("registry.roll.decided", round=round_id, step=what, gone=after.gone)
        return self.view(after, by)

    async def report(self, round_id: str, request_id: str, by: Principal) -> WaitingReport:
        """What was read of a roll that waits."""
        found = await self.find(round_id, request_id)
        try:
            async with self._agreeing.reading(found) as spool:
                return await asyncio.to_thread(WaitingReport.of, self.view(found, by), spool)
        except GoneError:
            raise ROLL_NOT_KEPT.problem(where="path.id") from None

    def view(self, request: RollRequest, asks: Principal) -> RequestView:
        """The request as an officer sees it."""
        return RequestView.of(request, asks, self._clock())


def router(agreeing: Agreeing, enter: Enter, clock: Clock) -> Router:
    """`/v1/rounds/{round}/roll/requests`."""
    routes = Router(prefix="/v1/rounds/{round}/roll/requests", tags=["roll"])
    desk = Desk(agreeing, enter, clock)

    @routes.get("")
    async def read_all(round_id: InPath, page: Annotated[PageQuery, Depends()], keeper: Keeper) -> Page[RequestView]:
        """The round's requests, newest first."""
        try:
            found = await agreeing.requests(round_id, page.after(), page.limit + 1)
        except ValueError:  # a cursor that is well made but not of this list
            raise BAD_CURSOR.problem(where="query.cursor") from None
        shown = found[: page.limit]
        return Page(
            items=[desk.view(each, keeper) for _, each in shown],
            next=write_cursor(shown[-1][0]) if len(found) > page.limit else None,
        )

    @routes.get("/{id}")
    async def read(round_id: InPath, request_id: Numbered, keeper: Keeper) -> RequestView:
        """One request."""
        return desk.view(await desk.find(round_id, request_id), keeper)

    @routes.get("/{id}/report")
    async def report(round_id: InPath, request_id: Numbered, keeper: Keeper) -> WaitingReport:
        """What was read of the roll and what it would change: what the second person decides about."""
        return await desk.report(round_id, request_id, keeper)

    @routes.post("/{id}/approve")
    async def approve(round_id: InPath, request_id: Numbered, by: Keeper) -> RequestView:
        """Approve as a second person: the roll has taken effect when this answers."""
        return await desk.take("approve", agreeing.approve, round_id, request_id, by)

    @routes.post("/{id}/refuse")
    async def refuse(round_id: InPath, request_id: Numbered, by: Keeper) -> RequestView:
        """Refuse as a second person: nothing changes, and the roll is forgotten."""
        return await desk.take("refuse", agreeing.refuse, round_id, request_id, by)

    @routes.post("/{id}/withdraw")
    async def withdraw(round_id: InPath, request_id: Numbered, by: Keeper) -> RequestView:
        """Take one's own request back: nothing changes, and the roll is forgotten."""
        return await desk.take("withdraw", agreeing.withdraw, round_id, request_id, by)

    return routes
