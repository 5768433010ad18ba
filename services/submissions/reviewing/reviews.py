"""A review as it is kept with the submission. Pure."""

from datetime import MAXYEAR, datetime

from pydantic import BaseModel, ConfigDict, field_validator

from shared.contracts.events import ReviewReason, Verdict


class Review(BaseModel):
    """ONESQA's verdict on the version with this receipt. `by` is an office or a system, never a person.

    `number` grows within the submission. `refused` says why it did not count, where it was published and did not.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    number: int
    receipt: str
    verdict: Verdict
    reasons: tuple[ReviewReason, ...] = ()
    due: datetime | None = None
    replaces: str | None = None
    by: str
    at: datetime
    refused: str | None = None

    @field_validator("due")
    @classmethod
    def _shown(cls, due: datetime | None) -> datetime | None:
        """Without a day at the end of all calendars, as refused ones once were kept: no clock in Thailand shows it."""
        return due if due is None or due.year < MAXYEAR else None
