"""The short code of a receipt, and how people write it down. Pure."""

import hashlib
from typing import Final

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's alphabet, which has no I, L, O or U to misread."""


def receipt_code(round_: str, center: str, sha256: str) -> str:
    """The short code of a receipt: the same bytes from the same center for the same round have the same code.

    Twelve characters of 5 bits each: 60 bits, so that nobody finds a receipt by trying.
    """
    digest = hashlib.sha256(f"saraban receipt\n{round_}\n{center}\n{sha256}".encode()).digest()
    number = int.from_bytes(digest[:8], "big") >> 4
    return "".join(_LETTERS[number >> shift & 31] for shift in range(55, -1, -5))


def read_receipt_code(text: str) -> str:
    """A code as people write it down: any case, with dashes and spaces, with O for 0 and I or L for 1."""
    return text.upper().translate(str.maketrans("OIL", "011", "- "))


def spoken(code: str) -> str:
    """The code in groups of four, as it is printed: `7K2M-0QXT-93AB`."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
