"""What number formats mean for a roll: which cells show a day, and which show zeros before their digits.

Source: ECMA-376 part 1, 18.8.30 (built-in number formats).
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from services.registry.roll.sheets.grid import SheetRefused
from services.registry.roll.sheets.markup import Archive, walk

MOST_STYLES = 65_536
"""Excel keeps no more cell formats than 65,490."""

_BUILT_IN_DATES = frozenset(
    {14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58, *range(71, 82)}
)
_ASIDE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_DAY = re.compile("[yd]", re.IGNORECASE)
_ZEROS = re.compile("0{2,20}")
_DAY_ZERO, _DAY_ZERO_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LAST_DAY = 2_958_465
"""31 December 9999, where spreadsheets end."""

DATE = -1
PLAIN = 0
Style = int
"""`DATE`, `PLAIN`, or how many digits the format shows at least."""


def read_styles(archive: Archive, part: str) -> tuple[Style, ...]:
    """The styles of cells by their numbers. Raises `SheetRefused`."""
    codes: dict[int, str] = {}
    styles: list[Style] = []
    within = ""

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal within
        if name == "numFmt" and len(codes) < MOST_STYLES:
            codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name in {"cellXfs", "cellStyleXfs", "dxfs", "cellStyles"}:
            within = name
        elif name == "xf" and within == "cellXfs":
            if len(styles) >= MOST_STYLES:
                raise SheetRefused("too_large")
            styles.append(_style(_number(attributes.get("numFmtId")), codes))

    walk(archive, part, start)
    return tuple(styles)


def day_of(number: float, *, since_1904: bool) -> date | None:
    """The day a serial number shows, or None when it shows none."""
    if not 1 <= number <= _LAST_DAY:
        return None
    try:
        return (_DAY_ZERO_1904 if since_1904 else _DAY_ZERO) + timedelta(days=int(number))
    except OverflowError:
        return None


def _style(number: int, codes: Mapping[int, str]) -> Style:
    if number in _BUILT_IN_DATES:
        return DATE
    code = codes.get(number, "")
    if _ZEROS.fullmatch(code):
        return len(code)
    return DATE if _DAY.search(_ASIDE.sub("", code)) else PLAIN


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else PLAIN  # noqa: PLR2004
