"""What is asked of the sheet desk."""

from typing import Literal

from pydantic import Field

from services.credentials.views import Given


class SheetAsked(Given):
    """A sheet for the holder's credential of this round; for its newest without one."""

    round: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,40}$")
    kind: Literal["center", "lao"] | None = None
    """Where a center and an LAO have the same code."""


class SheetsAsked(Given):
    """Sheets for every holder below an organization that still waits to claim."""

    within: str = Field(pattern=r"^[0-9A-Za-z._-]{1,40}$")
