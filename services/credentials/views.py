"""What the vault's answers and bodies look like."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.credentials.domain import Credential, State


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SealingAsked(Given):
    generate: Literal[True]


class SealingJob(BaseModel):
    """How far the sealing of a round has come. `missing`: centers that the registry announced and that never came."""

    round: str
    state: Literal["running", "done"]
    holders: int
    credentials: int
    by_state: dict[str, int]
    missing: int
    asked_at: datetime
    ended_at: datetime | None


class CredentialMetadata(BaseModel):
    """All that anybody but the holder may know of a credential."""

    round: str
    holder: str
    kind: Literal["center", "lao"]
    version: int
    state: State
    must_change: bool
    issued_at: datetime
    notified_at: datetime | None
    claimed_at: datetime | None
    confirmed_at: datetime | None
    successor: str | None
    """Who carries on for a holder that was merged. What it had opened is to be locked in e-SAR."""


def metadata_of(credential: Credential) -> CredentialMetadata:
    """A credential as officers may see it."""
    return CredentialMetadata(
        round=credential.round,
        holder=credential.holder,
        kind=credential.kind,
        version=credential.edition,
        state=credential.state,
        must_change=credential.must_change,
        issued_at=credential.issued_at,
        notified_at=credential.notified_at,
        claimed_at=credential.reveal.at if credential.reveal else None,
        confirmed_at=credential.confirmed_at,
        successor=credential.successor,
    )
