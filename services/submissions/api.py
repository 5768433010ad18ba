"""Submissions over HTTP: send a report, see where a center stands."""

from typing import Annotated

from fastapi import Depends, Query

from services.submissions import problems
from services.submissions.desk import Clock, Code, Desk, Overseer, Reader, RoundId
from services.submissions.domain import Standing
from services.submissions.store import Sight, Store, key_of
from services.submissions.uploading.api import upload_routes
from services.submissions.views import SubmissionView, submission_view
from shared.http import Page, PageQuery, Router, write_cursor
from shared.http import problems as common
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE

_LOCAL = frozenset({Role.PROVINCE, Role.DISTRICT, Role.LAO})


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
        within: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
        state: Standing | None = None,
    ) -> Page[SubmissionView]:
        """The submissions of the centers under an organization (by default the caller's own), by center code."""
        await desk.round(round_)
        sight = Sight(round_, await _within(desk.store, principal, within), state)
        found = await desk.store.listed(sight, page.after(), page.limit + 1)
        items = [submission_view(stored.state) for stored in found[: page.limit]]
        last = items[-1] if len(found) > page.limit else None
        return Page(items=items, next=write_cursor(key_of(last.round, last.center)) if last else None)


async def _within(store: Store, principal: Principal, within: str | None) -> tuple[str, ...]:
    """The organizations that all listed submissions must lie under, or the problem."""
    own = principal.org if principal.role in _LOCAL else DEPARTMENT_CODE
    if principal.role in _LOCAL and own == DEPARTMENT_CODE:  # it would see the country
        raise common.OUT_OF_SCOPE.problem(where="query.within")
    if within is None or within == own:
        return (own,)
    if await store.sample_path(within) is None:
        raise common.ORGANIZATION_UNKNOWN.problem(where="query.within")
    path = await store.sample_path(own, within)
    if path is None or path.index(within) < path.index(own):
        raise common.OUT_OF_SCOPE.problem(where="query.within")
    return (own, within)
