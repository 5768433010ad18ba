"""What the bodies and answers of claims look like."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.credentials.claiming.codes import DIGITS
from services.credentials.views import Given


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
