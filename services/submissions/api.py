"""Submissions over HTTP: send a report, see where a center stands."""

from services.submissions import problems
from services.submissions.desk import Clock, Code, Desk, Reader, RoundId
from services.submissions.uploading.api import upload_routes
from services.submissions.views import SubmissionView, submission_view
from shared.http import Router


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
