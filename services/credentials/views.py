"""What the vault's answers and bodies look like."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.credentials.codes import DIGITS
from services.credentials.domain import Credential


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
    state: Literal["sealed", "locked", "claimed", "confirmed"]
    issued_at: datetime
    claimed_at: datetime | None
    confirmed_at: datetime | None


class ClaimAsked(Given):
    round: str = Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")
    holder: str = Field(pattern=r"^[^\x00-\x20/#|]{1,64}$")


class ClaimOpened(BaseModel):
    """Keep `claim`; the code goes to the registered contact."""

    claim: str
    code_ends: datetime


class CodeGiven(Given):
    code: str = Field(pattern=rf"^[0-9]{{{DIGITS}}}$")


class ClaimVerified(BaseModel):
    state: Literal["verified"] = "verified"


class Secret(BaseModel):
    """Shown once. Store it at once, then confirm."""

    round: str
    holder: str
    version: int
    username: str
    password: str


def metadata_of(credential: Credential) -> CredentialMetadata:
    """A credential as officers may see it."""
    return CredentialMetadata(
        round=credential.round,
        holder=credential.holder,
        kind=credential.kind,
        version=credential.edition,
        state=credential.state,
        issued_at=credential.issued_at,
        claimed_at=credential.reveal.at if credential.reveal else None,
        confirmed_at=credential.confirmed_at,
    )
