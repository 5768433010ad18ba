"""The rules of sealed credentials: who may open one, when, and once.

The order of the chain: usernames and passwords never pass through the e-document system, and nobody between the
assessor's office and the holder can read them. A credential is sealed for its holder; the holder opens a claim, shows
the code that went to its registered contact, sees the secret once, and confirms that it has it.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.events import ClaimRefused, CredentialClaimed, CredentialConfirmed, CredentialIssued
from shared.contracts.status import StageChanged

HolderKind = Literal["center", "lao"]
Event = CredentialIssued | CredentialClaimed | CredentialConfirmed | ClaimRefused | StageChanged

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


class Credential(Frozen):
    """A sealed credential. `edition` counts the secrets this holder has had in this round."""

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

    @property
    def state(self) -> Literal["sealed", "locked", "claimed", "confirmed"]:
        """As the status record names it."""
        if self.confirmed_at is not None:
            return "confirmed"
        if self.reveal is not None:
            return "claimed"
        return "locked" if self.locked else "sealed"

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
    return issued, [CredentialIssued(**_common(issued)), *_stage(issued, now)]


def reveal(credential: Credential, attempt: Reveal) -> tuple[Credential, list[Event]] | Refusal:
    """Open a credential, once. Asked again by the same caller with the same key in time, the same reveal: no events."""
    before = credential.reveal
    if before is None:
        opened = credential.model_copy(update={"reveal": attempt, "locked": False})
        claimed = CredentialClaimed(**_common(opened), claim=attempt.claim, claimed_at=attempt.at)
        return opened, [claimed, *_stage(opened, attempt.at)]
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
    told = CredentialConfirmed(**_common(confirmed), claim=claim, confirmed_at=now)
    return confirmed, [told, *_stage(confirmed, now)]


def set_locked(credential: Credential, locked: bool, now: datetime) -> tuple[Credential, list[Event]]:
    """Show in the status that codes were guessed at, or that the holder may try again. Opened ones do not change."""
    if credential.reveal is not None or credential.locked == locked:
        return credential, []
    changed = credential.model_copy(update={"locked": locked})
    return changed, list(_stage(changed, now))


def key_of(event: Event) -> str:
    """The record key of an event."""
    return event.key if isinstance(event, StageChanged) else event.holder


def _common(credential: Credential) -> dict[str, object]:
    return {
        "round": credential.round,
        "holder": credential.holder,
        "holder_kind": credential.kind,
        "credential": credential.credential,
        "version": credential.edition,
        "path": credential.path,
    }


def _stage(credential: Credential, now: datetime) -> list[Event]:
    if credential.center is None:
        return []
    return [
        StageChanged(
            round=credential.round,
            center=credential.center,
            stage="credential",
            state=credential.state,
            since=now,
            path=credential.path,
        )
    ]
