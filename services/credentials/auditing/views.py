"""What the trail looks like to its readers."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.credentials.views import Given
from shared.contracts.events import AuditRecorded


class PackEntry(BaseModel):
    """Who did what about the subject, why and when. `actor` is a reference, and is shown to auditors alone."""

    time: datetime
    role: str
    org: str
    actor: str | None
    action: str
    what: str
    what_en: str
    why: str
    why_en: str
    outcome: Literal["allowed", "refused"]
    detail: str
    entry: str = Field(description="where it stands in the trail: chain#number")
    hash: str


class SubjectPack(BaseModel):
    """All that the trail of this service knows of one subject, oldest first, for who asks by the PDPA."""

    subject: str
    made_at: datetime
    kept_days: int = Field(description="how long entries are kept")
    entries: list[PackEntry]
    complete: bool = Field(description="false: there are more than a pack holds; the oldest are in it")


class Person(BaseModel):
    """Who stands behind a reference."""

    reference: str
    name: str


class Forgotten(Given):
    """Why a person is erased from the register of names: their own wish, or that the time is over."""

    reason: Literal["asked", "expired"]


def for_holders(entry: AuditRecorded) -> AuditRecorded:
    """An entry as a holder may see it: the office that acted in place of a reference to a person."""
    return entry.model_copy(update={"actor": f"{entry.role}/{entry.org}" if entry.org else entry.role})
