"""Claim codes: what stands on an activation sheet, to be scanned or typed.

Six groups of five letters of Crockford's base 32 (no I, L, O, U): four carry 20 random bits, 120 in all; the
fifth checks the four and their place, so that a mistyped group is told at once and by name. What is kept is a keyed
hash.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from pydantic import SecretBytes

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS: Final = 6
_DATA: Final = 4
_MEANT: Final = str.maketrans(
    {"O": "0", "I": "1", "L": "1"}
    | dict(zip("๐๑๒๓๔๕๖๗๘๙", "0123456789", strict=True))
    | dict.fromkeys(" -–—\u200b\n\t")
)
_MOST_TYPED: Final = 80
"""Longer input is no code, and is not looked at."""


@dataclass(frozen=True)
class Mistyped:
    """No claim code: which groups do not check, from 1; none named where there are too many letters or too few."""

    groups: tuple[int, ...]


def draw() -> str:
    """A new code as it is printed: six groups joined by hyphens."""
    return "-".join(
        letters + _check(letters, group)
        for group, letters in enumerate("".join(secrets.choice(ALPHABET) for _ in range(_DATA)) for _ in range(GROUPS))
    )


def read(typed: str) -> str | Mistyped:
    """The code in what was typed: small letters, spaces, Thai digits and look-alikes are taken as they were meant."""
    if len(typed) > _MOST_TYPED:
        return Mistyped(())
    letters = typed.upper().translate(_MEANT)
    if len(letters) != GROUPS * (_DATA + 1):
        return Mistyped(())
    groups = [letters[start : start + _DATA + 1] for start in range(0, len(letters), _DATA + 1)]
    wrong = tuple(number + 1 for number, group in enumerate(groups) if not _fits(group, number))
    return Mistyped(wrong) if wrong else "-".join(groups)


def digest(code: str, key: SecretBytes) -> str:
    """What is kept of a code (as `read` gives it): without the key it tells nothing, and cannot be searched for."""
    return hmac.digest(key.get_secret_value(), b"claim code " + code.encode(), "sha256").hex()


def first_group(code: str) -> str:
    """The first group: tries are counted by it, so that one code's are, whoever makes them."""
    return code.partition("-")[0]


def _fits(group: str, number: int) -> bool:
    return all(letter in ALPHABET for letter in group) and group[_DATA] == _check(group[:_DATA], number)


def _check(letters: str, group: int) -> str:
    """The check letter: a polynomial over GF(32). Any one wrong letter and any two that changed places are found, and
    so is a group in another's place.
    """
    value = group + 1
    for letter in letters:
        value = _double(value) ^ ALPHABET.index(letter)
    return ALPHABET[_double(value)]


def _double(value: int) -> int:
    """Times x in GF(2)[x] modulo x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value
