"""Whether a file would be taken, told before its bytes are spent. Pure rules on what a phone can tell in a moment.

A phone reads the first and last bytes of a file at once, and its digest in a second or two. What is told here is
advice: what counts is what the service reads itself when the file has come.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.submissions.domain import Duty, Report, Submission, on_time_until
from services.submissions.files import PDF
from services.submissions.inspecting.findings import FINDINGS, Finding
from services.submissions.refusals import CannotOpen, FileTooLarge, WrongFileType
from services.submissions.returning import why_back
from services.submissions.reviewing.reasons import Reason
from services.submissions.uploading.sending import may_open

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
    """What would become of the file if it were sent now. Whoever begins now is on time until `on_time_until`."""

    verdict: Literal["send", "refused", "received"]
    refusals: tuple[Refusal, ...]
    received: Report | None
    on_time_until: datetime
    late: bool


def foretell(told: Told, submission: Submission | None, duty: Duty, largest: int, now: datetime) -> Forecast:
    """The forecast; it changes nothing.

    Bytes that were received before need not be sent, whatever else holds; those that came back would come back again.
    """
    until = on_time_until(duty, now)
    received = submission.report_with(told.sha256) if submission and told.sha256 else None
    refusals: tuple[Refusal, ...] = why_back(submission, received) if submission and received else ()
    if received is None:
        opening = may_open(submission, duty, now)
        refusals = (*((opening,) if opening else ()), *of_file(told, largest))
    verdict: Literal["send", "refused", "received"] = "refused" if refusals else "received" if received else "send"
    return Forecast(verdict, refusals, received, until, late=now > until)


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
