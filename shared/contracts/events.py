"""The data of every event, as frozen models.

Readers ignore fields they do not know, so a field may be added; taking one away or changing its type breaks
a reader and fails the compatibility test against `schemas/released`.
Times are ISO 8601 with an offset. `path` is the chain of organization codes from the department down to the
node's own organization (for a center: down to its LAO).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.status import StageChanged
from shared.contracts.topics import (
    AUDIT,
    CENTERS,
    CREDENTIALS,
    NOTICES,
    OBLIGATIONS,
    ORGANIZATIONS,
    ROUNDS,
    STATUS,
    SUBMISSIONS,
    Topic,
)

Path = tuple[str, ...]
HolderKind = Literal["center", "lao"]


class EventData(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class OrganizationChanged(EventData):
    """The whole state of a node of the tree (หน่วยงาน)."""

    code: str
    kind: Literal["department", "province", "district", "lao"]
    name: str
    parent: str | None
    path: Path
    email: str | None = None
    state: Literal["active", "closed"] = "active"


class CenterChanged(EventData):
    """The whole state of a child development center (ศพด.).

    `subdistrict` is a DOPA code of 6 digits; degrees are WGS 84; `last_assessed` is a Buddhist Era year.
    """

    code: str
    name: str
    lao: str
    path: Path
    subdistrict: str
    latitude: float | None = None
    longitude: float | None = None
    email: str | None = None
    last_assessed: int | None = None
    state: Literal["active", "closed"] = "active"


class Extension(EventData):
    """A later deadline for one organization's subtree."""

    organization: str
    deadline: AwareDatetime


class RoundChanged(EventData):
    """The whole state of a round (รอบการประเมิน). Years are Buddhist Era; grace is in minutes."""

    round: str
    fiscal_year: int
    academic_year: int
    deadline: AwareDatetime
    grace_minutes: int
    state: Literal["draft", "open", "closed"]
    extensions: tuple[Extension, ...] = ()
    obligations: int = 0


class ObligationChanged(EventData):
    """That a center owes its SAR in a round (`owed`), or no longer."""

    round: str
    center: str
    lao: str
    path: Path
    owed: bool


class CredentialEvent(EventData):
    """What every event of a credential says: whose, in which round, which version. Never a secret."""

    round: str
    holder: str
    holder_kind: HolderKind
    credential: str
    version: int
    path: Path


class CredentialIssued(CredentialEvent):
    """A credential was sealed for its holder and waits to be claimed."""


class CredentialClaimed(CredentialEvent):
    """The holder opened its sealed credential, once."""

    claim: str
    claimed_at: AwareDatetime


class CredentialConfirmed(CredentialEvent):
    """The holder said that it has its credential in hand."""

    claim: str
    confirmed_at: AwareDatetime


class ClaimRefused(CredentialEvent):
    """Somebody tried and failed: the holder and its officer should know."""

    claim: str
    reason: Literal["wrong_code", "locked", "expired", "already_claimed"]
    refused_at: AwareDatetime


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


class NoticeEvent(EventData):
    """What every event of a notice says. `recipient` is a center or organization code, never an address."""

    notice: str
    kind: str
    round: str
    recipient: str
    path: Path
    cause: str = Field(description="id of the event that caused the notice")


class NoticeIssued(NoticeEvent):
    pass


class NoticeDelivered(NoticeEvent):
    channel: str
    delivered_at: AwareDatetime


class NoticeBounced(NoticeEvent):
    channel: str
    reason: str
    bounced_at: AwareDatetime


class NoticeSkipped(NoticeEvent):
    """Checked before sending and not needed any more, for instance because the center has submitted."""

    reason: str
    skipped_at: AwareDatetime


class NoticeAcknowledged(NoticeEvent):
    """The recipient has taken note of it (รับทราบ)."""

    acknowledged_at: AwareDatetime


class AuditRecorded(EventData):
    """One link of an audit chain. `hash` covers every other field; `previous` is the hash of the link before."""

    chain: str
    number: int
    previous: str
    hash: str
    actor: str
    role: str
    action: str
    subject: str
    outcome: Literal["allowed", "refused"]
    detail: str
    time: datetime


class EventType:
    """Binds a type name to its data model and its topic."""

    __slots__ = ("model", "name", "topic", "validate")

    def __init__(self, name: str, model: type[BaseModel], topic: Topic) -> None:
        self.name, self.model, self.topic = name, model, topic
        # The validator's own method, bound once: this is the hot path of every consumer.
        self.validate: Callable[[bytes], BaseModel] = model.__pydantic_validator__.validate_json


EVENT_TYPES: dict[str, EventType] = {
    name: EventType(name, model, topic)
    for name, model, topic in (
        ("saraban.registry.organization.changed.v1", OrganizationChanged, ORGANIZATIONS),
        ("saraban.registry.center.changed.v1", CenterChanged, CENTERS),
        ("saraban.registry.round.changed.v1", RoundChanged, ROUNDS),
        ("saraban.registry.obligation.changed.v1", ObligationChanged, OBLIGATIONS),
        ("saraban.credentials.credential.issued.v1", CredentialIssued, CREDENTIALS),
        ("saraban.credentials.credential.claimed.v1", CredentialClaimed, CREDENTIALS),
        ("saraban.credentials.credential.confirmed.v1", CredentialConfirmed, CREDENTIALS),
        ("saraban.credentials.claim.refused.v1", ClaimRefused, CREDENTIALS),
        ("saraban.submissions.upload.opened.v1", UploadOpened, SUBMISSIONS),
        ("saraban.submissions.report.received.v1", ReportReceived, SUBMISSIONS),
        ("saraban.submissions.report.accepted.v1", ReportAccepted, SUBMISSIONS),
        ("saraban.submissions.report.rejected.v1", ReportRejected, SUBMISSIONS),
        ("saraban.notifier.notice.issued.v1", NoticeIssued, NOTICES),
        ("saraban.notifier.notice.delivered.v1", NoticeDelivered, NOTICES),
        ("saraban.notifier.notice.bounced.v1", NoticeBounced, NOTICES),
        ("saraban.notifier.notice.skipped.v1", NoticeSkipped, NOTICES),
        ("saraban.notifier.notice.acknowledged.v1", NoticeAcknowledged, NOTICES),
        ("saraban.status.stage.changed.v1", StageChanged, STATUS),
        ("saraban.audit.entry.recorded.v1", AuditRecorded, AUDIT),
    )
}

TYPE_OF_MODEL: dict[type[BaseModel], EventType] = {kind.model: kind for kind in EVENT_TYPES.values()}
