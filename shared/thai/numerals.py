"""Thai and Arabic numerals, one for the other."""

import re

THAI_DIGITS = "๐๑๒๓๔๕๖๗๘๙"
ARABIC_DIGITS = "0123456789"

_THAI_DIGIT = re.compile(f"[{THAI_DIGITS}]")
_TO_ARABIC = str.maketrans(THAI_DIGITS, ARABIC_DIGITS)
_TO_THAI = str.maketrans(ARABIC_DIGITS, THAI_DIGITS)


class NotANumberError(ValueError):
    """The text is no whole number in Thai or Arabic numerals. The message does not repeat it."""

    def __init__(self, text: str) -> None:
        super().__init__("ไม่ใช่จำนวนเต็ม / not a whole number")
        self.text = text


def to_arabic(text: str) -> str:
    """Replace each Thai digit by its Arabic one; every other character stays as it is."""
    return text.translate(_TO_ARABIC)


def to_thai(value: str | int) -> str:
    """Write with Thai digits: `to_thai(2568) == "๒๕๖๘"`. Other characters stay as they are."""
    return str(value).translate(_TO_THAI)


def has_thai_digits(text: str) -> bool:
    """Tell whether any Thai digit stands in the text."""
    return _THAI_DIGIT.search(text) is not None


def parse_int(text: str) -> int:
    """Read a non-negative whole number in Thai or Arabic numerals, `๑๐,๐๐๒` as well as `10002`.

    Thousands commas must stand where they belong. Raises `NotANumberError` for anything else, other scripts'
    digits included (`int()` would take them silently).
    """
    plain = to_arabic(text.strip())
    head, *groups = plain.split(",")
    well_grouped = not groups or (1 <= len(head) <= 3 and all(len(group) == 3 for group in groups))  # noqa: PLR2004 - thousands
    digits = head + "".join(groups)
    if not well_grouped or not digits or not (digits.isascii() and digits.isdigit()):
        raise NotANumberError(text)
    return int(digits)
