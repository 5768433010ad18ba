"""One worksheet's rows out of its markup, each handed on as soon as it is whole.

Source: ECMA-376 part 1, 18.3.1 (worksheets) and 18.18.11 (types of cells).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from services.registry.roll.sheets.grid import (
    LONGEST_CELL,
    MOST_COLUMNS,
    Cell,
    Derived,
    Origin,
    Plain,
    Row,
    SheetRefused,
)
from services.registry.roll.sheets.markup import MOST_ELEMENTS, Archive, Names, Parser
from services.registry.roll.sheets.strings import Texts
from services.registry.roll.sheets.styles import DATE, Style, day_of

LAST_LINE: Final = 1_048_576
_DIGITS: Final = "0123456789"
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_LONGEST_COLUMN: Final = 3
_SURROGATES: Final = range(0xD800, 0xE000)


class Columns(dict[str, int]):
    """Column letters as places from 0, each worked out once."""

    def __missing__(self, letters: str) -> int:
        if not (letters.isascii() and letters.isalpha()) or len(letters) > _LONGEST_COLUMN:
            raise SheetRefused("unreadable", "xlsx")
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - ord("A") + 1
        self[letters] = number - 1
        return number - 1


class RowParser:
    """Fed with a worksheet's markup, it collects the rows that have something in them. Cells without a value do not
    count, wherever they stand; the extent that a sheet declares is never looked at.
    """

    def __init__(self, strings: Texts, styles: Sequence[Style], *, since_1904: bool) -> None:
        self.rows: list[Row] = []
        self._strings, self._styles, self._since_1904 = strings, styles, since_1904
        self._names, self._columns = Names(), Columns()
        self._reads: Mapping[str, Callable[[str], Cell]] = {
            "s": self._shared,
            "n": self._number,
            "b": lambda text: text.strip() in {"1", "true"},
            "e": lambda text: Derived(text, Origin.ERROR, text),
            "d": _iso,
        }
        self._parser = Parser()
        self._parser.on(self._start, self._end)
        self._seen = 0
        self._line, self._cells = 0, list[Cell]()
        self._place, self._kind, self._style = -1, "n", ""
        self._value: str | None = None
        self._inline = list[str]()
        self._formula: str | None = None
        self._aside = 0

    def feed(self, chunk: bytes, *, last: bool = False) -> None:
        """Parse some more. Raises `SheetRefused`."""
        self._parser.feed(chunk, last=last)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._seen += 1
        if self._seen > MOST_ELEMENTS:
            raise SheetRefused("too_large")
        self._parser.clear()
        local = self._names[name]
        if local == "c":
            self._begin_cell(attributes)
        elif local == "row":
            self._begin_row(attributes)
        elif local == "rPh":
            self._aside += 1

    def _end(self, name: str) -> None:
        local = self._names[name]
        if local == "v":
            self._value = self._parser.take()
        elif local == "c":
            self._end_cell()
        elif local == "t":
            if not self._aside:
                self._inline.append(self._parser.take())
        elif local == "f":
            self._formula = self._parser.take()
        elif local == "row":
            if self._cells:
                self.rows.append(Row(self._line, self._cells))
        elif local == "rPh":
            self._aside -= 1

    def _begin_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r")
        line = self._line + 1 if given is None else _whole(given)
        if not self._line < line <= LAST_LINE:
            raise SheetRefused("unreadable", "xlsx")
        self._line, self._cells, self._place = line, [], -1

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        get = attributes.get
        given = get("r")
        self._place = self._place + 1 if given is None else self._columns[given.rstrip(_DIGITS)]
        self._kind = get("t", "n")
        self._style = get("s", "")
        self._value = self._formula = None
        if self._inline:
            self._inline = []

    def _end_cell(self) -> None:
        value = self._typed()
        if self._formula is not None:
            value = self._of_formula(value)
        if value is None or value == "":
            return
        if self._place >= MOST_COLUMNS:
            raise SheetRefused("too_large")
        cells, place = self._cells, self._place
        if len(cells) < place:
            cells.extend([None] * (place - len(cells)))
        elif len(cells) > place:  # a place twice in one row
            raise SheetRefused("unreadable", "xlsx")
        cells.append(value)

    def _of_formula(self, value: Cell) -> Cell:
        if type(value) is Derived and value.origin is Origin.ERROR:
            return value
        written = f"={self._formula}"[:LONGEST_CELL]
        saved = self._value is not None and (self._value != "" or self._kind == "str")
        typed = value.value if type(value) is Derived else value
        return Derived(typed, Origin.FORMULA, written) if saved else Derived(written, Origin.UNSAVED, written)  # type: ignore[arg-type]

    def _typed(self) -> Cell:
        if self._kind == "inlineStr":
            return _text("".join(self._inline))
        text = self._value
        if text is None or text == "":
            return None
        read = self._reads.get(self._kind)
        return read(text) if read else _text(text)

    def _shared(self, text: str) -> Cell:
        try:
            return _text(self._strings[_whole(text)])
        except IndexError:
            raise SheetRefused("unreadable", "xlsx") from None

    def _shown(self, written: str) -> Style:
        number = _whole(written)
        return self._styles[number] if number < len(self._styles) else 0

    def _number(self, text: str) -> Cell:
        number = _parse_number(text)
        style = self._shown(self._style) if self._style else 0
        if not style or isinstance(number, str):
            return number
        if style == DATE:
            return day_of(number, since_1904=self._since_1904) or number
        if number < 0 or int(number) != number:
            return number
        padded = f"{int(number):0{style}}"
        return Derived(padded, Origin.FORMAT, int(number)) if padded[0] == "0" else int(number)


def _whole(text: str) -> int:
    if len(text) > 10 or not (text.isascii() and text.isdigit()):  # noqa: PLR2004  no row, style or string has more
        raise SheetRefused("unreadable", "xlsx")
    return int(text)


def _parse_number(text: str) -> int | float | str:
    if text.isdigit() and text.isascii() and len(text) < 19:  # noqa: PLR2004
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return text[:LONGEST_CELL]
    if number != number or abs(number) == float("inf"):  # noqa: PLR0124  not a number
        return text[:LONGEST_CELL]
    return int(number) if number.is_integer() and abs(number) < 1e18 else number  # noqa: PLR2004


def _text(text: str) -> str:
    if len(text) > LONGEST_CELL:
        raise SheetRefused("too_large")
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    return escaped[0] if code in _SURROGATES else chr(code)


def _iso(text: str) -> Plain:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return text[:LONGEST_CELL]


def rows_of(archive: Archive, part: str, strings: Texts, styles: Sequence[Style], *, since_1904: bool) -> Iterator[Row]:
    """The rows of a worksheet that have something in them, from the top. Raises `SheetRefused`."""
    parser = RowParser(strings, styles, since_1904=since_1904)
    for chunk in archive.chunks(part):
        parser.feed(chunk)
        yield from parser.rows
        parser.rows.clear()
    parser.feed(b"", last=True)
    yield from parser.rows
