"""From the last part to the decision: completed, received, accepted or rejected. Pure rules."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from services.submissions.domain import (
    LOOK_AGAIN,
    LOOK_AGAIN_AT_MOST,
    Count,
    Duty,
    FailReason,
    Report,
    Sound,
    Submission,
    Upload,
    is_late,
    on_time_until,
)
from services.submissions.inspecting.findings import Finding
from services.submissions.refusals import PartsMissing, Stands, UploadOver
from services.submissions.standing import settled, told_of
from services.submissions.uploading.sending import Change, changed, stands
from shared.contracts.events import ReportAccepted, ReportReceived, ReportRejected

LOST_AFTER: Final = timedelta(minutes=10)
"""A store that is busy may join parts for minutes, and show neither them nor the whole meanwhile."""
AGAIN_WITHIN: Final = timedelta(days=1)
"""How long, at least, a sender may take to send parts again that the store has lost."""


def begin_completion(
    submission: Submission, upload: Upload, stored: Mapping[int, int], duty: Duty, now: datetime
) -> Change | UploadOver | Stands | PartsMissing:
    """All parts are in the store, so this is the moment of receipt, whatever the rest takes: also where the store then
    lost them, and has them again only now.

    `stored` are the sizes of the parts that the store has, by number. What comes too late to replace the report that
    stands is refused before anything is written, and may still be completed if that report comes back.
    """
    if upload.state == "completing":
        return Change(submission)
    if upload.state != "open":
        return UploadOver(upload)
    at = upload.completing_at or now
    newer = any(report.received_at > at for report in submission.reports)
    if refusal := stands(submission, duty, upload.opened_at, now if newer else at):
        return refusal
    numbers = range(1, len(upload.parts) + 1)
    missing = tuple(n for n in numbers if upload.parts[n - 1] is None or stored.get(n) != upload.part_size(n))
    if missing:
        return PartsMissing(missing, lost=upload.completing_at is not None)
    begun = {"state": "completing", "completing_at": at, "joining_at": now}
    return Change(changed(submission, upload.model_copy(update=begun)))


def late_for(duty: Duty, upload: Upload) -> bool:
    """Whether this upload missed its deadline."""
    return is_late(duty.round, duty.line, upload.opened_at, upload.received_at, duty.due_again)


def on_time_for(duty: Duty, upload: Upload) -> datetime:
    """Until when it is on time if it is completed. What was whole in time, and is asked for again, is so to its end."""
    if upload.state == "open" and upload.completing_at and not late_for(duty, upload):
        return upload.expires_at
    return on_time_until(duty, upload.opened_at)


def receive(submission: Submission, upload: Upload, report: Report) -> Change | UploadOver:
    """The object is whole, read and digested. Bytes that had been received before keep their first receipt.

    One whose parts were asked for again came to light after all: it is what was declared, and nothing more is needed.
    """
    if upload.state != "completing" and not (upload.state == "open" and upload.completing_at):
        return UploadOver(upload)
    known = submission.report_with(report.sha256)
    told = {"state": "received", "receipt": (known or report).receipt, "sha256": report.sha256}
    done = upload.model_copy(update=told)
    if known:
        return Change(changed(submission, done))
    after = changed(submission, done)
    after = after.model_copy(update={"reports": (*after.reports, report)})
    return settled(submission, after, ReportReceived(**told_of(after, report)))


def is_lost(upload: Upload, now: datetime) -> bool:
    """Whether a file that the store does not show is given up."""
    return now >= upload.joined_since + LOST_AFTER


def ask_again(
    submission: Submission, upload: Upload, before: Upload, multipart: str, now: datetime
) -> Change | UploadOver:
    """The store has lost what it had of an upload, as whoever looked knew it `before`: another multipart upload takes
    its parts now.

    They were declared by their digests, so what comes is what had come: where that was whole once, it counts as
    received then.
    """
    still = (upload.state, upload.multipart) == (before.state, before.multipart)
    if not still or upload.state not in {"open", "completing"}:
        return UploadOver(upload)
    whole = upload.completing_at is not None
    until = max(upload.expires_at, now + AGAIN_WITHIN) if whole else upload.expires_at
    again = upload.model_copy(update={"state": "open", "multipart": multipart, "expires_at": until})
    return Change(changed(submission, again))


def fail(submission: Submission, upload: Upload, reason: FailReason) -> Change | UploadOver:
    """What lies in the store is not what was declared: nothing was received."""
    if upload.state != "completing":
        return UploadOver(upload)
    return Change(changed(submission, upload.model_copy(update={"state": "failed", "reason": reason})))


def decide(submission: Submission, upload: str, verdict: Sound | Finding, now: datetime) -> Change | None:
    """Accept or reject the report that an upload brought.

    None if there is nothing to decide (any more): an event that is told twice changes nothing.
    """
    report = next((one for one in submission.reports if one.upload == upload), None)
    if report is None or report.state != "received":
        return None
    decided = report.model_copy(update={**_outcome(verdict), "decided_at": now, "look_at": None})
    after = _with(submission, decided)
    told = told_of(after, decided)
    if isinstance(verdict, Sound):
        return settled(submission, after, ReportAccepted(**told, pages=verdict.seen.pages, decided_at=now))
    rejected = ReportRejected(
        **told, reason=verdict.code, sentence=verdict.sentence, sentence_en=verdict.sentence_en, decided_at=now
    )
    return settled(submission, after, rejected)


def postpone(submission: Submission, upload: str, now: datetime, *, count: Count | None = None) -> Change | None:
    """No inspection could be done: the report stays received, and on time if it was, and is looked into later.

    `count` is what this look adds to against its file. None if there is nothing to decide (any more).
    """
    report = next((one for one in submission.reports if one.upload == upload), None)
    if report is None or report.state != "received":
        return None
    wait = min(LOOK_AGAIN * 2 ** min(report.looks, 16), LOOK_AGAIN_AT_MOST)
    waiting: dict[str, object] = {"look_at": now + wait, "looks": report.looks + 1}
    if count is not None:
        waiting[count] = getattr(report, count) + 1
    return Change(_with(submission, report.model_copy(update=waiting)))


def _with(submission: Submission, report: Report) -> Submission:
    reports = tuple(report if one.version == report.version else one for one in submission.reports)
    return submission.model_copy(update={"reports": reports})


def _outcome(verdict: Sound | Finding) -> dict[str, object]:
    if isinstance(verdict, Sound):
        return {
            "state": "accepted",
            "pages": verdict.seen.pages,
            "seen": verdict.seen,
            "kept": verdict.kept,
            "clean": verdict.clean,
        }
    return {"state": "rejected", "reason": verdict.code}
