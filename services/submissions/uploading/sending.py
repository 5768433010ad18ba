"""The life of an upload up to its completion: opened, declared part by part, given up or expired. Pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from services.submissions.domain import (
    KEPT_ENDED,
    MOST_OPEN,
    MOST_REPORTS,
    PART_SIZE,
    RECONCILE_AFTER,
    Declared,
    Duty,
    Submission,
    Upload,
    deadline_of,
    on_time_until,
)
from services.submissions.refusals import (
    AlreadyApproved,
    CannotOpen,
    NothingOwed,
    PartDigestChanged,
    PartUnknown,
    ResendingOver,
    RoundNotOpen,
    Stands,
    TooManyReports,
    TooManyUploads,
    UploadOver,
)
from shared.contracts.events import UploadOpened
from shared.contracts.status import StageChanged

NEAR: Final = timedelta(hours=1)
"""What would end so shortly before the deadline cannot be relied on to be begun anew in time."""
FORMS_KEPT: Final = timedelta(hours=25)
"""How long an ended form is remembered after the store takes its file no more: that the sweeper, which comes once a day
at the least, knows what lies there.
"""
MOST_ENDED: Final = 200
"""No more ended uploads than this are remembered, whoever opens and ends forms all day."""


@dataclass(frozen=True, slots=True)
class Change:
    """A new state and what it lets the world know, in order."""

    state: Submission
    events: tuple[BaseModel, ...] = ()


def find_standing(submission: Submission | None, declared: Declared, now: datetime) -> Upload | None:
    """The upload to go on with after a dead battery: the same bytes, still open or received already."""
    for upload in submission.uploads if submission else ():
        same = upload.sha256 == declared.sha256 and upload.size == declared.size
        alive = upload.state in {"completing", "received"} or (upload.state == "open" and now < upload.expires_at)
        if same and alive:
            return upload
    return None


def may_open(submission: Submission | None, duty: Duty, now: datetime) -> CannotOpen | None:
    """Why this center may not open an upload, or None if it may.

    A first report after the deadline is not refused: it is received and marked late, because the letters order the
    report, and a late one serves the children better than none. One that stands may be sent anew until the deadline.
    """
    if not takes_reports(submission, duty, now):
        return RoundNotOpen(duty.round.state)
    if not duty.owed:
        return NothingOwed()
    if submission is None:
        return None
    if refusal := stands(submission, duty, now, now):
        return refusal
    under_way = tuple(one.id for one in submission.uploads if one.state in {"open", "completing"})
    if len(under_way) >= MOST_OPEN:
        return TooManyUploads(under_way)
    return TooManyReports() if len(submission.reports) >= MOST_REPORTS else None


def takes_reports(submission: Submission | None, duty: Duty, now: datetime) -> bool:
    """Whether the round takes this center's report: while it is open, and a returned one until its own day."""
    owed_back = submission is not None and submission.due_again is not None and now <= submission.due_again
    return duty.round.state == "open" or (duty.round.state == "closed" and owed_back)


def stands(submission: Submission, duty: Duty, opened_at: datetime, now: datetime) -> Stands | None:
    """Why the report that stands is not replaced by an upload that was opened then; None if it may be.

    One that was refused or returned may be replaced at any time. One that stands only by what is on time: the newer
    version is the one that counts, and a late one would make late what was not.
    """
    if submission.standing == "approved":
        return AlreadyApproved()
    duty = _of_now(submission, duty)
    over = submission.delivered and now > on_time_until(duty, opened_at)
    return ResendingOver(duty.deadline) if over else None


def resumable_until(submission: Submission | None, duty: Duty, lifetime: timedelta, now: datetime) -> datetime:
    """Until when an upload that is begun now may go on: for its lifetime, and through the grace if that would end it
    near the deadline or after it. Begun anew in the grace it would be late.

    Long before a deadline it is not stretched: what is forgotten must not stand in the way of others for months.
    """
    duty = _of_now(submission, duty)
    ends = now + lifetime
    return max(ends, on_time_until(duty, now)) if now <= duty.deadline <= ends + NEAR else ends


def _of_now(submission: Submission | None, duty: Duty) -> Duty:
    """The duty with the day by which a returned report must be back."""
    return duty.model_copy(update={"due_again": submission.due_again}) if submission else duty


