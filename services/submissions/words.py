"""What people write in free text, in the one form that is kept. Pure."""

from typing import Annotated

from pydantic import AfterValidator

from shared.thai.text import normalise


def tidied_words(raw: str) -> str:
    """The text line by line in Thai's one form (see `shared.thai.text`), without empty lines at its ends.

    Raises ValueError for a text that shows nothing.
    """
    lines = [normalise(line).text for line in raw.splitlines()]
    text = "\n".join(lines).strip()
    if not text:
        raise ValueError("shows nothing")
    return text


Words = Annotated[str, AfterValidator(tidied_words)]
