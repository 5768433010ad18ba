"""What the vault tells of credentials and claims. Never a secret, never a hash of one."""

from typing import Literal

from pydantic import AwareDatetime

from shared.contracts.base import EventData, Path

HolderKind = Literal["center", "lao"]


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
    must_change: bool = False
    """True where the secret was shown once before and lost: change it in e-SAR at once."""


class CredentialConfirmed(CredentialEvent):
    """The holder said that it has its credential in hand."""

    claim: str
    confirmed_at: AwareDatetime


class ClaimRefused(CredentialEvent):
    """Somebody tried and failed: the holder and its officer should know."""

    claim: str
    reason: Literal["wrong_code", "locked", "expired", "already_claimed"]
    refused_at: AwareDatetime


RenewalKind = Literal["rotate", "revoke", "reissue"]
RenewalReason = Literal["lost", "leaked", "wrong_hands", "staff_changed", "contact_changed", "closed", "other"]
"""Why a credential was taken back or made anew; a code, so that no person's words or name travel."""


class OfficialAct(EventData):
    """Who acted, as role and organization, never as a person."""

    by_role: str
    by_org: str


class CredentialRotated(CredentialEvent, OfficialAct):
    """The holder gets another secret, `version` of it. Whatever was shown before is to be locked in e-SAR."""

    previous_version: int
    awaits: bool
    """True: the new secret comes with the next sealed batch; until then there is none to claim."""
    reason: RenewalReason
    rotated_at: AwareDatetime


class CredentialRevoked(CredentialEvent, OfficialAct):
    """The credential can no longer be claimed, and is to be locked in e-SAR."""

    reason: RenewalReason
    revoked_at: AwareDatetime


class CredentialReissued(CredentialEvent, OfficialAct):
    """A secret that was shown and never confirmed may be claimed once more; two persons agreed to it.

    `by_role` and `by_org` name who approved.
    """

    request: str
    asked_role: str
    asked_org: str
    must_change: bool
    """Always true: somebody may have seen it. The holder changes it in e-SAR at once."""
    reason: RenewalReason
    reissued_at: AwareDatetime


ErasureReason = Literal["holder_asked", "closed", "leaked", "mistaken", "other"]
"""Why a holder's keys were destroyed; a code, as with renewals."""


class CredentialErased(CredentialEvent):
    """The keys of its holder were destroyed: the secret opens for nobody any more, in no copy of the database.

    One of each of the holder's credentials. `by_role` and `by_org` name who approved, `asked_*` who asked. Where
    `restored` is true nobody did just now: an old copy of the database had brought back the record of a holder that was
    erased before, and it was buried again.
    """

    request: str | None = None
    by_role: str | None = None
    by_org: str | None = None
    asked_role: str | None = None
    asked_org: str | None = None
    reason: ErasureReason = "other"
    restored: bool = False
    erased_at: AwareDatetime


class CredentialMerged(CredentialEvent):
    """Its holder was merged into `successor`, who carries on, and has or gets a credential of its own.

    `revoked`: nobody had opened it, and nobody will. `to_lock`: it was opened, so that its account is to be locked in
    e-SAR, or its password changed by who carries on. Told again where the successor itself is merged.
    """

    successor: str
    effect: Literal["revoked", "to_lock"]
    merged_at: AwareDatetime


class RenewalAsked(CredentialEvent, OfficialAct):
    """Somebody asked that a credential be made anew, taken back or opened once more; a second person decides."""

    request: str
    kind: RenewalKind
    reason: RenewalReason
    asked_at: AwareDatetime


class RenewalDecided(CredentialEvent, OfficialAct):
    """What became of such a request."""

    request: str
    kind: RenewalKind
    decision: Literal["approved", "refused", "withdrawn"]
    decided_at: AwareDatetime


class SheetMade(CredentialEvent, OfficialAct):
    """An activation sheet was printed for the holder; the code on any earlier one is void."""

    sheet: str
    """Its number, as printed on it; tells nothing of the code."""
    made_at: AwareDatetime
    ends: AwareDatetime


class ClaimAlarmed(CredentialEvent):
    """Wrong hands may be at work: the holder and its officer should know who claimed, and when, as roles and codes.

    `already_claimed`: somebody came after the credential was opened; `claimed_*` tell of the opening.
    `locked`: codes were guessed at until the claim locked.
    """

    cause: Literal["already_claimed", "locked"]
    claim: str
    attempted_at: AwareDatetime
    attempted_role: str
    attempted_org: str
    attempted_with: Literal["token", "sheet"]
    claimed_at: AwareDatetime | None = None
    claimed_role: str | None = None
    claimed_with: Literal["token", "sheet"] | None = None


class CredentialSealed(EventData):
    """From another system: one holder's secret, encrypted to the key of a batch that was opened for events.

    `sealed` is a compact JWE (ECDH-ES+A256KW, A256GCM) around `{kind, holder, username, password}` as JSON; kind and
    holder must be those that stand beside it.
    """

    round: str
    batch: str
    kind: HolderKind
    holder: str
    sealed: str


class BatchSealed(EventData):
    """From another system: a sealed batch lies in the bucket `<namespace>-inbound` under this key.

    What lies there is the same signed text that is else sent over HTTP; `sha256` is its digest in hex.
    """

    round: str
    batch: str
    object: str
    sha256: str
