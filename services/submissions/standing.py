"""Which version counts, and so where a center stands; what a change of that lets the world know. Pure.

A version is approved or returned once ONESQA said so last; before that it is what its inspection made of it. What
counts is, in this order: the last one approved; of those not returned, the last accepted one, else the last; else the
last one returned. A center that has sent nothing usable of its own stands where those stand that were merged into it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from services.submissions.domain import Report, Standing, Submission
from services.submissions.reviewing.reviews import Review
from services.submissions.uploading.sending import Change, stage_of

USABLE: frozenset[Standing] = frozenset({"received", "accepted", "approved"})


@dataclass(frozen=True, slots=True)
class Counting:
    """The version that counts, and how it stands. `origin` is the center that had sent it, where a merge carried it."""

    report: Report
    standing: Standing
    since: datetime
    origin: str | None = None


def verdicts(submission: Submission) -> dict[str, Review]:
    """The review that counts for each receipt: the last one, whoever of the merged centers it was about."""
    every = [review for one in submission.carried for review in one.reviews] + list(submission.reviews)
    return {review.receipt: review for review in sorted(every, key=_when) if review.refused is None}


def _when(review: Review) -> tuple[datetime, int]:
    return review.at, review.number


def standing_of(report: Report, review: Review | None) -> tuple[Standing, datetime]:
    """How one version stands, and since when."""
    if review is not None:
        return ("approved" if review.verdict == "accepted" else "returned"), review.at
    return report.state, report.decided_at or report.received_at


def counting(submission: Submission) -> Counting | None:
    """The version that counts; None while there is none."""
    reviews = verdicts(submission)
    own = _best([(report, None) for report in submission.reports], reviews)
    if own and own.standing in USABLE:
        return own
    inherited = [(report, one.center) for one in submission.carried for report in one.reports]
    carried = _best(sorted(inherited, key=lambda pair: pair[0].received_at), reviews)
    if carried and carried.standing in USABLE:
        return carried
    return own or carried


def _best(reports: Sequence[tuple[Report, str | None]], reviews: Mapping[str, Review]) -> Counting | None:
    every = [Counting(one, *standing_of(one, reviews.get(one.receipt)), origin) for one, origin in reports]
    for wanted in (
        [one for one in every if one.standing == "approved"],
        [one for one in every if one.standing == "accepted"],
        [one for one in every if one.standing != "returned"],
        every,
    ):
        if wanted:
            return wanted[-1]
    return None


def settled(before: Submission, after: Submission, *told: BaseModel) -> Change:
    """The new state with its standing brought up to date, and the stage told if that changed.

    What is delivered is not overdue any more; what was told is remembered, in case it is refused.
    """
    counts = counting(after)
    now: dict[str, object] = {}
    if counts is not None:
        now = {"standing": counts.standing, "since": counts.since, "late": counts.report.late}
    elif after.standing not in {"awaited", "uploading"}:  # what was carried over is taken back: where it began
        now = {"standing": "uploading" if after.uploads else "awaited", "late": False}
    after = after.model_copy(update=now)
    if after.delivered:
        told_before = after.overdue or after.overdue_told
        after = after.model_copy(update={"overdue": None, "overdue_told": told_before})
    elif after.overdue:
        after = after.model_copy(update={"late": True})
    stood, stands = stage_of(before), stage_of(after)
    return Change(after, (*told, *(() if stood == stands else (stands,))))


def told_of(submission: Submission, report: Report) -> dict[str, Any]:
    """What every event of a report says."""
    return {
        "round": submission.round,
        "center": submission.center,
        "path": submission.path,
        **report.model_dump(include={"upload", "version", "receipt", "sha256", "size", "received_at", "late"}),
    }
