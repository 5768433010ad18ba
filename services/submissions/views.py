"""What goes in and out over HTTP. Times carry +07:00; people read the Thai sentence beside them."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from services.submissions import problems
from services.submissions.domain import (
    PART_SIZE,
    FailReason,
    Layer,
    Report,
    ReportState,
    Standing,
    Submission,
    Upload,
    UploadState,
)
from services.submissions.inspecting.findings import FINDINGS, NOTES
from services.submissions.returning import how_it_stands, why_back
from shared.blobs import SignedRequest
from shared.http import View
from shared.thai.calendar import in_bangkok

Moment = Annotated[
    datetime, PlainSerializer(lambda at: in_bangkok(at).isoformat(timespec="milliseconds"), return_type=str)
]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in lower-case hex")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileDeclared(Body):
    """A file before its first byte is sent."""

    size: int = Field(gt=0, description="bytes")
    sha256: Digest
    type: str = Field("application/pdf", max_length=200)


class PartDeclared(Body):
    """A part to be sent. `sha256` may be left out once it was told."""

    number: int = Field(ge=1, le=10_000)
    sha256: Digest | None = None


class PartsDeclared(Body):
    parts: list[PartDeclared] = Field(min_length=1, max_length=1_000)


class PartView(View):
    """A part of the file; every part but the last has `part_size` bytes."""

    number: int
    size: int
    sha256: str | None
    stored: bool


class PartRequest(View):
    """The request that sends one part, with exactly these headers, straight to the object store."""

    number: int
    size: int
    method: str
    url: str
    headers: dict[str, str]
    expires_at: Moment


class PartRequests(View):
    parts: list[PartRequest]


class ReasonView(View):
    """Why a report came back, and what to do."""

    code: str
    sentence: str
    sentence_en: str


class NoteView(View):
    """What stands in the file as it was sent, and not or without effect in the copy: why the two differ."""

    code: str
    sentence: str
    sentence_en: str


class SeenView(View):
    """What the inspection saw in the file. Pages are numbered from 1. `noted` are the `notes` in words."""

    pages: int
    blank: list[int]
    turned: list[int]
    layer: Layer
    notes: list[str]
    noted: list[NoteView]


class CopyView(View):
    """The copy without actions, metadata and attachments, which is what others download."""

    sha256: str
    size: int


class ReportView(View):
    """One version of a report. `sha256` is of the file as it was sent, which is kept."""

    version: int
    upload: str
    state: ReportState
    sha256: str
    size: int
    receipt: str
    received_at: Moment
    late: bool
    pages: int | None
    seen: SeenView | None
    clean: CopyView | None
    reason: ReasonView | None
    decided_at: Moment | None


class UploadView(View):
    """One attempt to send a file, with what the store has of it: what is not `stored` is still to be sent.

    One that came by a form has no parts, and neither size nor digest before it was completed.
    It can be resumed until `expires_at`; whoever completes it by `on_time_until` is on time, by the service's clock.
    What was whole in time, and was then lost by the store, is so to the end.
    `failure` says in words why nothing was received, where `reason` is given. Once it was received, `standing` is how
    its version stands, and `came_back` why that was refused or returned: then another file is to be sent.
    """

    id: str
    round: str
    center: str
    state: UploadState
    size: int
    sha256: str | None
    part_size: int
    parts: list[PartView]
    opened_at: Moment
    expires_at: Moment
    on_time_until: Moment
    reason: FailReason | None
    failure: ReasonView | None
    receipt: str | None
    standing: Standing | None
    came_back: list[ReasonView]


class CarriedView(View):
    """What a center that was merged into this one had sent."""

    origin: str
    reports: list[ReportView]


class SubmissionView(View):
    """Where a center stands in a round. `uploads` are those under way.

    `due_again` is when a returned report must be back; `overdue` the time that passed without one; `successor` the
    center that this one was merged into, whose submission counts now.
    """

    round: str
    center: str
    state: Standing
    since: Moment
    late: bool
    due_again: Moment | None
    overdue: Moment | None
    successor: str | None
    reports: list[ReportView]
    carried: list[CarriedView]
    uploads: list[str]


def upload_view(submission: Submission, upload: Upload, stored: Collection[int], until: datetime) -> UploadView:
    """An upload; `stored` are the numbers of the parts that the store has, `until` is how long it is on time."""
    whole = upload.state in {"completing", "received"}
    report = submission.report_of(upload.id)
    return UploadView(
        **upload.model_dump(exclude={"parts", "multipart", "completing_at", "joining_at", "form"}),
        round=submission.round,
        center=submission.center,
        part_size=PART_SIZE,
        on_time_until=until,
        failure=_failure(upload),
        standing=how_it_stands(submission, report) if report else None,
        came_back=[
            ReasonView(code=one.code, sentence=one.sentence, sentence_en=one.sentence_en)
            for one in (why_back(submission, report) if report else ())
        ],
        parts=[
            PartView(number=n, size=upload.part_size(n), sha256=digest, stored=whole or n in stored)
            for n, digest in enumerate(upload.parts, 1)
        ],
    )


def _failure(upload: Upload) -> ReasonView | None:
    if upload.reason is None:
        return None
    thai, english = problems.in_words(problems.over(upload))
    return ReasonView(code=upload.reason, sentence=thai, sentence_en=english)


def part_request(number: int, size: int, request: SignedRequest) -> PartRequest:
    """A signed request as the sender gets it."""
    return PartRequest(
        number=number,
        size=size,
        method=request.method,
        url=request.url,
        headers=dict(request.headers),
        expires_at=request.expires_at,
    )


def report_view(report: Report) -> ReportView:
    """A version of a report, with the sentences of the reason why it came back."""
    finding = FINDINGS.get(report.reason or "")
    reason = (
        ReasonView(code=finding.code, sentence=finding.sentence, sentence_en=finding.sentence_en) if finding else None
    )
    shown = report.model_dump(include=ReportView.model_fields.keys() - {"reason", "seen", "clean"})
    clean = CopyView(sha256=report.clean.sha256, size=report.clean.size) if report.clean else None
    return ReportView(**shown, seen=_seen(report), clean=clean, reason=reason)


def _seen(report: Report) -> SeenView | None:
    if report.seen is None:
        return None
    # What was kept by a later version of this service may hold a code that this one has no words for.
    notes = [NOTES[code] for code in report.seen.notes if code in NOTES]
    noted = [NoteView(code=note.code, sentence=note.sentence, sentence_en=note.sentence_en) for note in notes]
    return SeenView(**report.seen.model_dump(), noted=noted)


def submission_view(submission: Submission) -> SubmissionView:
    """Where a center stands."""
    return SubmissionView(
        **submission.model_dump(include={"round", "center", "since", "late", "due_again", "overdue", "successor"}),
        state=submission.standing,
        reports=[report_view(report) for report in submission.reports],
        carried=[
            CarriedView(origin=one.center, reports=[report_view(report) for report in one.reports])
            for one in submission.carried
            if one.reports  # else it brought verdicts alone: the history tells them
        ],
        uploads=[one.id for one in submission.uploads if one.state in {"open", "completing"}],
    )
