"""Submissions over HTTP: send a report, see where a center stands."""

from typing import Annotated

from fastapi import Depends

from services.submissions import problems
from services.submissions.desk import Clock, Code, Desk, Overseer, Reader, RoundId, Within
from services.submissions.domain import Standing
from services.submissions.store import Sight, key_of
from services.submissions.uploading.api import upload_routes
from services.submissions.views import SubmissionView, submission_view
from shared.http import Page, PageQuery, Router, write_cursor


def routes(desk: Desk, clock: Clock) -> Router:
    """The routes of the service."""
    router = Router(prefix="/v1")
    upload_routes(router, desk, clock)
    _reading(router, desk)
    return router


def _reading(router: Router, desk: Desk) -> None:
    @router.get("/rounds/{round}/centers/{center}/submission")
    async def get_submission(principal: Reader, round_: RoundId, center: Code) -> SubmissionView:
        """Where a center stands in a round, with every version of its report."""
        found = await desk.submission(round_, center, principal)
        if found is None:
            raise problems.NOTHING_SENT.problem(where="path.center")
        return submission_view(found)

    @router.get("/rounds/{round}/submissions")
    async def list_submissions(
        principal: Overseer,
        round_: RoundId,
        page: Annotated[PageQuery, Depends()],
        within: Within = None,
        state: Standing | None = None,
    ) -> Page[SubmissionView]:
        """The submissions of the centers under an organization (by default the caller's own), by center code."""
        await desk.round(round_)
        sight = Sight(round_, await desk.within(principal, within), state)
        found = await desk.store.listed(sight, page.after(), page.limit + 1)
        items = [submission_view(stored.state) for stored in found[: page.limit]]
        last = items[-1] if len(found) > page.limit else None
        return Page(items=items, next=write_cursor(key_of(last.round, last.center)) if last else None)
