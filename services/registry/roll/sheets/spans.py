"""Merged cells: where they are, and what the cells below the first of a merged column say."""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence

from services.registry.roll.sheets.cells import Columns
from services.registry.roll.sheets.grid import HEAD, Cell, Derived, Origin, Row, SheetRefused, Span, plain
from services.registry.roll.sheets.markup import Archive

MOST_SPANS = 200_000
"""One for each LAO and district of the largest roll, and some."""

_MERGE = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^>]*?\bref\s*=\s*["']([A-Za-z]{1,3})(\d{1,7}):([A-Za-z]{1,3})(\d{1,7})["']"""
)
_OVERLAP = 200
"""Bytes: a mergeCell element is shorter."""


class Spans:
    """The merged cells of one sheet, sorted by their first line, twelve bytes each."""

    def __init__(self, found: Iterable[Span] = ()) -> None:
        numbers = array("I")
        for span in sorted(found):
            numbers.extend(span)
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers) // 4

    def __getitem__(self, place: int) -> Span:
        return Span(*self._numbers[4 * place : 4 * place + 4])

    def in_head(self) -> tuple[Span, ...]:
        """Those that begin among the first lines."""
        found = []
        for place in range(len(self)):
            span = self[place]
            if span.first_line > HEAD:
                break
            found.append(span)
        return tuple(found)


def read_spans(archive: Archive, part: str) -> Spans:
    """The merged cells of a worksheet, which stand behind all its rows. Raises `SheetRefused`."""
    columns, found = Columns(), list[Span]()
    before = b""
    for chunk in archive.chunks(part):
        text = before + chunk
        end = 0
        for match in _MERGE.finditer(text):
            end = match.end()
            left, top, right, bottom = match.groups()
            found.append(Span(int(top), columns[left.decode()], int(bottom), columns[right.decode()]))
        if len(found) > MOST_SPANS:
            raise SheetRefused("too_large")
        before = text[max(end, len(text) - _OVERLAP) :]
    return Spans(found)


def filled_down(rows: Iterable[Row], spans: Spans) -> Iterator[Row]:
    """The rows, with the value of a merged column's first cell in the cells below it.

    Only downwards: a total's words merged across a line are not the values of that line's columns.
    """
    if not len(spans):
        yield from rows
        return
    upcoming, open_spans = 0, list[tuple[Span, Cell]]()
    for row in rows:
        open_spans = [each for each in open_spans if each[0].last_line >= row.line]
        for span, value in open_spans:
            _put(row.cells, span.first_column, value)
        while upcoming < len(spans) and spans[upcoming].first_line <= row.line:
            span = spans[upcoming]
            upcoming += 1
            value = _at(row.cells, span.first_column)
            if span.first_line == row.line < span.last_line and value not in {None, ""}:
                open_spans.append((span, Derived(plain(value), Origin.MERGED, None)))
        yield row


def _put(cells: list[Cell], place: int, value: Cell) -> None:
    cells.extend([None] * (place + 1 - len(cells)))
    if cells[place] in {None, ""}:
        cells[place] = value


def _at(cells: Sequence[Cell], place: int) -> Cell:
    return cells[place] if place < len(cells) else None
