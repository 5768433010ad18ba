"""Who gets which file of a report. Pure.

What is handed out is the copy without actions and metadata. The file as it was sent goes to its own center, and to
assessors and auditors who say why: it may hold what the copy was made to leave out.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from services.submissions.domain import Report
from services.submissions.files import key_in_store, key_of_copy
from shared.security.principals import Principal, Role

Which = Literal["copy", "original"]
Why = Literal["audit", "complaint", "court", "copy_unreadable", "assessment"]
"""Why somebody wants the file as it was sent; enters the audit trail as it is."""

_OUTSIDE: Final = frozenset({Role.ASSESSOR, Role.AUDITOR})
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class File:
    """A file to hand out, and where it lies among the accepted ones. `sha256` and `size` are of these very bytes."""

    key: str
    version: str | None
    sha256: str
    size: int
    which: Which


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """The report's file has not passed its inspection: nobody but the inspection opens it."""


@dataclass(frozen=True, slots=True)
class OriginalNotForYou:
    """The file as it was sent is for its center, for assessors and for auditors."""


@dataclass(frozen=True, slots=True)
class ReasonMissing:
    """Whoever wants the file as it was sent says why."""


@dataclass(frozen=True, slots=True)
class CopyMissing:
    """There is no copy: the report was accepted before copies were made."""


NoFile = NotAccepted | OriginalNotForYou | ReasonMissing | CopyMissing


def file_of(report: Report, which: Which, why: Why | None, who: Principal) -> File | NoFile:
    """The file of a report for this principal, who may see the center (that is asked before)."""
    if report.state != "accepted":
        return NotAccepted()
    if which == "copy":
        if report.clean is None:
            return CopyMissing()
        clean = report.clean
        return File(key_of_copy(report.upload), clean.kept, clean.sha256, clean.size, which)
    if who.role is not Role.CENTER:
        if not may_have_originals(who):
            return OriginalNotForYou()
        if why is None:
            return ReasonMissing()
    return File(key_in_store(report.upload), report.kept, report.sha256, report.size, which)


def may_have_originals(who: Principal) -> bool:
    """Whether a principal may have other centers' files as they were sent, if it says why."""
    return who.role in _OUTSIDE


def file_name(center: str, report: Report) -> str:
    """What a downloaded file is called. Codes are other people's text: only what is harmless in a name is left."""
    return f"{harmless(center)}-v{report.version}-{report.receipt}.pdf"


def harmless(text: str) -> str:
    """The text as a part of a file's name: no separators, no hidden name, never empty, not too long."""
    return _UNSAFE.sub("_", text).strip("._")[:64] or "_"
