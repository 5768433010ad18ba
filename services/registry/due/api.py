"""The five-year rule over HTTP: who is due, and a proposal for a round."""

import asyncio
import time
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Response

from services.registry.due.files import DUE, PROPOSAL, due_rows, rows_of
from services.registry.due.paging import Wanted, read_place, write_place
from services.registry.due.proposing import propose
from services.registry.due.rules import Standing
from services.registry.due.store import DueStore
from services.registry.due.views import DueCounts, DueFile, DueView, ProposalQuery, ProposalView, Year
from services.registry.reading.exports import ANSWERS, FileName, answer, export
from services.registry.reading.filters import Filter
from services.registry.reading.handing import HandingOut
from services.registry.reading.scope import Scope
from services.registry.store import RegistryStore
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import BAD_CURSOR, ROUND_UNKNOWN
from shared.security.principals import Principal, Role
from shared.telemetry import get_logger

log = get_logger()

Anybody = Annotated[Principal, Depends(requires())]
Selector = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.ASSESSOR))]
FiscalYear = Annotated[Year, Query()]
Within = Annotated[str | None, Query(max_length=64, description="code of an organization; one's own without it")]


def router(store: RegistryStore, due: DueStore) -> Router:
    """`/v1/due` and `/v1/rounds/{round}/proposal`."""
    routes = Router(prefix="/v1", tags=["five-year rule"])
    scope, out = Scope(store), HandingOut(store)

    @routes.get("/due")
    async def list_due(
        fiscal_year: FiscalYear,
        page: Annotated[PageQuery, Depends()],
        who: Anybody,
        within: Within = None,
        state: Annotated[
            Standing | None, Query(description="with a round, `early` are those selected too early")
        ] = None,
        in_round: Annotated[str | None, Query(alias="round", max_length=64, description="on this round's roll")] = None,
    ) -> Page[DueView]:
        """Active centers and where they stand in a fiscal year, the longest unassessed first.

        All pages are as of the moment of the first.
        """
        wanted = Wanted(await scope.root(who, within), fiscal_year, state, in_round)
        after = page.after()
        place = read_place(after, wanted) if after is not None else None
        if place is None and after is not None:  # a cursor that is well made but not of this list
            raise BAD_CURSOR.problem(where="query.cursor")
        found, moment = await due.page(wanted, place, page.limit + 1)
        shown = found[: page.limit]
        return Page(
            items=[DueView.of(center, fiscal_year) for center in shown],
            next=write_cursor(write_place(wanted, moment, shown[-1])) if len(found) > page.limit else None,
        )

    @routes.get("/exports/due", response_class=Response, responses=ANSWERS)
    async def due_file(asked: Annotated[DueFile, Query()], who: Anybody) -> Response:
        """The list of `/v1/due` as a file."""
        wanted = Wanted(await scope.root(who, asked.within), asked.fiscal_year, asked.state, asked.round)
        return await out.hand(DUE, asked.format, due_rows(due, store, wanted), Filter(wanted.within), "due")

    @routes.get("/due/counts")
    async def counts(fiscal_year: FiscalYear, who: Anybody, within: Within = None) -> DueCounts:
        """How many active centers stand where in a fiscal year."""
        root = await scope.root(who, within)
        return DueCounts(fiscal_year=fiscal_year, within=root, **await due.counts(root, fiscal_year))

    @routes.post("/rounds/{round}/proposal", response_model=ProposalView, responses=_answers())
    async def proposal(
        round_id: Annotated[str, Path(alias="round", max_length=64)],
        body: ProposalQuery,
        who: Selector,
        as_file: Annotated[
            Literal["json", "xlsx", "csv"], Query(alias="format", description="a sheet can be imported as a roll")
        ] = "json",
    ) -> ProposalView | Response:
        """Whom to put on the roll of a round, with the reason of each. It changes nothing.

        Centers that owe a report in another round that is open are left out, and counted.
        """
        started = time.perf_counter()
        stored = await store.round(round_id)
        if stored is None:
            raise ROUND_UNKNOWN.problem(where="path.round")
        root = await scope.root(who, body.within)
        candidates = [one async for one in due.candidates(root, round_id)]
        year = stored.state.fiscal_year
        made = await asyncio.to_thread(propose, candidates, year, body.capacity, include_early=body.include_early)
        log.info(
            "registry.proposal.made",
            round=round_id,
            capacity=body.capacity,
            proposed=len(made.entries),
            seconds=round(time.perf_counter() - started, 3),
        )
        if as_file == "json":
            return ProposalView.of(round_id, made)
        file = await export(PROPOSAL, as_file, rows_of(made, store))
        return answer(file, FileName(f"{PROPOSAL.title} {round_id}", f"proposal-{round_id}"))

    return routes


def _answers() -> "dict[int | str, dict[str, object]]":
    content = {kind: schema for kind, schema in ANSWERS[200]["content"].items() if "json" not in kind}
    return {200: {"description": "The proposal, as JSON or as a sheet.", "content": content}}
