"""Writes a roll as the files that offices send: XLSX, and CSV as Excel or an old system saves it."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from deploy.local.roll.generator import COLUMNS, Roll


class Formula(NamedTuple):
    """A formula, and the value that the program which saved it worked out; an empty one if it saved none."""

    text: str
    saved: str | int | float = ""


class Shown(NamedTuple):
    """A number that its cell's format shows with zeros before it."""

    number: int
    digits: int


Cell = str | int | float | date | Formula | Shown | None


class Merge(NamedTuple):
    """Cells that are merged: lines from 1, columns from 0, inclusive. The first of them holds the value."""

    first_line: int
    first_column: int
    last_line: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet: its rows as they stand, which lines are headers, which cells are merged."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    header_lines: tuple[int, ...] = (1,)
    merges: tuple[Merge, ...] = field(default=())
    hidden: bool = False


UTF8_WITH_MARK = "utf-8-sig"
TIS_620 = "cp874"
"""What Excel calls `Thai (Windows)`: TIS-620 and a few signs."""

_SHEET_NAME = "บัญชีรายชื่อ"
_WIDTHS = (8, 14, 42, 38, 14, 10, 26, 18, 18, 18, 12, 12, 12, 34, 16, 16, 26)


def write_xlsx(roll: Roll, path: Path) -> None:
    """Write the roll as one XLSX sheet with its headers in the first row."""
    pages_to_xlsx([Page(_SHEET_NAME, (COLUMNS, *roll.rows))], path)


def write_csv(roll: Roll, path: Path, encoding: str = UTF8_WITH_MARK) -> None:
    """Write the roll as CSV; the default is what Excel needs to recognise Thai."""
    rows_to_csv([COLUMNS, *roll.rows], path, encoding)


def pages_to_xlsx(pages: Iterable[Page], path: Path) -> None:
    """Write sheets as they are. Headers are bold, and the rows above them stay in sight."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        bold = book.add_format({"bold": True, "align": "center"})
        for page in pages:
            sheet = book.add_worksheet(page.name)
            sheet.freeze_panes(max(page.header_lines), 0)
            for number, width in enumerate(_WIDTHS):
                sheet.set_column(number, number, width)
            for number, row in enumerate(page.rows, start=1):
                for place, value in enumerate(row):
                    _write(book, sheet, number - 1, place, value, bold if number in page.header_lines else None)
            for merge in page.merges:
                _merge(sheet, page.rows, merge)
            if page.hidden:
                sheet.hide()


def _write(book: Any, sheet: Worksheet, line: int, place: int, value: Cell, form: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Formula):
        sheet.write_formula(line, place, value.text, form, value.saved)
    elif isinstance(value, Shown):
        sheet.write_number(line, place, value.number, book.add_format({"num_format": "0" * value.digits}))
    elif isinstance(value, date):
        sheet.write_datetime(line, place, value, book.add_format({"num_format": "d/m/yyyy"}))
    elif isinstance(value, str):
        sheet.write_string(line, place, value, form)
    else:
        sheet.write_number(line, place, value, form)


def _merge(sheet: Worksheet, rows: Sequence[Sequence[Cell]], merge: Merge) -> None:
    value = rows[merge.first_line - 1][merge.first_column]
    sheet.merge_range(merge.first_line - 1, merge.first_column, merge.last_line - 1, merge.last_column, value)


def rows_to_csv(rows: Iterable[Sequence[Cell]], path: Path, encoding: str = UTF8_WITH_MARK) -> None:
    """Write rows as CSV with CRLF ends. Raises `UnicodeEncodeError` when the encoding lacks a character."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))
