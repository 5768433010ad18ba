"""Uploads that come by a form: opened with nothing declared, confirmed by whoever posted. Pure rules.

An upload all the same: the same roll, deadline and grace, the same events, and from its confirmation on the same way to
receipt and inspection.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.submissions.domain import Duty, Submission, Upload
from services.submissions.forms.form import Form
from services.submissions.refusals import (
    CannotOpen,
    FileNotArrived,
    FileReplaced,
    FileTooLarge,
    FormRefused,
    Stands,
    UploadOver,
)
from services.submissions.uploading.sending import Change, begun_with, changed, may_open, resumable_until, stands

CONFIRM_WITHIN: Final = timedelta(minutes=15)
"""After the store takes nothing more: a file that arrived in the last second can still be confirmed."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What the store has of a form. `etag` tells these bytes from others that were posted with it."""

    version: str
    size: int
    etag: str


def open_form(
    submission: Submission | None,
    duty: Duty,
    *,
    upload: str,
    ticket: str,
    largest: int,
    lifetime: timedelta,
    now: datetime,
) -> Change | CannotOpen:
    """Begin an upload by a form, on the same conditions as any other."""
    if refusal := may_open(submission, duty, now):
        return refusal
    until = resumable_until(submission, duty, lifetime, now)
    new = Upload(
        id=upload,
        state="open",
        size=0,
        sha256=None,
        parts=(),
        multipart="",
        opened_at=now,
        expires_at=until + CONFIRM_WITHIN,
        form=Form(ticket=ticket, largest=largest, until=until),
    )
    return begun_with(submission, duty, new, now)


def begin_form(
    submission: Submission, upload: Upload, posted: Posted | None, seen: str | None, duty: Duty, now: datetime
) -> Change | UploadOver | Stands | FormRefused:
    """The sender confirms what it posted, and this is the moment of receipt. The version that lies there now counts,
    whatever is posted after it. It replaces a report that stands on the same conditions as an upload in parts.

    `seen` is the etag that the store gave the browser, if it did: what was posted since by somebody else who has the
    form is not what this sender confirms.
    """
    if upload.state == "completing":
        return Change(submission)
    if upload.state != "open" or upload.form is None:
        return UploadOver(upload)
    if refusal := stands(submission, duty, upload.opened_at, now):
        return refusal
    if posted is None:
        return FileNotArrived()
    if unfit := _unfit(upload.form, posted, seen):
        return unfit
    told = {"state": "completing", "completing_at": now, "size": posted.size}
    form = upload.form.model_copy(update={"version": posted.version})
    return Change(changed(submission, upload.model_copy(update={**told, "form": form})))


def _unfit(form: Form, posted: Posted, seen: str | None) -> FileReplaced | FileTooLarge | None:
    if seen is not None and seen != posted.etag:
        return FileReplaced()
    return None if 0 < posted.size <= form.largest else FileTooLarge(form.largest)
