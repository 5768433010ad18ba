"""Erasing a holder over HTTP: asked by one, approved by another, and never undone."""

from typing import Annotated, Literal

from fastapi import Depends, Path

from services.credentials import problems
from services.credentials.domain import Refusal
from services.credentials.erasing import rules
from services.credentials.erasing.desk import ErasureDesk, Step
from services.credentials.erasing.rules import Erasure
from services.credentials.erasing.store import ErasureStore
from services.credentials.erasing.views import ErasureGiven, ErasureShown, shown
from services.credentials.journal import Journal
from services.credentials.overseeing.api import HolderCode, Within, not_seen, seen
from services.credentials.overseeing.sight import Sight
from services.credentials.renewing.api import Asker, Officer
from services.credentials.store import CredentialsStore
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.approvals import REQUEST_UNKNOWN, of_approval
from shared.http.problems import FORBIDDEN
from shared.security.approval import ApprovalRefusal, RequestState
from shared.security.principals import Principal

ErasureId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
Decider = Annotated[Principal, Depends(requires(*sorted(rules.DECIDERS)))]


def erasure_routes(
    store: CredentialsStore, erasures: ErasureStore, sight: Sight, desk: ErasureDesk, journal: Journal
) -> Router:
    """Ask, look, decide."""
    router = Router(prefix="/v1")

    @router.post("/holders/{code}/credential/erase", tags=["erasures"])
    async def erase(code: HolderCode, given: ErasureGiven, who: Asker) -> ErasureShown:
        """Ask that a holder's keys be destroyed, with every secret they seal. A second person approves."""
        newest = await seen(store, who, code, None, given.kind)
        if newest is None:
            await journal.declined(who, "holder", code, "erasure.ask", "out_of_scope", "")
            raise not_seen()
        return _answer(await desk.ask(who, newest, given.reason))

    @router.get("/erasures", tags=["erasures"])
    async def requests(
        who: Officer, page: Annotated[PageQuery, Depends()], within: Within = None, state: RequestState = "asked"
    ) -> Page[ErasureShown]:
        """Requests to erase holders below an organization; those that wait for a decision, unless asked otherwise."""
        part = await sight.part(who, within, "erasure.look")
        found = await erasures.within(part, state, page.after(), page.limit)
        await journal.listed(who, "erasure.look", part, state)
        following = write_cursor(found[-1][0]) if len(found) == page.limit else None
        return Page(items=[shown(each) for _, each in found], next=following)

    @router.post("/erasures/{erasure}/approve", tags=["erasures"])
    async def approve(erasure: ErasureId, who: Decider) -> ErasureShown:
        """Approve, as a second person. When this answers, the keys are destroyed, and nothing brings them back."""
        return await settled(who, erasure, "approved")

    @router.post("/erasures/{erasure}/refuse", tags=["erasures"])
    async def refuse(erasure: ErasureId, who: Decider) -> ErasureShown:
        """Refuse a request."""
        return await settled(who, erasure, "refused")

    @router.post("/erasures/{erasure}/withdraw", tags=["erasures"])
    async def withdraw(erasure: ErasureId, who: Asker) -> ErasureShown:
        """Take one's own request back."""
        return await settled(who, erasure, "withdrawn")

    async def settled(who: Principal, request: str, step: Step) -> ErasureShown:
        found = await desk.settle(who, request, step)
        if found == "unknown":
            raise REQUEST_UNKNOWN.problem(where="path.erasure")
        return _answer(found)

    return router


def _answer(found: Erasure | Refusal | ApprovalRefusal | Literal["forbidden"]) -> ErasureShown:
    if found == "forbidden":
        raise FORBIDDEN.problem()
    if isinstance(found, Refusal):
        raise problems.of(found)
    if isinstance(found, Erasure):
        return shown(found)
    raise of_approval(found, "path.erasure")
