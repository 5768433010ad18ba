"""The code that opens the page of one form. Whoever has it may send that one file, and do nothing else. Pure but for
its random bits.

It travels in the bodies of posts and in one cookie, never in an address; the database has a digest of it.
"""

import hashlib
import secrets
from typing import Final

from services.submissions.receipts.codes import read_receipt_code, spoken

LENGTH: Final = 28
"""Characters of 5 bits each: 140 bits, so that no try succeeds, and people can still read it out."""
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_code() -> str:
    """A new code, in groups of four as it is printed and read out."""
    return spoken("".join(secrets.choice(_LETTERS) for _ in range(LENGTH)))


def read_code(text: str) -> str:
    """A code as people write it down, in its one form; of wrong length or letters if it is none."""
    return read_receipt_code("".join(text.split()))


def ticket_of(code: str) -> str:
    """What is kept of a code, whoever wrote it how."""
    return hashlib.sha256(b"saraban form " + read_code(code).encode()).hexdigest()
