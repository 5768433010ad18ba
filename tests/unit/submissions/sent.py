"""Submissions as they stand after something happened, for the rules."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from services.submissions.domain import Duty, Report, Submission
from services.submissions.receipts.codes import receipt_code
from services.submissions.reviewing.rules import Judgement, review
from services.submissions.uploading.sending import Change
from shared.contracts.events import ReviewReason, RoundChanged
from shared.thai.calendar import BANGKOK

DEADLINE = datetime(2025, 10, 31, 23, 59, 59, tzinfo=BANGKOK)
GRACE = timedelta(minutes=60)
NOW = DEADLINE - timedelta(days=3)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PATH = ("00", "58", "5801", "6580101")


def a_round(**changes: Any) -> RoundChanged:
    facts = {
        "round": "2569",
        "fiscal_year": 2569,
        "academic_year": 2567,
        "deadline": DEADLINE,
        "grace_minutes": 60,
        "state": "open",
    }
    return RoundChanged(**{**facts, **changes})


def owes(center: str = "c1", *, owed: bool = True, **changes: Any) -> Duty:
    return Duty(round=a_round(**changes), center=center, path=PATH, owed=owed)


def report(version: int = 1, state: Any = "accepted", *, center: str = "c1", at: datetime = NOW, **more: Any) -> Report:
    sha = hashlib.sha256(f"{center} {version}".encode()).hexdigest()
    return Report(
        **{
            "version": version,
            "upload": f"u-{center}-{version}",
            "sha256": sha,
            "size": 10,
            "quarantined": None,
            "receipt": receipt_code("2569", center, sha),
            "signed": "a.b.c",
            "received_at": at,
            "late": at > DEADLINE,
            "state": state,
            "decided_at": None if state == "received" else at + timedelta(minutes=1),
            "reason": "encrypted" if state == "rejected" else None,
            **more,
        }
    )


def sent(*reports: Report, center: str = "c1", **more: Any) -> Submission:
    standing = reports[-1].state if reports else "uploading"
    facts = {"round": "2569", "center": center, "path": PATH, "since": NOW, "standing": standing}
    return Submission(**{**facts, "reports": reports, **more})


def judged(
    on: Report,
    verdict: Any = "returned",
    *,
    review_id: str = "r1",
    codes: tuple[Any, ...] = ("incomplete",),
    **more: Any,
) -> Judgement:
    reasons = tuple(ReviewReason(code=code) for code in codes) if verdict == "returned" else ()
    given = {"id": review_id, "receipt": on.receipt, "verdict": verdict, "reasons": reasons, "due": None}
    return Judgement(**{**given, "replaces": None, "by": "onesqa", **more})


def after_review(submission: Submission, given: Judgement, now: datetime = NOW + HOUR) -> Change:
    change = review(submission, given, now + 15 * DAY, now)
    assert isinstance(change, Change), change
    return change
