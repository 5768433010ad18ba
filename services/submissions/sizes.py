"""Sizes of files in words. Pure."""

from typing import Final

from shared.thai.numerals import to_thai

_MEGABYTE: Final = 1024 * 1024


def in_english(size: int) -> str:
    """A size in words, rounded down: nobody is told that more is taken than is."""
    if size >= _MEGABYTE:
        tenths = size * 10 // _MEGABYTE
        return f"{tenths // 10}.{tenths % 10} MB".replace(".0 ", " ")
    return f"{size // 1024} KB" if size >= 1024 else f"{size} bytes"  # noqa: PLR2004


def in_thai(size: int) -> str:
    """The same, with Thai numerals."""
    return to_thai(in_english(size)).replace("bytes", "ไบต์")
