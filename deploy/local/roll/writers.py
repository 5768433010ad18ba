"""Writes a roll as the files that offices send: XLSX, and CSV as Excel or an old system saves it."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from deploy.local.roll.generator import COLUMNS, Roll

Cell = str | int | float | None

UTF8_WITH_MARK = "utf-8-sig"
TIS_620 = "cp874"
"""What Excel calls `Thai (Windows)`: TIS-620 and a few signs."""

_SHEET_NAME = "บัญชีรายชื่อ"
_WIDTHS = (8, 14, 42, 38, 14, 10, 26, 18, 18, 18, 12, 12, 12, 34, 16, 16, 26)


def write_xlsx(roll: Roll, path: Path) -> None:
    """Write the roll as one XLSX sheet with its headers in the first row."""
    sheet_to_xlsx([COLUMNS, *roll.rows], path, header_row=1)


def write_csv(roll: Roll, path: Path, encoding: str = UTF8_WITH_MARK) -> None:
    """Write the roll as CSV; the default is what Excel needs to recognise Thai."""
    sheet_to_csv([COLUMNS, *roll.rows], path, encoding)


def sheet_to_xlsx(rows: Iterable[Sequence[Cell]], path: Path, *, header_row: int) -> None:
    """Write rows as they are; a text that begins with `=` becomes a formula. The header row is frozen, in bold."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_SHEET_NAME)
    sheet.freeze_panes = f"A{header_row + 1}"
    for number, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number, row in enumerate(rows, start=1):
        if number != header_row:
            sheet.append(row)
            continue
        header = [WriteOnlyCell(sheet, value=value) for value in row]
        for cell in header:
            cell.font, cell.alignment = Font(bold=True), Alignment(horizontal="center")
        sheet.append(header)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def sheet_to_csv(rows: Iterable[Sequence[Cell]], path: Path, encoding: str = UTF8_WITH_MARK) -> None:
    """Write rows as CSV with CRLF ends. Raises `UnicodeEncodeError` when the encoding lacks a character."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))
