"""CSV as any program saves it: UTF-8 with or without its mark, UTF-16, TIS-620 as Windows-874; any delimiter."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from services.registry.roll.sheets.grid import (
    LONGEST_CELL,
    MOST_COLUMNS,
    Cell,
    Derived,
    Kind,
    Origin,
    Row,
    SheetRefused,
    Span,
)

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t|"
_HEAD_LINES, _LONGEST_LINE = 30, 1 << 16
_CHUNK = 1 << 16
_TEXT_FORMULA = re.compile('="([^"]*)"')
"""How offices keep Excel from eating the zeros of a code."""
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)")
_TOLD_DELIMITER = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)


class Delimited:
    """A CSV file: one sheet without a name. Raises `SheetRefused` when no encoding fits."""

    kind: Kind = "csv"
    name = ""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._encoding = _encoding(file)
        self._delimiter = self._find_delimiter()
        self.sheets = (self,)

    def rows(self) -> Iterator[Row]:
        """As `Sheet.rows`. Empty lines count as lines, as a spreadsheet shows them."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self._encoding, newline="")
        try:
            lines = csv.reader(text, delimiter=self._delimiter)
            for number, line in enumerate(lines, start=1):
                if len(line) > MOST_COLUMNS and any(line[MOST_COLUMNS:]):
                    raise SheetRefused("too_large")
                if any(line) and not (number == 1 and _TOLD_DELIMITER.fullmatch(self._delimiter.join(line))):
                    yield Row(number, [_cell(text) for text in line[:MOST_COLUMNS]])
        except (csv.Error, UnicodeDecodeError):
            raise SheetRefused("unreadable", "csv") from None
        finally:
            text.detach()

    def spans(self) -> Sequence[Span]:
        """None: a CSV file forgets which cells were merged."""
        return ()

    def close(self) -> None:
        """Nothing is held."""

    def _find_delimiter(self) -> str:
        """The sign that stands most often in one of the first lines, where the headers are; or what the file says."""
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self._encoding, newline="")
        try:
            lines = list(islice(iter(lambda: text.readline(_LONGEST_LINE), ""), _HEAD_LINES))
        except UnicodeDecodeError:
            raise SheetRefused("unreadable", "csv") from None
        finally:
            text.detach()
        if lines and (told := _TOLD_DELIMITER.fullmatch(lines[0])):
            return told[1]
        return max(_DELIMITERS, key=lambda sign: max((line.count(sign) for line in lines), default=0))


def _cell(text: str) -> Cell:
    if not text.startswith(("=", "#")):
        if len(text) > LONGEST_CELL:
            raise SheetRefused("too_large")
        return text
    if meant := _TEXT_FORMULA.fullmatch(text):
        return Derived(meant[1], Origin.FORMULA, text)
    if text.startswith("="):
        return Derived(text[:LONGEST_CELL], Origin.UNSAVED, text[:LONGEST_CELL])
    return Derived(text, Origin.ERROR, text) if _ERROR.fullmatch(text) else text[:LONGEST_CELL]


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4)
    if head.startswith(_UTF16_MARKS):
        return "utf-16"
    return "utf-8-sig" if _is_utf8(file) else "cp874"


def _is_utf8(file: BinaryIO) -> bool:
    """Whether a whole file is UTF-8. One of bytes that no text has is refused."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    sound = True
    file.seek(0)
    while chunk := file.read(_CHUNK):
        if b"\0" in chunk:
            raise SheetRefused("wrong_type")
        if sound:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                sound = False
    if sound:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            sound = False
    return sound
