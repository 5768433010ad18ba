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


class CredentialConfirmed(CredentialEvent):
    """The holder said that it has its credential in hand."""

    claim: str
    confirmed_at: AwareDatetime


class ClaimRefused(CredentialEvent):
    """Somebody tried and failed: the holder and its officer should know."""

    claim: str
    reason: Literal["wrong_code", "locked", "expired", "already_claimed"]
    refused_at: AwareDatetime
