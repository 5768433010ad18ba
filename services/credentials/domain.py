"""The rules of sealed credentials: who may open one, when, and once.

The order of the chain: usernames and passwords never pass through the e-document system, and nobody between the
assessor's office and the holder can read them. A credential is sealed for its holder; the holder opens a claim, shows
the code that went to its registered contact, sees the secret once, and confirms that it has it.
"""

from datetime import datetime, timedelta
from typing import Final

from services.credentials.facts import Credential, Frozen, Holder, HolderKind, Refusal, Reveal, State, credential_id
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
from shared.contracts.status import StageChanged

__all__ = [
    "Credential",
    "Event",
    "Frozen",
    "Holder",
    "HolderKind",
    "Refusal",
    "Reveal",
    "State",
    "common",
    "confirm",
    "credential_id",
    "issue",
    "key_of",
    "renew",
    "reveal",
    "set_locked",
    "stage",
]

Event = (
    CredentialIssued
    | CredentialClaimed
    | CredentialConfirmed
    | CredentialRotated
    | CredentialRevoked
    | CredentialReissued
    | CredentialErased
    | CredentialMerged
    | ClaimRefused
    | ClaimAlarmed
    | RenewalAsked
    | RenewalDecided
    | SheetMade
    | StageChanged
)

REFETCH_WITHIN: Final = timedelta(minutes=2)
"""How long a reveal whose answer was lost on the way may be fetched again by the same caller with the same key."""


def issue(holder: Holder, credential: str, sealed: bytes, now: datetime) -> tuple[Credential, list[Event]]:
    """A first credential for a holder."""
    issued = Credential(
        round=holder.round,
        holder=holder.code,
        kind=holder.kind,
        path=holder.path,
        credential=credential,
        edition=1,
        sealed=sealed,
        issued_at=now,
    )
    return issued, [CredentialIssued(**common(issued)), *stage(issued, now)]


def renew(before: Credential, path: tuple[str, ...], batch: str, now: datetime) -> tuple[Credential, list[Event]]:
    """Another secret from a sealed batch, before the holder opened the one it had; its seal is yet to be set.

    It begins anew, as one that nobody was told of; a sheet printed for an earlier turn opens nothing.
    """
    renewed = before.model_copy(
        update={
            "edition": before.edition + 1,
            "turn": before.turn + 1,
            "batch": batch,
            "path": path,
            "sealed": b"",
            "issued_at": now,
            "locked": False,
            "notified_at": None,
            "must_change": False,
            "expired_at": None,
        }
    )
    return renewed, [CredentialIssued(**common(renewed)), *stage(renewed, now)]


def reveal(credential: Credential, attempt: Reveal) -> tuple[Credential, list[Event]] | Refusal:
    """Open a credential, once. Asked again by the same caller with the same key in time, the same reveal: no events."""
    before = credential.reveal
    if credential.erased_at is not None:
        return Refusal.ERASED
    if not credential.claimable:
        return Refusal.NOT_ISSUED
    if before is None:
        opened = credential.model_copy(update={"reveal": attempt, "locked": False})
        claimed = CredentialClaimed(
            **common(opened), claim=attempt.claim, claimed_at=attempt.at, must_change=opened.must_change
        )
        return opened, [claimed, *stage(opened, attempt.at)]
    same = (before.claim, before.subject, before.key_digest) == (attempt.claim, attempt.subject, attempt.key_digest)
    if same and attempt.at <= before.at + REFETCH_WITHIN and credential.confirmed_at is None:
        return credential, []
    return Refusal.ALREADY_CLAIMED


def confirm(credential: Credential, claim: str, now: datetime) -> tuple[Credential, list[Event]] | Refusal:
    """The holder says it has the secret. Twice is as good as once."""
    if credential.erased_at is not None:
        return Refusal.ERASED
    if credential.reveal is None or credential.reveal.claim != claim:
        return Refusal.NOT_REVEALED
    if credential.confirmed_at is not None:
        return credential, []
    confirmed = credential.model_copy(update={"confirmed_at": now})
    told = CredentialConfirmed(**common(confirmed), claim=claim, confirmed_at=now)
    return confirmed, [told, *stage(confirmed, now)]


def set_locked(credential: Credential, locked: bool, now: datetime) -> tuple[Credential, list[Event]]:
    """Show in the status that codes were guessed at, or that the holder may try again. Opened ones do not change."""
    if credential.reveal is not None or not credential.claimable or credential.locked == locked:
        return credential, []
    changed = credential.model_copy(update={"locked": locked})
    return changed, list(stage(changed, now))


def key_of(event: Event) -> str:
    """The record key of an event."""
    return event.key if isinstance(event, StageChanged) else event.holder


def common(credential: Credential) -> dict[str, object]:
    """What every event of a credential says."""
    return {
        "round": credential.round,
        "holder": credential.holder,
        "holder_kind": credential.kind,
        "credential": credential.credential,
        "version": credential.edition,
        "path": credential.path,
    }


def stage(credential: Credential, now: datetime) -> list[Event]:
    """The status record of a center's credential; none for an LAO's. Notices are the notifier's to tell of."""
    if credential.center is None:
        return []
    return [
        StageChanged(
            round=credential.round,
            center=credential.center,
            stage="credential",
            state="sealed" if credential.state == "notified" else credential.state,
            since=now,
            path=credential.path,
        )
    ]
