"""What the bodies and answers of claims look like."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.credentials.claiming.codes import DIGITS
from services.credentials.views import Given


class ClaimAsked(Given):
    """With a token `round` and `holder`: begin to open one's own credential. Without one `code`, of one's sheet."""

    round: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,40}$")
    holder: str | None = Field(None, pattern=r"^[^\x00-\x20/#|]{1,64}$")
    code: str | None = Field(None, max_length=80, description="as scanned or typed: 0AB1X-…, six groups of five")


class ClaimOpened(BaseModel):
    """Keep `claim`; the six digits go to the registered contact.

    A claim by sheet gets a `session` too: show it at each further step in the header `Saraban-Claim-Session`.
    """

    claim: str
    code_ends: datetime
    round: str
    holder: str
    session: str | None


class CodeGiven(Given):
    code: str = Field(pattern=rf"^[0-9]{{{DIGITS}}}$")


class ClaimVerified(BaseModel):
    state: Literal["verified"] = "verified"


class Secret(BaseModel):
    """Shown once. Store it at once, then confirm. `must_change`: it was shown before and lost; change it in e-SAR."""

    round: str
    holder: str
    version: int
    username: str
    password: str
    must_change: bool
