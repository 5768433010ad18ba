"""Writes rows to a file of each kind, in memory that does not grow with them."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Generic, Literal, Protocol, TypeVar

from xlsxwriter import Workbook

Format = Literal["xlsx", "csv", "geojson"]
Value = str | int | float | None
R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)

_MARK: Final = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of the machine."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With which a text begins that a spreadsheet would evaluate (OWASP, CSV injection)."""
_LONGEST_TITLE: Final = 31
"""Of a sheet, in Excel."""
_IN_XLSX: Final = "%.16G"
"""The digits of a number that its writer writes; a number with more is written as text, which reads as the same."""


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column: its header, what a row has there, and its width in letters."""

    header: str
    value: Callable[[R], Value]
    width: int = 14


@dataclass(frozen=True, slots=True)
class Feature:
    """A row on a map: degrees WGS 84 (None: nobody knows where), and its properties for machines."""

    id: str
    longitude: float | None
    latitude: float | None
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """What a list looks like as a file. `title` names the sheet."""

    title: str
    columns: Sequence[Column[R]]
    feature: Callable[[R], Feature]


class Writer(Protocol[R_contra]):
    """Writes rows, then the end of its file. Called from one thread at a time."""

    def write(self, rows: Iterable[R_contra]) -> None:
        """Write these rows behind those before."""

    def close(self) -> None:
        """Make the file whole. It stays open."""


class CsvWriter(Generic[R]):
    """UTF-8 with a mark, so that Excel shows Thai; a text that would be a formula gets a `'` before it."""

    def __init__(self, table: Table[R], file: IO[bytes]) -> None:
        self._columns, self._file = table.columns, file
        self._lines([[column.header for column in table.columns]], _MARK)

    def write(self, rows: Iterable[R]) -> None:
        """Write these rows behind those before."""
        self._lines([_harmless(column.value(row)) for column in self._columns] for row in rows)

    def close(self) -> None:
        """Make the file whole."""

    def _lines(self, rows: Iterable[Sequence[Value]], mark: str = "") -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._file.write((mark + text.getvalue()).encode())


class XlsxWriter(Generic[R]):
    """One sheet, its headers frozen. Text is text: nothing becomes a formula, a link, or a number without its zeros."""

    def __init__(self, table: Table[R], file: IO[bytes]) -> None:
        self._columns, self._row = table.columns, 0
        self._book = Workbook(file, {"constant_memory": True, "tmpdir": tempfile.gettempdir()})
        self._sheet = self._book.add_worksheet(table.title[:_LONGEST_TITLE])
        self._text = self._book.add_format({"num_format": "@"})
        bold = self._book.add_format({"bold": True, "bottom": 1})
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(table.columns):
            self._sheet.set_column(place, place, column.width)
        for place, column in enumerate(table.columns):
            self._sheet.write_string(0, place, column.header, bold)

    def write(self, rows: Iterable[R]) -> None:
        """Write these rows behind those before."""
        for row in rows:
            self._row += 1
            for place, column in enumerate(self._columns):
                value = column.value(row)
                if isinstance(value, str):
                    self._sheet.write_string(self._row, place, value, self._text)
                elif value is not None and float(_IN_XLSX % value) == value:
                    self._sheet.write_number(self._row, place, value)
                elif value is not None:
                    self._sheet.write_string(self._row, place, repr(value), self._text)

    def close(self) -> None:
        """Make the file whole."""
        self._sheet.autofilter(0, 0, max(self._row, 1), len(self._columns) - 1)
        self._book.close()


class GeoJsonWriter(Generic[R]):
    """A FeatureCollection (RFC 7946), a feature a line."""

    def __init__(self, table: Table[R], file: IO[bytes]) -> None:
        self._feature, self._file, self._before = table.feature, file, b"\n"
        file.write(b'{"type":"FeatureCollection","features":[')

    def write(self, rows: Iterable[R]) -> None:
        """Write these rows behind those before."""
        for row in rows:
            self._file.write(self._before + _feature(self._feature(row)))
            self._before = b",\n"

    def close(self) -> None:
        """Make the file whole."""
        self._file.write(b"\n]}\n")


def writer_of(kind: Format, table: Table[R], file: IO[bytes]) -> Writer[R]:
    """The writer of a kind of file; its beginning is written."""
    match kind:
        case "xlsx":
            return XlsxWriter(table, file)
        case "csv":
            return CsvWriter(table, file)
        case "geojson":
            return GeoJsonWriter(table, file)


def _harmless(value: Value) -> Value:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _feature(found: Feature) -> bytes:
    known = found.longitude is not None and found.latitude is not None
    geometry = {"type": "Point", "coordinates": [found.longitude, found.latitude]} if known else None
    feature = {"type": "Feature", "id": found.id, "geometry": geometry, "properties": found.properties}
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":")).encode()
