"""What follows from events that the bus holds of a credential and the database has lost. Pure as `domain` is.

The bus never holds a secret. So a state can be taken over from it, a secret cannot: where the newest one is lost, the
holder waits for another.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.credentials.activating.rules import Activation
from services.credentials.domain import Credential, Event, Reveal, common, credential_id, stage
from shared.contracts.credentials import CredentialEvent
from shared.contracts.events import (
    ClaimAlarmed,
    ClaimRefused,
    CredentialClaimed,
    CredentialConfirmed,
    CredentialErased,
    CredentialIssued,
    CredentialMerged,
    CredentialReissued,
    CredentialRevoked,
    CredentialRotated,
    RenewalAsked,
    RenewalDecided,
    SheetMade,
)

_OF_NO_STATE = (ClaimAlarmed, ClaimRefused, RenewalAsked, RenewalDecided, SheetMade)


def take_over(
    before: Credential | None, told: Sequence[CredentialEvent], now: datetime
) -> tuple[Credential, list[Event]]:
    """The credential after what the database never saw (`told`, in order; at least one), and what is to be told of it.

    Sheets, open claims and open requests of the restored copy are void: the credential has turned.
    """
    known = before or _unseen(told[-1], now)
    lost = before is None
    for event in told:
        known, lost = _after(known, lost, event)
    known = known.model_copy(update={"turn": known.turn + 1, "locked": False, "restored_at": now})
    if not lost:
        return known, stage(known, now)
    known = known.model_copy(update={"sealed": b""})
    if not known.claimable or known.confirmed_at is not None:
        return known, stage(known, now)
    waiting = known.model_copy(
        update={
            "edition": known.edition + 1,
            "awaits": True,
            "reveal": None,
            "must_change": False,
            "notified_at": None,
        }
    )
    rotated = CredentialRotated(
        **common(waiting),
        by_role="operator",
        by_org="00",
        previous_version=known.edition,
        awaits=True,
        reason="lost",
        rotated_at=now,
    )
    return waiting, [rotated, *stage(waiting, now)]


def void(made: SheetMade) -> Activation:
    """A sheet that was printed after the copy was made: the one in the copy is void, and this one's code is lost."""
    return Activation(
        round=made.round,
        holder=made.holder,
        kind=made.holder_kind,
        credential=credential_id(made.round, made.holder_kind, made.holder),
        turn=0,  # no credential ever has this turn
        sheet=made.sheet,
        digest=f"lost {made.round} {made.sheet}",
        made_at=made.made_at,
        ends=made.ends,
        by_role=made.by_role,
        by_org=made.by_org,
    )


def _unseen(event: CredentialEvent, now: datetime) -> Credential:
    return Credential(
        round=event.round,
        holder=event.holder,
        kind=event.holder_kind,
        path=event.path,
        credential=event.credential,
        edition=event.version,
        sealed=b"",
        issued_at=now,
    )


def _after(known: Credential, lost: bool, event: CredentialEvent) -> tuple[Credential, bool]:
    """The state after one event, and whether its secret is one that the database does not have."""
    change: dict[str, Any] = {}
    match event:
        case CredentialClaimed():
            change = {"reveal": _reveal(event, event.claim, event.claimed_at)}
        case CredentialConfirmed():
            # The claim itself may have left the bus with its year.
            reveal = known.reveal or _reveal(event, event.claim, event.confirmed_at)
            change = {"reveal": reveal, "confirmed_at": event.confirmed_at}
        case CredentialRevoked():
            change = {"revoked_at": event.revoked_at, "awaits": False, "confirmed_at": None}
        case CredentialReissued():
            change = {"reveal": None, "confirmed_at": None, "must_change": True}
        case CredentialMerged():
            change = {"successor": event.successor, "locked": False}
            change |= (
                {"revoked_at": event.merged_at, "awaits": False} if event.effect == "revoked" else {"must_change": True}
            )
        case CredentialErased():
            change = {"erased_at": event.erased_at, "awaits": False, "sealed": b""}
        case CredentialIssued() | CredentialRotated():
            lost = True
            change = {"edition": event.version, "reveal": None, "confirmed_at": None, "revoked_at": None}
            change |= {"awaits": isinstance(event, CredentialRotated) and event.awaits}
            change |= {"must_change": False, "notified_at": None, "expired_at": None}
        case _ if not isinstance(event, _OF_NO_STATE):
            lost = True  # told by a newer version of this service: what was claimed stays so, and nothing is shown
    return known.model_copy(update=change), lost


def _reveal(event: CredentialEvent, claim: str, at: datetime) -> Reveal:
    """Nobody's subject and key: it cannot be fetched again."""
    return Reveal(claim=claim, subject="", role=event.holder_kind, key_digest=b"", at=at)
