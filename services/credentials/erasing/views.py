"""What bodies and answers about erasures look like."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from services.credentials.erasing.rules import Erasure
from services.credentials.views import Given
from shared.contracts.events import ErasureReason
from shared.security.approval import RequestState
from shared.security.principals import Role


class ErasureGiven(Given):
    """Of which kind of holder, and why, as a code. It is about every secret of the holder, in every round."""

    kind: Literal["center", "lao"] | None = None
    reason: ErasureReason


class ErasureShown(BaseModel):
    """A request to erase a holder, as roles and organizations. `done_at`: its secrets open for nobody any more."""

    id: str
    holder: str
    holder_kind: Literal["center", "lao"]
    reason: ErasureReason
    path: tuple[str, ...]
    state: RequestState
    asked_role: Role
    asked_org: str
    asked_at: datetime
    expires_at: datetime
    decided_role: Role | None
    decided_org: str | None
    decided_at: datetime | None
    done_at: datetime | None


def shown(erasure: Erasure) -> ErasureShown:
    """A request as officers may see it."""
    return ErasureShown.model_validate(erasure.model_dump())
