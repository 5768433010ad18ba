"""Facts of a small country, for the rules of the notifier."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.notifier.checks import Known, Office
from services.notifier.domain import Cause, Delivery, Patience, caused
from shared.contracts.events import (
    CredentialIssued,
    HolderKind,
    ObligationChanged,
    ReportAccepted,
    ReportReceived,
    ReportRejected,
    RoundChanged,
)
from shared.thai.calendar import BANGKOK

NOW = datetime(2025, 10, 1, 2, 0, tzinfo=UTC)
DEADLINE = datetime(2025, 10, 31, 23, 59, tzinfo=BANGKOK)
PATH = ("00", "58", "5801", "6580101")
PATIENCE = Patience()
OFFICE = Office("อบต.หนองบัว", "office@example.org")


def opened(state: str = "open", **changes: Any) -> RoundChanged:
    return RoundChanged(
        **{
            "round": "2569",
            "fiscal_year": 2569,
            "academic_year": 2567,
            "deadline": DEADLINE,
            "grace_minutes": 0,
            "state": state,
            **changes,
        }
    )


def owes(center: str = "c1", lao: str = "6580101", owed: bool = True, round_: str = "2569") -> ObligationChanged:
    return ObligationChanged(round=round_, center=center, lao=lao, path=PATH, owed=owed)


def issued(holder: str = "c1", kind: HolderKind = "center") -> CredentialIssued:
    return CredentialIssued(
        round="2569", holder=holder, holder_kind=kind, credential=f"cr-{holder}", version=1, path=PATH
    )


_REPORT: dict[str, Any] = {
    "round": "2569",
    "upload": "u1",
    "version": 1,
    "receipt": "R-1234",
    "sha256": "ab" * 32,
    "size": 10,
    "received_at": DEADLINE - timedelta(days=2),
    "late": False,
    "path": PATH,
}


def received(center: str = "c1", **changes: Any) -> ReportReceived:
    return ReportReceived(**{**_REPORT, "center": center, **changes})


def accepted(center: str = "c1", **changes: Any) -> ReportAccepted:
    return ReportAccepted(**{**_REPORT, "center": center, "pages": 3, "decided_at": NOW, **changes})


def rejected(center: str = "c1", **changes: Any) -> ReportRejected:
    more = {"reason": "encrypted", "sentence": "ไฟล์เข้ารหัสไว้", "sentence_en": "The file is encrypted"}
    return ReportRejected(**{**_REPORT, **more, "center": center, "decided_at": NOW, **changes})


def delivery_of(data: Cause, event: str = "e1", now: datetime = NOW) -> Delivery:
    made = caused(data, event, None, now)
    assert made is not None
    return made[1]


def known(**changes: Any) -> Known:
    return Known(**{"round": opened(), "office": OFFICE, "centers": 2, "owed": True, **changes})