def open_upload(
    submission: Submission | None,
    duty: Duty,
    declared: Declared,
    *,
    upload: str,
    multipart: str,
    lifetime: timedelta,
    now: datetime,
) -> Change | CannotOpen:
    """Begin an upload for which the store has a multipart upload ready."""
    if refusal := may_open(submission, duty, now):
        return refusal
    count = -(-declared.size // PART_SIZE)
    new = Upload(
        id=upload,
        state="open",
        size=declared.size,
        sha256=declared.sha256,
        parts=(declared.sha256,) if count == 1 else (None,) * count,
        multipart=multipart,
        opened_at=now,
        expires_at=resumable_until(submission, duty, lifetime, now),
    )
    return begun_with(submission, duty, new, now)


def begun_with(submission: Submission | None, duty: Duty, new: Upload, now: datetime) -> Change:
    """The submission with one upload more, for which nothing stood in the way."""
    before = submission or Submission(
        round=duty.round.round,
        center=duty.center,
        path=duty.path,
        since=now,
        late=now > deadline_of(duty.round, duty.line),
    )
    begun = {"standing": "uploading", "since": now} if before.standing == "awaited" else {}
    after = tidied(before.model_copy(update={"path": duty.path, "uploads": (*before.uploads, new), **begun}))
    opened = UploadOpened(
        round=after.round, center=after.center, upload=new.id, path=after.path, size=new.size, opened_at=now
    )
    return Change(after, (opened, *(() if submission and not begun else (stage_of(after),))))


def declare_parts(
    submission: Submission, upload: Upload, digests: Mapping[int, str]
) -> Change | UploadOver | PartUnknown | PartDigestChanged:
    """Say what some parts will hold. Saying the same again changes nothing."""
    if upload.state != "open":
        return UploadOver(upload)
    parts = list(upload.parts)
    for number, digest in digests.items():
        if not 1 <= number <= len(parts):
            return PartUnknown(number)
        if parts[number - 1] not in {None, digest}:
            return PartDigestChanged(number)
        parts[number - 1] = digest
    return Change(changed(submission, upload.model_copy(update={"parts": tuple(parts)})))


def abort(submission: Submission, upload: Upload) -> Change | UploadOver:
    """The sender gave up. Once completion has begun it is too late for that."""
    if upload.state != "open":
        return UploadOver(upload)
    return Change(changed(submission, upload.model_copy(update={"state": "aborted"})))


def expire(submission: Submission, upload: Upload, now: datetime) -> Change | None:
    """End an upload that nobody finished in its time; None if its time is not over."""
    if upload.state != "open" or upload.expires_at > now:
        return None
    return Change(changed(submission, upload.model_copy(update={"state": "expired"})))


def stage_of(submission: Submission) -> StageChanged:
    return StageChanged(
        round=submission.round,
        center=submission.center,
        stage="submission",
        state=submission.standing,
        since=submission.since,
        late=submission.late,
        path=submission.path,
    )


def changed(submission: Submission, upload: Upload) -> Submission:
    uploads = tuple(upload if one.id == upload.id else one for one in submission.uploads)
    return tidied(submission.model_copy(update={"uploads": uploads}))


def tidied(submission: Submission) -> Submission:
    """Forgets old ended uploads, and says when a sweeper must look next."""
    ended = [one for one in submission.uploads if one.state in {"failed", "aborted", "expired"}]
    # There come to be more only by one that is opened: the newest tells the time, near enough.
    now = max((one.opened_at for one in submission.uploads), default=None)
    kept = {one.id for one in ended[-MOST_ENDED:] if one.form and now and now < one.form.until + FORMS_KEPT}
    forgotten = {one.id for one in ended[:-KEPT_ENDED]} - kept
    uploads = tuple(one for one in submission.uploads if one.id not in forgotten)
    return submission.model_copy(update={"uploads": uploads, "due": _due(uploads)})


def _due(uploads: Sequence[Upload]) -> datetime | None:
    times = [one.expires_at for one in uploads if one.state == "open"]
    times += [one.joined_since + RECONCILE_AFTER for one in uploads if one.state == "completing"]
    return min(times, default=None)
