"""Receipts as they go out over HTTP."""

from typing import Literal

from services.submissions.domain import Report, Standing, Submission
from services.submissions.standing import standing_of, verdicts
from services.submissions.views import Moment
from shared.http import View
from shared.thai.calendar import format_moment, in_bangkok


class ReceiptView(View):
    """A receipt, as anybody with its code may see it. `signed` is its proof (JWS); `sentence` says so to a person.

    `late` is as it counts now: an extension that was given afterwards may have put on time what the proof calls late.
    `decided_at` is when its inspection took or refused the file, `reviewed_at` when ONESQA gave the verdict that counts
    """

    code: str
    round: str
    center: str
    version: int
    sha256: str
    size: int
    received_at: Moment
    late: bool
    state: Standing
    decided_at: Moment | None
    reviewed_at: Moment | None
    signed: str
    sentence: str
    sentence_en: str


class CompletedView(View):
    upload: str
    state: Literal["received"] = "received"
    receipt: ReceiptView


def receipt_view(submission: Submission, report: Report, survivor: Submission | None = None) -> ReceiptView:
    """The receipt of a report. After a merge ONESQA's verdict on it stands with the `survivor`."""
    when = format_moment(report.received_at)
    thai, english = ("หลังกำหนด", "late") if report.late else ("ทันกำหนด", "on time")
    given = verdicts(submission) | (verdicts(survivor) if survivor else {})
    review = given.get(report.receipt)
    state, _ = standing_of(report, review)
    return ReceiptView(
        **report.model_dump(include={"version", "sha256", "size", "received_at", "late", "signed"}),
        code=report.receipt,
        round=submission.round,
        center=submission.center,
        state=state,
        decided_at=report.decided_at,
        reviewed_at=review.at if review else None,
        sentence=f"ได้รับรายงานแล้วเมื่อ{when} {thai}",
        sentence_en=f"Received on {in_bangkok(report.received_at):%d %B %Y at %H:%M} (UTC+7), {english}.",
    )
