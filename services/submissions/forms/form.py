"""What is known of an upload that comes by a form. Pure."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Form(BaseModel):
    """How a file comes from a page without scripts: in one post, with nothing declared before.

    `ticket` is a digest of the code that opens the page, the code itself is kept nowhere. The store takes at most
    `largest` bytes, until `until`. It may be posted to again and again; `version` is the one that was confirmed, and
    no other is ever read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    ticket: str
    largest: int
    until: datetime
    version: str | None = None
