"""What an event obliges this service to tell, to whom, and what becomes of each telling.

A delivery is one notice to one recipient. Its id derives from what caused it, so an event that comes twice, or in
another order, makes the same deliveries. Pure: `now` is an argument, what is known of the world is handed in.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contracts.events import (
    CredentialIssued,
    HolderKind,
    ObligationChanged,
    Path,
    ReportAccepted,
    ReportReceived,
    ReportRejected,
)

Kind = Literal[
    "round_opened",
    "credential_ready",
    "report_received",
    "report_accepted",
    "report_rejected",
    "reminder",
    "claim_alarmed",
]
State = Literal["held", "queued", "sending", "delivered", "bounced", "skipped"]
"""`held` until its round opens; `queued` until its due time; `sending` while a process has it in hand, or had it
when it died (then the mail may or may not have gone out); the other three are ends."""
ENDS: frozenset[State] = frozenset({"delivered", "bounced", "skipped"})


class ReportFacts(BaseModel):
    """What a letter about a report says. `reason` is a stable code; the sentences are for the center."""

    model_config = ConfigDict(frozen=True)

    version: int
    receipt: str
    received_at: AwareDatetime
    late: bool
    reason: str | None = None
    sentence: str | None = None
    sentence_en: str | None = None


class AlarmFacts(BaseModel):
    """What a letter about an alarm says of an account."""

    model_config = ConfigDict(frozen=True)

    holder: str
    holder_kind: HolderKind
    cause: Literal["already_claimed", "locked"]
    attempted_at: AwareDatetime
    attempted_with: Literal["token", "sheet"]
    claimed_at: AwareDatetime | None = None
    claimed_with: Literal["token", "sheet"] | None = None


class Delivery(BaseModel):
    """One notice to one recipient by mail. `recipient` is a code; the address is looked up when it is sent.

    `holder` says where it is looked up: among the centers, or (`lao`) among the organizations.
    """

    model_config = ConfigDict(frozen=True)

    notice: str
    kind: Kind
    round: str
    recipient: str
    forwarded_from: str | None = None
    """Whom it was first for: an office that was merged into the recipient."""
    holder: HolderKind
    path: Path
    cause: str
    traceparent: str | None = None
    report: ReportFacts | None = None
    alarm: AlarmFacts | None = None
    created_at: AwareDatetime

    state: State
    queued_at: AwareDatetime | None = None
    due: AwareDatetime | None = None
    """When to look at it next; for `sending`, when its lease runs out. None while held and at the end."""
    lease: str | None = None
    attempts: int = 0
    """Temporary failures and lost leases so far."""
    doubts: int = 0
    """How often the mail may have gone out without our knowing: each can mean one duplicate, same Message-ID."""
    reason: str | None = None
    ended_at: AwareDatetime | None = None
    acknowledged_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what. `attempts` bounds temporary failures."""

    settle: timedelta = timedelta(seconds=2)
    complete: timedelta = timedelta(seconds=60)
    unknown: timedelta = timedelta(seconds=300)
    no_address: timedelta = timedelta(seconds=10)
    first_wait: timedelta = timedelta(seconds=5)
    longest_wait: timedelta = timedelta(hours=1)
    attempts: int = 16


def identity(kind: Kind, cause: str, recipient: str) -> str:
    """The id of the delivery that `cause` obliges: 128 bits in hex, the same for the same three."""
    sha = hashlib.sha256()
    for part in (kind, cause, recipient):
        encoded = part.encode()
        sha.update(len(encoded).to_bytes(4, "big") + encoded)
    return sha.hexdigest()[:32]


Cause = ObligationChanged | CredentialIssued | ReportReceived | ReportAccepted | ReportRejected
_REPORT_KINDS: dict[type[BaseModel], Kind] = {
    ReportReceived: "report_received",
    ReportAccepted: "report_accepted",
    ReportRejected: "report_rejected",
}


def caused(data: Cause, event: str, traceparent: str | None, now: datetime) -> tuple[str, Delivery] | None:
    """The delivery an event causes, with its id; None for an event that tells nobody anything.

    An obligation causes the one notice of its round to the parent LAO, whichever obligation comes first; it is held
    until the round is open, so neither order of the two loses it or sends it early.
    """
    match data:
        case ObligationChanged(owed=False):
            return None
        case ObligationChanged():
            number = identity("round_opened", f"round:{data.round}", data.lao)
            return number, Delivery(
                notice=number,
                kind="round_opened",
                round=data.round,
                recipient=data.lao,
                holder="lao",
                path=data.path,
                cause=event,
                traceparent=traceparent,
                created_at=now,
                state="held",
            )
        case CredentialIssued():
            return _queued("credential_ready", data, data.holder, data.holder_kind, event, traceparent, now)
        case _:
            return _queued(_REPORT_KINDS[type(data)], data, data.center, "center", event, traceparent, now)


def _queued(
    kind: Kind,
    data: CredentialIssued | ReportReceived | ReportAccepted | ReportRejected,
    recipient: str,
    holder: HolderKind,
    event: str,
    traceparent: str | None,
    now: datetime,
) -> tuple[str, Delivery]:
    number = identity(kind, event, recipient)
    return number, Delivery(
        notice=number,
        kind=kind,
        round=data.round,
        recipient=recipient,
        holder=holder,
        path=data.path,
        cause=event,
        traceparent=traceparent,
        report=None if isinstance(data, CredentialIssued) else _facts(data),
        created_at=now,
        state="queued",
        queued_at=now,
        due=now,
    )


def _facts(data: ReportReceived | ReportAccepted | ReportRejected) -> ReportFacts:
    refused = data if isinstance(data, ReportRejected) else None
    return ReportFacts(
        version=data.version,
        receipt=data.receipt,
        received_at=data.received_at,
        late=data.late,
        reason=refused and refused.reason,
        sentence=refused and refused.sentence,
        sentence_en=refused and refused.sentence_en,
    )


@dataclass(frozen=True, slots=True)
class Heir:
    """The office that a closed one was merged into, by its code, and its place in the tree."""

    code: str
    path: Path


def forward(delivery: Delivery, heir: Heir) -> Delivery:
    """The delivery on its way to who carries on for a merged recipient. Its id, and so its mail, stays the same.

    A reminder is never forwarded: what the merged center owed is released, and its heir is chased for itself. Neither
    is the opening of a round: the heir is told of its centers by a notice of its own. What had been sealed for the
    merged one is taken back, so that nobody is told to claim it.
    """
    if delivery.kind in {"reminder", "round_opened", "credential_ready"}:
        return delivery
    first = delivery.forwarded_from or delivery.recipient
    return delivery.model_copy(update={"recipient": heir.code, "path": heir.path, "forwarded_from": first})


def release(delivery: Delivery, patience: Patience, now: datetime) -> Delivery:
    """A held delivery whose round is open: due after the settling time."""
    return delivery.model_copy(update={"state": "queued", "queued_at": now, "due": now + patience.settle})


def hold_again(delivery: Delivery) -> Delivery:
    """A skipped delivery whose reason is gone: an LAO without an obligated center has one again."""
    return delivery.model_copy(update={"state": "held", "queued_at": None, "reason": None, "ended_at": None})
