"""What many centers said of themselves, over HTTP: lists, counts and a table, for those over them."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Response
from starlette.responses import StreamingResponse

from services.submissions.desk import Desk, Overseer, RoundId, Within
from services.submissions.store import key_of
from services.submissions.summary import problems
from services.submissions.summary.framework import Framework
from services.submissions.summary.tables import head, row
from services.submissions.summary.views import LevelsView, SummaryView, levels_view, summary_view
from services.submissions.summary_store import SummaryStore
from shared.http import Page, PageQuery, Router, write_cursor

_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "A table, UTF-8 with BOM", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


def summary_list_routes(desk: Desk, summaries: SummaryStore) -> Router:
    """The routes of many centers' summaries. Drafts are in none of them."""
    router = Router(prefix="/v1")

    @router.get("/rounds/{round}/summaries")
    async def list_summaries(
        principal: Overseer, round_: RoundId, page: Annotated[PageQuery, Depends()], within: Within = None
    ) -> Page[SummaryView]:
        """What the centers under an organization (by default the caller's own) sent last, by center code."""
        await desk.round(round_)
        found = await summaries.answered(round_, await desk.within(principal, within), page.after(), page.limit + 1)
        items = [summary_view(one.state, sent) for one in found[: page.limit] for sent in (one.state.current,) if sent]
        last = found[page.limit - 1].state if len(found) > page.limit else None
        return Page(items=items, next=write_cursor(key_of(round_, last.center)) if last else None)

    @router.get("/rounds/{round}/summaries/levels")
    async def count_levels(principal: Overseer, round_: RoundId, within: Within = None) -> LevelsView:
        """How many centers under an organization gave themselves which level, indicator by indicator."""
        await desk.round(round_)
        sight = await desk.within(principal, within)
        centers, tally = await summaries.count(round_, sight), await summaries.tally(round_, sight)
        return levels_view(round_, sight[-1], centers, tally)

    @router.get("/rounds/{round}/summaries/table", response_class=Response, responses=_CSV)
    async def export_summaries(principal: Overseer, round_: RoundId, within: Within = None) -> StreamingResponse:
        """The summaries of the centers under an organization as CSV, one row a center, for a spreadsheet."""
        await desk.round(round_)
        sight = await desk.within(principal, within)
        published = await summaries.framework(round_)
        if published is None:
            raise problems.FRAMEWORK_MISSING.problem(where="path.round")
        headers = {"Content-Disposition": 'attachment; filename="summaries.csv"'}
        lines = _lines(summaries, published.framework, round_, sight)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    return router


async def _lines(
    summaries: SummaryStore, framework: Framework, round_: str, sight: tuple[str, ...]
) -> AsyncIterator[str]:
    yield head(framework)
    async for summary in summaries.each_answered(round_, sight):
        if sent := summary.current:
            yield row(framework, summary, sent)
