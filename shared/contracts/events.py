"""Every event of the public surface: its type name, the model of its data, its topic."""

from collections.abc import Callable

from pydantic import BaseModel

from shared.contracts.audit import AuditAnchored, AuditHead, AuditRecorded
from shared.contracts.base import EventData, Path
from shared.contracts.credentials import (
    BatchSealed,
    ClaimAlarmed,
    ClaimRefused,
    CredentialClaimed,
    CredentialConfirmed,
    CredentialEvent,
    CredentialIssued,
    CredentialMerged,
    CredentialReissued,
    CredentialRevoked,
    CredentialRotated,
    CredentialSealed,
    HolderKind,
    OfficialAct,
    RenewalAsked,
    RenewalDecided,
    RenewalKind,
    RenewalReason,
    SheetMade,
)
from shared.contracts.notifier import (
    NoticeAcknowledged,
    NoticeBounced,
    NoticeDelivered,
    NoticeEvent,
    NoticeIssued,
    NoticeSkipped,
)
from shared.contracts.registry import (
    CenterChanged,
    ClusterChanged,
    Extension,
    ObligationChanged,
    OrganizationChanged,
    RollAnswered,
    RollEntry,
    RollRemark,
    RoundChanged,
)
from shared.contracts.status import StageChanged
from shared.contracts.submissions import (
    OverdueLifted,
    RatedIndicator,
    ReasonCode,
    ReportAccepted,
    ReportCarried,
    ReportEvent,
    ReportOverdue,
    ReportReceived,
    ReportRejected,
    ReportReturned,
    ReturnReason,
    ReviewAccepted,
    ReviewGiven,
    ReviewReason,
    ReviewRefused,
    SummarySent,
    UploadOpened,
    Verdict,
)
from shared.contracts.topics import (
    AUDIT,
    CENTERS,
    CLUSTERS,
    CREDENTIALS,
    INBOUND_CREDENTIALS,
    INBOUND_REVIEWS,
    INBOUND_ROLL,
    NOTICES,
    OBLIGATIONS,
    ORGANIZATIONS,
    ROLL_ANSWERS,
    ROUNDS,
    STATUS,
    SUBMISSIONS,
    Topic,
)

__all__ = [
    "EVENT_TYPES",
    "TYPE_OF_MODEL",
    "AuditAnchored",
    "AuditHead",
    "AuditRecorded",
    "BatchSealed",
    "CenterChanged",
    "ClaimAlarmed",
    "ClaimRefused",
    "ClusterChanged",
    "CredentialClaimed",
    "CredentialConfirmed",
    "CredentialEvent",
    "CredentialIssued",
    "CredentialMerged",
    "CredentialReissued",
    "CredentialRevoked",
    "CredentialRotated",
    "CredentialSealed",
    "EventData",
    "EventType",
    "Extension",
    "HolderKind",
    "NoticeAcknowledged",
    "NoticeBounced",
    "NoticeDelivered",
    "NoticeEvent",
    "NoticeIssued",
    "NoticeSkipped",
    "ObligationChanged",
    "OfficialAct",
    "OrganizationChanged",
    "OverdueLifted",
    "Path",
    "RatedIndicator",
    "ReasonCode",
    "RenewalAsked",
    "RenewalDecided",
    "RenewalKind",
    "RenewalReason",
    "ReportAccepted",
    "ReportCarried",
    "ReportEvent",
    "ReportOverdue",
    "ReportReceived",
    "ReportRejected",
    "ReportReturned",
    "ReturnReason",
    "ReviewAccepted",
    "ReviewGiven",
    "ReviewReason",
    "ReviewRefused",
    "RollAnswered",
    "RollEntry",
    "RollRemark",
    "RoundChanged",
    "SheetMade",
    "StageChanged",
    "SummarySent",
    "UploadOpened",
    "Verdict",
]


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
        ("saraban.registry.cluster.changed.v1", ClusterChanged, CLUSTERS),
        ("saraban.credentials.credential.issued.v1", CredentialIssued, CREDENTIALS),
        ("saraban.credentials.credential.claimed.v1", CredentialClaimed, CREDENTIALS),
        ("saraban.credentials.credential.confirmed.v1", CredentialConfirmed, CREDENTIALS),
        ("saraban.credentials.claim.refused.v1", ClaimRefused, CREDENTIALS),
        ("saraban.credentials.claim.alarmed.v1", ClaimAlarmed, CREDENTIALS),
        ("saraban.credentials.credential.rotated.v1", CredentialRotated, CREDENTIALS),
        ("saraban.credentials.credential.revoked.v1", CredentialRevoked, CREDENTIALS),
        ("saraban.credentials.credential.reissued.v1", CredentialReissued, CREDENTIALS),
        ("saraban.credentials.credential.merged.v1", CredentialMerged, CREDENTIALS),
        ("saraban.credentials.renewal.asked.v1", RenewalAsked, CREDENTIALS),
        ("saraban.credentials.renewal.decided.v1", RenewalDecided, CREDENTIALS),
        ("saraban.credentials.sheet.made.v1", SheetMade, CREDENTIALS),
        ("saraban.submissions.upload.opened.v1", UploadOpened, SUBMISSIONS),
        ("saraban.submissions.report.received.v1", ReportReceived, SUBMISSIONS),
        ("saraban.submissions.report.accepted.v1", ReportAccepted, SUBMISSIONS),
        ("saraban.submissions.report.rejected.v1", ReportRejected, SUBMISSIONS),
        ("saraban.submissions.report.returned.v1", ReportReturned, SUBMISSIONS),
        ("saraban.submissions.report.overdue.v1", ReportOverdue, SUBMISSIONS),
        ("saraban.submissions.overdue.lifted.v1", OverdueLifted, SUBMISSIONS),
        ("saraban.submissions.report.carried.v1", ReportCarried, SUBMISSIONS),
        ("saraban.submissions.review.accepted.v1", ReviewAccepted, SUBMISSIONS),
        ("saraban.submissions.review.refused.v1", ReviewRefused, SUBMISSIONS),
        ("saraban.submissions.summary.sent.v1", SummarySent, SUBMISSIONS),
        ("saraban.registry.roll.answered.v1", RollAnswered, ROLL_ANSWERS),
        ("saraban.inbound.credential.sealed.v1", CredentialSealed, INBOUND_CREDENTIALS),
        ("saraban.inbound.batch.sealed.v1", BatchSealed, INBOUND_CREDENTIALS),
        ("saraban.inbound.roll.entered.v1", RollEntry, INBOUND_ROLL),
        ("saraban.inbound.review.given.v1", ReviewGiven, INBOUND_REVIEWS),
        ("saraban.notifier.notice.issued.v1", NoticeIssued, NOTICES),
        ("saraban.notifier.notice.delivered.v1", NoticeDelivered, NOTICES),
        ("saraban.notifier.notice.bounced.v1", NoticeBounced, NOTICES),
        ("saraban.notifier.notice.skipped.v1", NoticeSkipped, NOTICES),
        ("saraban.notifier.notice.acknowledged.v1", NoticeAcknowledged, NOTICES),
        ("saraban.status.stage.changed.v1", StageChanged, STATUS),
        ("saraban.audit.entry.recorded.v1", AuditRecorded, AUDIT),
        ("saraban.audit.heads.anchored.v1", AuditAnchored, AUDIT),
    )
}

TYPE_OF_MODEL: dict[type[BaseModel], EventType] = {kind.model: kind for kind in EVENT_TYPES.values()}
