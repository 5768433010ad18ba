"""What bodies and answers about renewals look like."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.credentials.domain import Credential
from services.credentials.views import CredentialMetadata, Given
from shared.contracts.events import RenewalKind, RenewalReason
from shared.security.approval import RequestState
from shared.security.principals import Role


class WishGiven(Given):
    """Of which round (the newest without one), of which kind of holder, and why, as a code."""

    round: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,40}$")
    kind: Literal["center", "lao"] | None = None
    reason: RenewalReason


class RotationGiven(WishGiven):
    """`generated`: a new secret is made here at once. `batch`: the next sealed batch brings it."""

    source: Literal["generated", "batch"] = "generated"


class RenewalShown(BaseModel):
    """A request, as roles and organizations."""

    id: str
    kind: RenewalKind
    reason: RenewalReason
    round: str
    holder: str
    holder_kind: Literal["center", "lao"]
    path: tuple[str, ...]
    state: RequestState
    asked_role: Role
    asked_org: str
    asked_at: datetime
    expires_at: datetime
    decided_role: Role | None
    decided_org: str | None
    decided_at: datetime | None


class RenewalAnswer(BaseModel):
    """`done`: the credential is changed. `asked`: a second person decides about `renewal`."""

    outcome: Literal["done", "asked"]
    credential: CredentialMetadata
    renewal: RenewalShown | None


def shown(credential: Credential) -> RenewalShown | None:
    """The newest request about a credential."""
    renewal = credential.renewal
    if renewal is None:
        return None
    return RenewalShown(
        id=renewal.id,
        kind=renewal.kind,
        reason=renewal.reason,
        round=credential.round,
        holder=credential.holder,
        holder_kind=credential.kind,
        path=credential.path,
        state=renewal.state,
        asked_role=renewal.asked_role,
        asked_org=renewal.asked_org,
        asked_at=renewal.asked_at,
        expires_at=renewal.expires_at,
        decided_role=renewal.decided_role,
        decided_org=renewal.decided_org,
        decided_at=renewal.decided_at,
    )
