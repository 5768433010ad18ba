"""Lists of who owes a report, as they go out over HTTP."""

from typing import Any

from services.submissions.chasing.causes import Cause, Place
from services.submissions.domain import Standing, Submission
from services.submissions.views import Moment, SubmissionView, submission_view
from shared.http import View


class PlaceView(SubmissionView):
    """A center that owes a report. `causes` say why it is behind, if it is; `deadline` is its own, extended or not.

    `state` is `awaited` and `since` empty while it has sent nothing.
    """

    name: str | None
    since: Moment | None  # type: ignore[assignment]
    deadline: Moment
    causes: list[Cause]


class CountsView(View):
    """How many centers under an organization owe a report, and where they stand."""

    round: str
    within: str
    owing: int
    delivered: int
    late: int
    states: dict[Standing, int]
    causes: dict[Cause, int]


def place_view(
    round_: str,
    place: Place,
    submission: Submission | None,
    name: str | None,
    deadline: Moment,
    causes: tuple[Cause, ...],
) -> PlaceView:
    """A center of a list, with what it sent."""
    # Before the sweeper has come round, the list says already what it will tell.
    late = place.late or "overdue" in causes
    more: dict[str, Any] = {"name": name, "deadline": deadline, "causes": list(causes), "late": late}
    if submission is not None:
        return PlaceView(**(dict(submission_view(submission)) | more))
    nothing: dict[str, Any] = {
        "due_again": None,
        "overdue": None,
        "successor": None,
        "reports": [],
        "carried": [],
        "uploads": [],
    }
    return PlaceView(round=round_, center=place.center, state=place.standing, since=None, **nothing, **more)
