"""What the SAR intake tells of uploads and reports."""

from pydantic import AwareDatetime, Field

from shared.contracts.base import EventData, Path


class UploadOpened(EventData):
    round: str
    center: str
    upload: str
    path: Path
    size: int = Field(description="bytes declared")
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
