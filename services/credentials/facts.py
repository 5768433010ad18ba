"""What the vault knows of holders and their credentials."""

from datetime import datetime
from enum import Enum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from services.credentials.renewing.request import Renewal

HolderKind = Literal["center", "lao"]
State = Literal["sealed", "notified", "locked", "claimed", "confirmed", "revoked", "waiting", "erased", "expired"]

UNCLAIMED: Final[tuple[State, ...]] = ("sealed", "notified", "locked")
"""It waits to be claimed."""


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
    NOT_LOST = "not_lost"
    """Only a reveal that was never confirmed can be lost; a confirmed one is rotated."""
    RENEWAL_OPEN = "renewal_open"
    ENDED = "ended"
    """Its round is closed, or it was never claimed in its time."""
    TURNED = "turned"
    """The credential was rotated, revoked or reissued since a renewal was asked."""
    ERASED = "erased"
    """The holder's keys were destroyed: this secret opens for nobody any more, in no copy."""
    ERASURE_OPEN = "erasure_open"
    MERGED = "merged"
    """Its holder was merged: the account is to be locked, not made anew."""
    CODE_REFUSED = "code_refused"
    """A claim code that opens nothing: never printed, made void by a newer sheet, or past its time. One answer."""


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
    """To be changed in e-SAR: the secret was shown once before and lost, or whom it was shown to was merged since."""
    revoked_at: datetime | None = None
    erased_at: datetime | None = None
    """When the keys of its holder were destroyed, and its secret with them."""
    awaits: bool = False
    """Its secret was taken back and the next sealed batch brings another."""
    renewal: Renewal | None = None
    """The newest request about it, open or settled."""
    expired_at: datetime | None = None
    """When it ended, never claimed."""
    restored_at: datetime | None = None
    """When its state was taken over from the bus, because the database had been restored from an older copy."""
    batch: str = ""
    """The sealed batch that brought its secret; empty for one that was generated here."""
    successor: str | None = None
    """Who carries on for its holder, which was merged: nobody is to have this account any more."""

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.erased_at is not None:
            return "erased"
        if self.revoked_at is not None:
            return "revoked"
        if self.awaits:
            return "waiting"
        if self.reveal is not None:
            return "claimed" if self.confirmed_at is None else "confirmed"
        if self.expired_at is not None or self.locked:
            return "locked" if self.expired_at is None else "expired"
        return "sealed" if self.notified_at is None else "notified"

    @property
    def claimable(self) -> bool:
        """Whether there is a secret to be had."""
        return self.revoked_at is None and self.erased_at is None and not self.awaits

    @property
    def center(self) -> str | None:
        """The center it belongs to, or None for an LAO's own."""
        return self.holder if self.kind == "center" else None

    @property
    def mark(self) -> str:
        """Which secret, the how manieth time it may be claimed: `2569 1.1`. For the trail."""
        return f"{self.round} {self.edition}.{self.turn}"

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
