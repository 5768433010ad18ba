"""What officers see of the credentials in their part of the tree."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.credentials.domain import Credential, State


class Standing(BaseModel):
    """One holder and where its credential stands. `reachable`: a mail address is registered, so that it can claim."""

    holder: str
    kind: Literal["center", "lao"]
    name: str | None
    path: tuple[str, ...]
    state: State
    version: int
    must_change: bool
    reachable: bool
    issued_at: datetime
    notified_at: datetime | None
    claimed_at: datetime | None
    confirmed_at: datetime | None
    successor: str | None


class StateCounts(BaseModel):
    """How many credentials stand in each state. Without a code: of holders that stand in no such part."""

    code: str | None
    name: str | None
    total: int
    states: dict[State, int] = Field(examples=[{"sealed": 3, "confirmed": 9}])


def standing_of(credential: Credential, name: str | None, reachable: bool) -> Standing:
    """A credential as officers may see it."""
    return Standing(
        holder=credential.holder,
        kind=credential.kind,
        name=name,
        path=credential.path,
        state=credential.state,
        version=credential.edition,
        must_change=credential.must_change,
        reachable=reachable,
        issued_at=credential.issued_at,
        notified_at=credential.notified_at,
        claimed_at=credential.reveal.at if credential.reveal else None,
        confirmed_at=credential.confirmed_at,
        successor=credential.successor,
    )
