"""What the SAR intake tells of uploads, reports, reviews and summaries; and what ONESQA tells it."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.base import EventData, Path


class UploadOpened(EventData):
    round: str
    center: str
    upload: str
    path: Path
    size: int = Field(description="bytes declared; 0 where the sender used a form, which declares none")
    opened_at: AwareDatetime


class ReportEvent(EventData):
    """What every event of a report says. `sha256` is the service's own digest of the bytes, in hex."""

    round: str
    center: str
    upload: str
    version: int
    receipt: str
    sha256: str
    size: int
    received_at: AwareDatetime
    late: bool
    path: Path


class ReportReceived(ReportEvent):
    """The bytes are whole and durable; the receipt stands. Inspection follows."""


class ReportAccepted(ReportEvent):
    """The inspection found nothing wrong."""

    pages: int
    decided_at: AwareDatetime


class ReportRejected(ReportEvent):
    """The inspection refused the file; `reason` is a stable code, the sentences are for the center."""

    reason: str
    sentence: str
    sentence_en: str
    decided_at: AwareDatetime


Verdict = Literal["accepted", "returned"]
ReasonCode = Literal[
    "wrong_center",
    "wrong_year",
    "incomplete",
    "standard_missing",
    "evidence_missing",
    "unsigned",
    "illegible",
    "summary_differs",
    "other",
]
"""Why ONESQA sends a report back. Stable; the sentences to them are the service's."""
Note = Annotated[str, Field(min_length=1, max_length=1000)]


class ReviewReason(EventData):
    """One reason for a return. `note` says more to the center; it must name no person."""

    code: ReasonCode
    note: Note | None = None


class ReviewGiven(EventData):
    """ONESQA's verdict on one version of a report, as ONESQA publishes it.

    `review` is the publisher's own id of it: the same id again changes nothing. The version is named by its `receipt`,
    so that a verdict on one version never falls on another. `due` is when a returned report must be back; without it
    the receiving side's own period counts. `replaces` names the review of the same version that this one corrects.
    """

    review: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")
    round: str = Field(min_length=1, max_length=64)
    center: str = Field(min_length=1, max_length=64)
    receipt: str = Field(min_length=12, max_length=20)
    verdict: Verdict
    reasons: Annotated[tuple[ReviewReason, ...], Field(max_length=20)] = ()
    due: AwareDatetime | None = None
    replaces: str | None = Field(None, max_length=64)


class ReviewEvent(ReportEvent):
    """A review of a report. `number` counts the reviews of the center's submission, so that the last one counts."""

    review: str
    number: int
    reviewed_at: AwareDatetime


class ReviewAccepted(ReviewEvent):
    """ONESQA took the report: nothing more is to be sent."""


class ReturnReason(EventData):
    """A reason as the center reads it; what ONESQA noted beside it is read from the service alone."""

    code: ReasonCode
    sentence: str
    sentence_en: str


class ReportReturned(ReviewEvent):
    """ONESQA sent the report back: a corrected one is due by `due`."""

    reasons: tuple[ReturnReason, ...]
    due: AwareDatetime


class ReviewRefused(EventData):
    """A review that was published to us and did not count. `code` is stable: `overtaken` (a newer version stands, see
    `current`), `not_inspected`, `not_accepted`, `reviewed_already`, `due_unusable`, `no_reasons` or `too_many`; the
    sentences say the same to a person.
    """

    round: str
    center: str
    path: Path
    review: str
    receipt: str
    code: str
    current: str | None = Field(None, description="receipt of the version that stands, or id of the review that does")
    sentence: str | None = None
    sentence_en: str | None = None
    refused_at: AwareDatetime


class ReportOverdue(EventData):
    """The time by which a report was due, grace included, has passed without one. Told once for each `deadline`."""

    round: str
    center: str
    path: Path
    deadline: AwareDatetime
    announced_at: AwareDatetime


class OverdueLifted(EventData):
    """What was overdue is not any more: its deadline was extended, or nothing is owed."""

    round: str
    center: str
    path: Path
    reason: Literal["extended", "released"]
    deadline: AwareDatetime = Field(description="that had been announced as passed")
    lifted_at: AwareDatetime


class ReportCarried(EventData):
    """A merge carried what `origin` had sent over to `center`. `delivered` says whether it counts as its report.

    `number` counts what was ever carried to or from the center in the round, so that the last one counts.
    """

    round: str
    center: str
    path: Path
    origin: str
    number: int
    delivered: bool
    receipt: str | None
    carried_at: AwareDatetime


class RatedIndicator(EventData):
    """What a center says of itself in one indicator: codes of the framework, never words."""

    indicator: str
    level: str


class SummarySent(EventData):
    """A center's own rating by the round's framework. What it wrote beside the levels stays with the service."""

    round: str
    center: str
    path: Path
    version: int
    framework: str
    framework_version: int
    levels: tuple[RatedIndicator, ...]
    receipt: str | None = Field(description="of the report that it lies beside, if one was received")
    late: bool
    sent_at: AwareDatetime
