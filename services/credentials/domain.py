"""The rules of sealed credentials: who may open one, when, and once.

The order of the chain: usernames and passwords never pass through the e-document system, and nobody between the
assessor's office and the holder can read them. A credential is sealed for its holder; the holder opens a claim, shows
the code that went to its registered contact, sees the secret once, and confirms that it has it.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.events import (
    ClaimAlarmed,
    ClaimRefused,
    CredentialClaimed,
    CredentialConfirmed,
    CredentialIssued,
    CredentialReissued,
    CredentialRevoked,
    CredentialRotated,
    RenewalAsked,
    RenewalDecided,
    SheetMade,
)
from shared.contracts.status import StageChanged

HolderKind = Literal["center", "lao"]
State = Literal["sealed", "notified", "locked", "claimed", "confirmed", "revoked", "waiting"]
Event = (
    CredentialIssued
    | CredentialClaimed
    | CredentialConfirmed
    | CredentialRotated
    | CredentialRevoked
    | CredentialReissued
    | ClaimRefused
    | ClaimAlarmed
    | RenewalAsked
    | RenewalDecided
    | SheetMade
    | StageChanged
)

REFETCH_WITHIN: Final = timedelta(minutes=2)
"""How long a reveal whose answer was lost on the way may be fetched again by the same caller with the same key."""


class Refusal(Enum):
    """Why a step of a claim was refused."""

    NOT_OWN = "not_own"
    """Never told: such a claim looks like any other."""
    NOT_ISSUED = "not_issued"
    NO_CONTACT = "no_contact"
    TOO_MANY = "too_many"
    WRONG_CODE = "wrong_code"
    EXPIRED = "expired"
    LOCKED = "locked"
    NOT_VERIFIED = "not_verified"
    ALREADY_CLAIMED = "already_claimed"
    NOT_REVEALED = "not_revealed"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Holder(Frozen):
    """A center or LAO that owns an e-SAR account in a round. `path` ends with its LAO."""

    round: str
    kind: HolderKind
    code: str
    path: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of its credential. Kinds are kept apart: a center's code is opaque and may look like an LAO's."""
        return credential_id(self.round, self.kind, self.code)

    @property
    def owner(self) -> str:
        """The name of its data key, the same in every round."""
        return f"{self.kind}/{self.code}"


def credential_id(round_id: str, kind: HolderKind, code: str) -> str:
    """Where the credential of a holder in a round is kept."""
    return f"{round_id}/{kind}/{code}"


class Reveal(Frozen):
    """The one time a credential was opened."""

    claim: str
    subject: str
    role: str
    key_digest: bytes
    at: datetime
    way: Literal["token", "sheet"] = "token"


class Credential(Frozen):
    """A sealed credential. `edition` counts the secrets this holder has had in this round.

    `turn` counts how often one was made ready to be claimed: a sheet printed for an earlier turn opens nothing.
    """

    round: str
    holder: str
    kind: HolderKind
    path: tuple[str, ...]
    credential: str
    edition: int
    sealed: bytes
    issued_at: datetime
    locked: bool = False
    reveal: Reveal | None = None
    confirmed_at: datetime | None = None
    turn: int = 1
    notified_at: datetime | None = None
    """When the holder was told that it waits to be claimed."""
    must_change: bool = False
    """The secret was shown once before and lost: its holder must change it."""
    revoked_at: datetime | None = None
    awaits: bool = False
    """Its secret was taken back and the next sealed batch brings another."""

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.revoked_at is not None:
            return "revoked"
        if self.awaits:
            return "waiting"
        if self.reveal is not None:
            return "claimed" if self.confirmed_at is None else "confirmed"
        if self.locked:
            return "locked"
        return "sealed" if self.notified_at is None else "notified"

    @property
    def claimable(self) -> bool:
        """Whether there is a secret to be had."""
        return self.revoked_at is None and not self.awaits

    @property
    def center(self) -> str | None:
        """The center it belongs to, or None for an LAO's own."""
        return self.holder if self.kind == "center" else None

    @property
    def label(self) -> dict[str, str | int]:
        """What is bound inside the seal: it opens in this record alone."""
        return {
            "round": self.round,
            "holder": self.holder,
            "kind": self.kind,
            "credential": self.credential,
            "version": self.edition,
        }


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


def reveal(credential: Credential, attempt: Reveal) -> tuple[Credential, list[Event]] | Refusal:
    """Open a credential, once. Asked again by the same caller with the same key in time, the same reveal: no events."""
    before = credential.reveal
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
