"""Reads a roll: each row becomes an entry or is rejected, and every finding names its row, its column and its reason.

A row that contradicts itself or another is rejected, all sides of it: choosing one would be a silent fix.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Literal

from services.registry.roll.columns import (
    NOTHING_FOUND,
    HoldsCredentials,
    NoTable,
    RepeatedColumn,
    Table,
    TableRefusal,
    find_table,
    is_counting,
    repeats_headers,
)
from services.registry.roll.lines import Place, at_of
from services.registry.roll.rows import RowReader, cells_of
from services.registry.roll.sheets import HEAD, MOST_ROWS, Book, Kind, Row, Sheet, SheetRefused, open_book, plain
from services.registry.roll.spool import Spool

_FEWEST_CELLS = 3
"""Totals, signatures and remarks below a list fill a cell or two; a center's row never fills so few."""
MOST_IGNORED = 50
_TOTAL = re.compile(
    r"(?:รวม|ยอดรวม|รวมทั้งสิ้น|รวมทั้งหมด|รวมทั้งประเทศ|(?:grand |sub)?total)[\s:]*[\d๐-๙,]*\s*(?:แห่ง|ศูนย์|ศพด\.?)?",
    re.IGNORECASE,
)
_PART_TOTAL = ("รวม", "ยอดรวม")


SheetState = Literal["read", "empty", "other"]


@dataclass(frozen=True, slots=True)
class SheetNote:
    """What became of a visible sheet: `read` with so many rows, `empty` below its headers, or `other`: no roll."""

    name: str
    state: SheetState
    rows: int = 0
    header_line: int | None = None
    width: int = 0
    """Columns, down to the last row."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a roll says. Its rows and findings lie in the spool it was read into.

    `ignored` are the first lines that are no center's row, `ignored_count` says how many there are.
    """

    kind: Kind
    sheets: tuple[SheetNote, ...]
    ignored: tuple[Place, ...]
    ignored_count: int


@dataclass(frozen=True, slots=True)
class EmptyRoll:
    """The headers stand there and nothing below them."""


@dataclass(frozen=True, slots=True)
class BadSheet:
    """One of several sheets looks like a roll and is none that can be read: leaving it out would lose its centers."""

    sheet: str
    refusal: TableRefusal


RollRefusal = TableRefusal | EmptyRoll | BadSheet


def read_roll(file: BinaryIO, this_year: int, spool: Spool) -> Reading | RollRefusal:
    """Read a file whole into an empty spool. `this_year` (B.E.) bounds the years of assessments. Raises `SheetRefused`.

    Takes two seconds of processor time for 10,000 rows: call it in a thread.
    """
    book = open_book(file)
    try:
        tables = _tables(book)
        if not isinstance(tables, list):
            return tables
        return _Reader(book, spool, this_year).read(tables)
    finally:
        book.close()


def tables_of(book: Book) -> list[Table | None]:
    """The table of each sheet of a book that was read before; None where there is none."""
    tables = _tables(book)
    return tables if isinstance(tables, list) else [None] * len(book.sheets)


def _tables(book: Book) -> list[Table | None] | RollRefusal:
    found = [find_table(_head(sheet), sheet.spans()) for sheet in book.sheets]
    for each in found:
        if isinstance(each, HoldsCredentials):
            return each
    if not any(isinstance(each, Table) for each in found):
        return max((each for each in found if not isinstance(each, Table)), key=_nearness, default=NOTHING_FOUND)
    for sheet, each in zip(book.sheets, found, strict=True):
        if isinstance(each, RepeatedColumn) or (isinstance(each, NoTable) and each.like_a_roll):
            return BadSheet(sheet.name, each) if len(found) > 1 else each
    return [each if isinstance(each, Table) else None for each in found]


def _nearness(refusal: TableRefusal) -> int:
    return refusal.known if isinstance(refusal, NoTable) else 100


def _head(sheet: Sheet) -> list[Row]:
    head = []
    for row in sheet.rows():
        if row.line > HEAD:
            break
        head.append(row)
    return head


class _Reader:
    """Takes the rows of a book's tables into a spool."""

    def __init__(self, book: Book, spool: Spool, this_year: int) -> None:
        self._book, self._spool = book, spool
        self._rows = RowReader(this_year)
        self._ignored: list[Place] = []
        self._ignored_count = self._count = self._width = 0

    def read(self, tables: Sequence[Table | None]) -> Reading | EmptyRoll:
        notes = []
        for number, (sheet, table) in enumerate(zip(self._book.sheets, tables, strict=True)):
            if table is None:
                notes.append(SheetNote(sheet.name, "other"))
                continue
            headers = {field: (place, table.headers[field]) for field, place in table.columns.items()}
            self._spool.add_sheet(number, sheet.name, headers)
            before, self._width = self._count, table.width
            for row in data_rows(sheet.rows(), table):
                self._take(number, row, table)
            rows = self._count - before
            state: SheetState = "read" if rows else "empty"
            notes.append(SheetNote(sheet.name, state, rows, table.header_line, self._width))
        if not self._count:
            return EmptyRoll()
        self._spool.settle()
        return Reading(self._book.kind, tuple(notes), tuple(self._ignored), self._ignored_count)

    def _take(self, sheet: int, row: Row, table: Table) -> None:
        self._width = max(self._width, len(row.cells))
        if not is_center(row, table):
            self._ignored_count += 1
            if len(self._ignored) < MOST_IGNORED:
                self._ignored.append(Place(sheet, row.line))
            return
        self._count += 1
        if self._count > MOST_ROWS:
            raise SheetRefused("too_large")
        at = at_of(sheet, row.line)
        self._spool.add(at, self._rows.read(at, dict(cells_of(row.cells, table.columns))))


def data_rows(rows: Iterable[Row], table: Table) -> Iterator[Row]:
    """The lines below a table's headers that have something in them; a line that numbers the columns is none."""
    below = (row for row in rows if row.line > table.header_line and row.filled)
    first = next(below, None)
    if first is None:
        return
    yield from below if is_counting(first) else chain([first], below)


def is_center(row: Row, table: Table) -> bool:
    """Whether a line is, or pretends to be, a center's row: no total, no signature, no headers again."""
    if row.filled < _FEWEST_CELLS:
        return False
    code, name = (_text(row, table.columns[field]) for field in ("code", "name"))
    words = [cell.strip() for cell in row.cells if isinstance(cell, str)]
    if any(_TOTAL.fullmatch(text) for text in words):
        return bool(code) and any(char.isalpha() for char in name) and not _TOTAL.fullmatch(name)
    if code:
        return not repeats_headers(row, table)
    return bool(name) or not any(text.startswith(_PART_TOTAL) for text in words)


def _text(row: Row, place: int) -> str:
    value = plain(row.cells[place]) if place < len(row.cells) else None
    return "" if value is None else str(value).strip()
