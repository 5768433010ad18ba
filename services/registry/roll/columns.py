"""Finds the columns of a roll by what offices call them, wherever they stand and over however many lines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.registry.roll.headers import (
    CANONICAL,
    FIELD_OF,
    REQUIRED,
    Field,
    field_of,
    key_of,
    names_secret,
    weak_field_of,
)
from services.registry.roll.sheets import Cell, Row, Span, plain
from shared.thai.text import normalise

FEWEST_HEADERS = 3
_LEVELS = 3
"""Lines over which headers may be spread: `ที่ตั้ง` above `ตำบล`, `อำเภอ`, `จังหวัด`."""
_LIKE_A_ROLL = 5
"""Headers known in a sheet that has the code's: fewer, and it is a summary."""
_COUNTING = re.compile(r"\(?\s*(\d{1,2})\s*[.)]?\s*")


@dataclass(frozen=True, slots=True)
class Table:
    """Where a sheet's headers are. `columns` gives the place of each field (from 0), `headers` its words in the file,
    `header_line` the last of the header's lines (from 1), `width` how many columns the lines down to it have.
    """

    header_line: int
    columns: Mapping[Field, int]
    headers: Mapping[Field, str]
    width: int


@dataclass(frozen=True, slots=True)
class NoTable:
    """The columns a roll needs are not there. `missing` are their canonical headers; `known` counts those found."""

    missing: tuple[str, ...]
    known: int = 0
    like_a_roll: bool = False


@dataclass(frozen=True, slots=True)
class RepeatedColumn:
    """Two columns say they are the same: which one is meant cannot be known."""

    header: str


@dataclass(frozen=True, slots=True)
class HoldsCredentials:
    """The sheet has a column of user names or passwords."""

    header: str


TableRefusal = NoTable | RepeatedColumn | HoldsCredentials
NOTHING_FOUND = NoTable(tuple(CANONICAL[field] for field in REQUIRED))


@dataclass(frozen=True, slots=True)
class _Label:
    """What stands above a column: its words, and the field they mean; `weak` where other words would be better."""

    words: str
    field: Field | None
    weak: bool = False


def find_table(head: Sequence[Row], spans: Sequence[Span] = ()) -> Table | TableRefusal:
    """Find the headers among a sheet's first lines. Titles above them are passed over."""
    grid = _Grid(head, spans)
    best: tuple[int, int] | None = None
    for line in grid.lines:
        if best and best[0] >= len(REQUIRED) and line > best[1] + _LEVELS:
            break
        known = len({label.field for label in grid.labels(line).values()} - {None})
        if known >= FEWEST_HEADERS and (best is None or known > best[0]):
            best = known, line
    if best is None:
        return NOTHING_FOUND
    if secret := grid.secret(best[1]):
        return HoldsCredentials(secret)
    return _columns(grid.labels(best[1]), best[1], grid.width(best[1]))


def _columns(labels: Mapping[int, _Label], line: int, width: int) -> Table | TableRefusal:
    columns: dict[Field, int] = {}
    headers: dict[Field, str] = {}
    for weak in (False, True):
        for place, label in labels.items():
            field = label.field
            if field is None or label.weak != weak or (weak and field in columns):
                continue
            if field in columns:
                return RepeatedColumn(normalise(label.words).text)
            columns[field], headers[field] = place, label.words
    missing = tuple(CANONICAL[field] for field in REQUIRED if field not in columns)
    if missing:
        return NoTable(missing, len(columns), "code" in columns and len(columns) >= _LIKE_A_ROLL)
    return Table(line, columns, headers, width)


def is_counting(row: Row) -> bool:
    """Whether a line only numbers the columns, `(1) (2) (3) …`, as forms have it below their headers."""
    numbers = []
    for cell in row.cells:
        text = _words(cell)
        if text:
            found = _COUNTING.fullmatch(text)
            if not found:
                return False
            numbers.append(int(found[1]))
    return len(numbers) >= FEWEST_HEADERS and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def repeats_headers(row: Row, table: Table) -> bool:
    """Whether a line says the headers again, as those of printed pages do."""
    same = 0
    for field, place in table.columns.items():
        text = _words(row.cells[place]) if place < len(row.cells) else ""
        if text:
            said = field_of(text) or weak_field_of(text)
            if said != field and key_of(text) not in key_of(table.headers[field]):
                return False
            same += 1
    return same >= FEWEST_HEADERS


class _Grid:
    """The first lines of a sheet, each column's words with those above it."""

    def __init__(self, head: Sequence[Row], spans: Sequence[Span]) -> None:
        self._rows = {row.line: [_words(cell) for cell in row.cells] for row in head}
        for span in spans:
            self._spread(span)
        self.lines = sorted(self._rows)

    def secret(self, line: int) -> str | None:
        """A header of user names or passwords in the lines of the header that ends with this one."""
        for above in range(_LEVELS):
            words = {text for text in self._rows.get(line - above, []) if text}
            if len(words) >= FEWEST_HEADERS and (found := next(filter(names_secret, sorted(words)), None)):
                return normalise(found).text
        return None

    def width(self, line: int) -> int:
        """How many columns the lines down to this one have."""
        return max(len(row) for at, row in self._rows.items() if at <= line)

    def labels(self, line: int) -> dict[int, _Label]:
        """The label of each column, if the header ended with this line."""
        above = [self._rows.get(line - up, []) for up in range(1, _LEVELS)]
        width = max(map(len, (self._rows[line], *above)))
        return {place: self._label(line, place, above) for place in range(width)}

    def _label(self, line: int, place: int, above: Sequence[Sequence[str]]) -> _Label:
        own = _cell(self._rows[line], place)
        if not own:
            # An upper line says what the lower leaves out, where cells were merged and the file forgot it.
            words = next((text for row in above if (text := _cell(row, place))), "")
            return _Label(words, field_of(words))
        for row in above:
            for words in _joined(own, _over(row, place)):
                if field := FIELD_OF.get(key_of(words)):
                    return _Label(words, field)
        field = field_of(own)
        return _Label(own, field) if field else _Label(own, weak_field_of(own), weak=True)

    def _spread(self, span: Span) -> None:
        """Write the words of merged headers into each of their cells."""
        words = _cell(self._rows.get(span.first_line, []), span.first_column)
        if not words or span.last_line - span.first_line >= _LEVELS:
            return
        for line in range(span.first_line, span.last_line + 1):
            row = self._rows.setdefault(line, [])
            last = min(span.last_column, span.first_column + 50)
            row.extend([""] * (last + 1 - len(row)))
            row[span.first_column : last + 1] = [words] * (last + 1 - span.first_column)


def _over(row: Sequence[str], place: int) -> str:
    """The words over a column: its own, or the next to the left, which may stretch over it."""
    for at in range(min(place, len(row) - 1), -1, -1):
        if row[at]:
            return row[at]
    return ""


def _joined(own: str, parent: str) -> Iterator[str]:
    if parent and parent != own:
        yield f"{own} {parent}"
        yield f"{parent} {own}"


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _words(cell: Cell) -> str:
    value = plain(cell)
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) else ""
