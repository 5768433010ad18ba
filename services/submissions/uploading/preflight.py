"""Whether a file would be taken, told before its bytes are spent. Pure rules on what a phone can tell in a moment.

A phone reads the first and last bytes of a file at once, and its digest in a second or two. What is told here is
advice: what counts is what the service reads itself when the file has come.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.submissions.domain import Declared, Duty, Report, Submission, Upload, on_time_until
from services.submissions.files import PDF
from services.submissions.inspecting.findings import FINDINGS, Finding
from services.submissions.refusals import CannotOpen, FileTooLarge, WrongFileType
from services.submissions.returning import why_back
from services.submissions.reviewing.reasons import Reason
from services.submissions.uploading.receiving import late_for, on_time_for
from services.submissions.uploading.sending import find_standing, may_open, stands

MOST_FIRST: Final = 16 * 1024
MOST_LAST: Final = 64 * 1024
"""Bytes that may be sent along."""
_MAGIC: Final = b"%PDF-"
_TRAILER_WITHIN: Final = 1054
"""Readers look for `startxref` in so many bytes at the end (ISO 32000-2, 7.5.5, and how qpdf does it)."""
_ENCRYPTED: Final = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
"""In a trailer. `/EncryptMetadata` is another thing."""

Refusal = CannotOpen | FileTooLarge | WrongFileType | Finding | Reason


@dataclass(frozen=True, slots=True)
class Told:
    """What a phone tells of a file. `first` and `last` are its first and last bytes, as many as were sent."""

    size: int
    type: str
    first: bytes = b""
    last: bytes = b""
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of the file if it were sent now. Whoever begins now is on time until `on_time_until`; whoever
    goes on with the upload that these bytes have, which is `standing` then, until its own time.
    """

    verdict: Literal["send", "refused", "received"]
    refusals: tuple[Refusal, ...]
    received: Report | None
    standing: Upload | None
    on_time_until: datetime
    late: bool


def foretell(told: Told, submission: Submission | None, duty: Duty, largest: int, now: datetime) -> Forecast:
    """The forecast; it changes nothing.

    Bytes that were received before need not be sent, whatever else holds; those that came back would come back again.
    """
    received = submission.report_with(told.sha256) if submission and told.sha256 else None
    standing = _under_way(told, submission, now) if received is None else None
    refusals: tuple[Refusal, ...] = why_back(submission, received) if submission and received else ()
    if received is None:
        opening = may_open(submission, duty, now)
        if submission and standing:  # nothing is opened: it goes on
            opening = stands(submission, duty, standing.opened_at, standing.completing_at or now)
        refusals = (*((opening,) if opening else ()), *of_file(told, largest))
    verdict: Literal["send", "refused", "received"] = "refused" if refusals else "received" if received else "send"
    until = on_time_for(duty, standing) if standing else on_time_until(duty, now)
    whole = standing is not None and standing.state == "completing"
    late = late_for(duty, standing) if standing and whole else now > until
    return Forecast(verdict, refusals, received, standing, until, late)


def _under_way(told: Told, submission: Submission | None, now: datetime) -> Upload | None:
    """The upload that these very bytes have and that is not over."""
    if told.sha256 is None:
        return None
    return find_standing(submission, Declared(size=told.size, sha256=told.sha256), now)


def declared_wrong(size: int, kind: str, largest: int) -> FileTooLarge | WrongFileType | None:
    """What is wrong with a file by its size and type alone."""
    if kind.split(";", maxsplit=1)[0].strip().lower() != PDF:
        return WrongFileType()
    return FileTooLarge(largest) if size > largest else None


def of_file(told: Told, largest: int) -> tuple[FileTooLarge | WrongFileType | Finding, ...]:
    """What is wrong with the file itself, as far as its ends tell."""
    declared = declared_wrong(told.size, told.type, largest)
    if isinstance(declared, WrongFileType):
        return (declared,)
    if told.first and not told.first.startswith(_MAGIC[: len(told.first)]):
        return (FINDINGS["not_pdf"],)
    found: list[FileTooLarge | WrongFileType | Finding] = [declared] if declared else []
    # A linearized file has its trailer at the front as well.
    if _ENCRYPTED.search(told.last) or _ENCRYPTED.search(told.first):
        found.append(FINDINGS["encrypted"])
    if len(told.last) >= min(_TRAILER_WITHIN, told.size) and b"startxref" not in told.last[-_TRAILER_WITHIN:]:
        found.append(FINDINGS["unreadable"])
    return tuple(found)
