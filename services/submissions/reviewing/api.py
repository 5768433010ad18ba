"""Reviews over HTTP: ONESQA's verdict, and the history of a submission."""

from typing import Annotated

from fastapi import Depends

from services.submissions import problems
from services.submissions.desk import Clock, Code, Desk, Reader, RoundId
from services.submissions.receipts.codes import read_receipt_code
from services.submissions.reviewing.problems import cannot_review
from services.submissions.reviewing.reviewing import Given, Reviews
from services.submissions.reviewing.rules import Judgement
from services.submissions.reviewing.views import HistoryView, ReviewBody, ReviewedView, history_view, reviewed_view
from shared.http import Router, requires
from shared.mongo.aggregates import new_id
from shared.security.principals import Principal, Role

Assessor = Annotated[Principal, Depends(requires(Role.ASSESSOR))]


def review_routes(desk: Desk, reviews: Reviews, clock: Clock) -> Router:
    """The routes of reviews."""
    router = Router(prefix="/v1")

    @router.post("/rounds/{round}/centers/{center}/review")
    async def give_review(principal: Assessor, round_: RoundId, center: Code, body: ReviewBody) -> ReviewedView:
        """Accept a version of a report, or return it with reasons. The same verdict again changes nothing."""
        seen = await desk.submission(round_, center, principal)
        submission = await reviews.of(round_, center) if seen else None
        if submission is None:
            raise problems.NOTHING_SENT.problem(where="path.center")
        judged = Judgement(
            id=new_id(),
            receipt=read_receipt_code(body.receipt),
            verdict=body.verdict,
            reasons=tuple(one.plain for one in body.reasons),
            due=body.due and body.due.replace(microsecond=body.due.microsecond // 1000 * 1000),
            replaces=body.replaces,
            by=principal.org,
        )
        given = await reviews.give(submission, judged, principal, clock())
        if not isinstance(given, Given):
            raise cannot_review(given)
        return reviewed_view(given)

    @router.get("/rounds/{round}/centers/{center}/submission/history")
    async def get_history(principal: Reader, round_: RoundId, center: Code) -> HistoryView:
        """Every version that a center sent, what became of it, and every verdict, by time."""
        found = await desk.submission(round_, center, principal)
        if found is None:
            raise problems.NOTHING_SENT.problem(where="path.center")
        return history_view(found)

    return router
