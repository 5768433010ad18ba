"""What a report's files are called in the object store, and of what type they are."""

from typing import Final

PDF: Final = "application/pdf"


def key_in_store(upload: str) -> str:
    """The key of an upload's object in either bucket. It says nothing about whose it is."""
    return f"uploads/{upload}.pdf"


def key_of_copy(upload: str) -> str:
    """The key, in the bucket of accepted reports, of the copy that is handed out."""
    return f"clean/{upload}.pdf"
