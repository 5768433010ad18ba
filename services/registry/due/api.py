"""The five-year rule over HTTP: who is due, and a proposal for a round."""

import asyncio
import time
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Response

from services.registry.due.files import PROPOSAL, rows_of
from services.registry.due.proposing import propose
from services.registry.due.rules import Standing
from services.registry.due.store import DueStore
from services.registry.due.views import DueCounts, DueView, ProposalQuery, ProposalView, Year
from services.registry.reading.exports import ANSWERS, FileName, answer, export
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
    scope = Scope(store)

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
        """Active centers and where they stand in a fiscal year, the longest unassessed first."""
        root = await scope.root(who, within)
        try:
            found = await due.page(root, fiscal_year, state, in_round, page.after(), page.limit + 1)
        except ValueError:  # a cursor that is well made but not of this list
            raise BAD_CURSOR.problem(where="query.cursor") from None
        shown = found[: page.limit]
        return Page(
            items=[DueView.of(center, fiscal_year) for _, center in shown],
            next=write_cursor(shown[-1][0]) if len(found) > page.limit else None,
        )

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
        """Whom to put on the roll of a round, with the reason of each. It changes nothing."""
        started = time.perf_counter()
        stored = await store.round(round_id)
        if stored is None:
            raise ROUND_UNKNOWN.problem(where="path.round")
        root = await scope.root(who, body.within)
        candidates = [one async for one in due.candidates(root)]
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
