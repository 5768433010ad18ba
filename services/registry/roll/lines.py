"""Lines of a file with several sheets, as one number each."""

from typing import Final, NamedTuple

_SHEET_BITS: Final = 21
"""Lines of a sheet stay below 2^20."""


class Place(NamedTuple):
    """A line of one of a file's visible sheets. Sheets count from 0, lines from 1."""

    sheet: int
    line: int


def at_of(sheet: int, line: int) -> int:
    """One number for a line of a sheet, in their order."""
    return sheet << _SHEET_BITS | line


def place_of(at: int) -> Place:
    """The place that `at_of` made the number of."""
    return Place(at >> _SHEET_BITS, at & ((1 << _SHEET_BITS) - 1))
