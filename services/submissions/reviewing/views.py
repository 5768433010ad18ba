"""Reviews and the history of a submission as they go in and out over HTTP."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from services.submissions.domain import Report, Standing, Submission
from services.submissions.reviewing.reasons import REASONS
from services.submissions.reviewing.refusals import WORDS
from services.submissions.reviewing.reviewing import Given
from services.submissions.reviewing.reviews import Review
from services.submissions.views import Body, Moment, ReasonView
from services.submissions.words import Words
from shared.contracts.events import ReasonCode, ReviewReason, Verdict
from shared.http import View

Source = tuple[str | None, tuple[Report, ...], tuple[Review, ...]]
Happened = Literal["received", "accepted", "rejected", "returned", "approved", "review_refused"]


class ReasonGiven(Body):
    """A reason for a return. `note` says more to the center; it must name no person."""

    code: ReasonCode
    note: Annotated[Words, Field(min_length=1, max_length=1000)] | None = None

    @property
    def plain(self) -> ReviewReason:
        """As the rules take it."""
        return ReviewReason(code=self.code, note=self.note)


class ReviewBody(Body):
    """A verdict on the version with this receipt. A return needs reasons; without `due` the usual period counts.

    `replaces` names the verdict that this one corrects: without it, a version that was judged is not judged again.
    """

    receipt: str = Field(min_length=12, max_length=20, description="receipt code, as people write it")
    verdict: Verdict
    reasons: list[ReasonGiven] = Field(default=[], max_length=20)
    due: AwareDatetime | None = None
    replaces: str | None = Field(None, max_length=64)


class ReviewReasonView(View):
    code: ReasonCode
    sentence: str
    sentence_en: str
    note: str | None


class ReviewView(View):
    """A verdict. `by` is an office or a system. `refused` is the code of why it does not count, if it does not, and
    `refusal` the same in words.
    """

    id: str
    receipt: str
    verdict: Verdict
    reasons: list[ReviewReasonView]
    due: Moment | None
    replaces: str | None
    by: str
    at: Moment
    refused: str | None
    refusal: ReasonView | None


class ReviewedView(View):
    """The verdict that counts, and where the center stands with it."""

    round: str
    center: str
    standing: Standing
    due_again: Moment | None
    review: ReviewView


class HappeningView(View):
    """Something that happened to one version. `origin` is the center that had sent it, where a merge carried it."""

    at: Moment
    what: Happened
    version: int
    receipt: str
    late: bool
    origin: str | None
    reason: str | None
    review: ReviewView | None


class HistoryView(View):
    """All versions and verdicts of a submission, in order of time. `successor`: the center it was merged into."""

    round: str
    center: str
    standing: Standing
    due_again: Moment | None
    overdue: Moment | None
    successor: str | None
    happenings: list[HappeningView]


def review_view(review: Review) -> ReviewView:
    """A verdict with the sentences of its reasons."""
    reasons = [
        ReviewReasonView(code=one.code, sentence=known.sentence, sentence_en=known.sentence_en, note=one.note)
        for one in review.reasons
        for known in (REASONS[one.code],)
    ]
    refusal = None
    for code, words in WORDS.items():
        if code == review.refused:
            refusal = ReasonView(code=code, sentence=words.sentence, sentence_en=words.sentence_en)
    return ReviewView(**review.model_dump(exclude={"reasons", "number"}), reasons=reasons, refusal=refusal)


def reviewed_view(given: Given) -> ReviewedView:
    """The answer to a verdict."""
    standing = given.submission
    return ReviewedView(
        round=standing.round,
        center=standing.center,
        standing=standing.standing,
        due_again=standing.due_again,
        review=review_view(given.review),
    )


def history_view(submission: Submission) -> HistoryView:
    """The history of a submission and of those that were merged into it."""
    own: Source = (None, submission.reports, submission.reviews)
    sources: list[Source] = [own, *((one.center, one.reports, one.reviews) for one in submission.carried)]
    reports = {report.receipt: (origin, report) for origin, every, _ in sources for report in every}
    happenings = [happening for origin, report in reports.values() for happening in _of_report(report, origin)]
    for _, _, reviews in sources:
        for review in reviews:
            if review.receipt in reports:
                origin, report = reports[review.receipt]
                happenings.append(_of_review(review, report, origin))
    return HistoryView(
        **submission.model_dump(include={"round", "center", "standing", "due_again", "overdue", "successor"}),
        happenings=sorted(happenings, key=lambda one: one.at),
    )


def _of_report(report: Report, origin: str | None) -> list[HappeningView]:
    told = {**report.model_dump(include={"version", "receipt", "late"}), "origin": origin, "review": None}
    received = HappeningView(at=report.received_at, what="received", reason=None, **told)
    if report.decided_at is None or report.state == "received":
        return [received]
    return [received, HappeningView(at=report.decided_at, what=report.state, reason=report.reason, **told)]


def _of_review(review: Review, report: Report, origin: str | None) -> HappeningView:
    what: Happened = "approved" if review.verdict == "accepted" else "returned"
    return HappeningView(
        at=review.at,
        what="review_refused" if review.refused else what,
        reason=review.refused,
        origin=origin,
        review=review_view(review),
        **report.model_dump(include={"version", "receipt", "late"}),
    )
