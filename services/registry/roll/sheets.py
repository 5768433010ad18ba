"""Turns the bytes of a roll into a grid of cells, without evaluating, following or trusting anything in them.

XLSX (read by calamine) and CSV in UTF-8, UTF-16 or TIS-620. The kind is decided by the bytes, never by a name or a
header. Runs in a thread: no I/O, no clock.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

import python_calamine

Cell = object
"""Text, a number, a truth value, a date or time, or None. Empty cells are `""` or None."""

Fault = Literal["empty", "wrong_type", "locked", "unreadable", "too_large"]

MOST_ROWS = 50_000
MOST_COLUMNS = 200
MOST_INFLATED = 128 * 1024 * 1024
"""Bytes of a whole XLSX once unpacked; the roll of the country takes 15 MB."""
MOST_PARTS = 500

_ZIP, _OLE, _UTF8_MARK, _UTF16_MARKS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t|"

# A cell far out makes any reader allocate the whole rectangle up to it, so its address is looked at first.
_FAR_COLUMN = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]{3}""")
_FAR_ROW = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]*\d{6}""")
_ANY_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_FORMULA_CELL = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br\s*=\s*["']([A-Z]+)(\d+)["'][^>]*>\s*<(?:\w+:)?f[\s/>]""")

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class SheetRefused(Exception):  # noqa: N818 a refusal, not an error of ours
    """The bytes are no sheet this service reads. `found` names what they look like, where that helps."""

    def __init__(self, fault: Fault, found: str = "") -> None:
        super().__init__(fault)
        self.fault, self.found = fault, found


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet. `rows[0]` is the line that a person sees as 1; `formulas` are (row, column) from 0."""

    kind: Literal["xlsx", "csv"]
    name: str
    rows: list[list[Cell]]
    formulas: frozenset[tuple[int, int]] = frozenset()


def read_grids(data: bytes) -> list[Grid]:
    """Read every visible sheet of a file, in its order. Raises `SheetRefused`."""
    if not data.strip():
        raise SheetRefused("empty")
    if data.startswith(_ZIP):
        return _read_xlsx(data)
    if data.startswith(_OLE):
        raise SheetRefused("locked")
    return [_read_csv(data)]


def _read_xlsx(data: bytes) -> list[Grid]:
    try:
        formulas = _inspect(data)
        book = python_calamine.load_workbook(io.BytesIO(data))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            and sheet.visible == python_calamine.SheetVisibleEnum.Visible
        ]
        return [
            Grid(
                "xlsx",
                name,
                [list(row) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)],
                formulas.get(name, frozenset()),
            )
            for name in visible
        ]
    except SheetRefused:
        raise
    except python_calamine.PasswordError:
        raise SheetRefused("locked") from None
    except Exception:  # noqa: BLE001  whatever a stranger's file breaks in a reader, the file is at fault
        raise SheetRefused("unreadable", "xlsx") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # calamine's own bugs come past `Exception`
            raise SheetRefused("unreadable", "xlsx") from None
        raise


def _inspect(data: bytes) -> dict[str, frozenset[tuple[int, int]]]:
    """Check size and extent before calamine sees the file; return the formula cells by sheet name.

    Reading each part through `zipfile` proves its declared size by its checksum.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_INFLATED:
            raise SheetRefused("too_large")
        names = {part.filename for part in parts}
        if "xl/workbook.xml" not in names:
            raise SheetRefused("wrong_type", _office_kind(names))
        found = {}
        sheets = _sheet_parts(archive)
        for part in parts:
            body = archive.read(part)
            if part.filename.startswith("xl/worksheets/"):
                if _FAR_COLUMN.search(body) or _FAR_ROW.search(body):
                    raise SheetRefused("too_large")
                found[part.filename] = _formulas(body)
        return {name: found.get(path, frozenset()) for name, path in sheets.items()}


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Which part of the archive holds the sheet of a name."""
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - expat bounds entities
    }
    sheets = ET.fromstring(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")  # noqa: S314
    return {sheet.get("name", ""): _absolute(targets.get(sheet.get(_RELATION), "")) for sheet in sheets}


def _absolute(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _formulas(body: bytes) -> frozenset[tuple[int, int]]:
    if not _ANY_FORMULA.search(body):
        return frozenset()
    return frozenset((int(row) - 1, _column(letters)) for letters, row in _FORMULA_CELL.findall(body))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _office_kind(names: Iterable[str]) -> str:
    known = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx", "content.xml": "ods"}
    return next((kind for part, kind in known.items() if part in names), "zip")


def _read_csv(data: bytes) -> Grid:
    text = _decode(data)
    try:
        rows: list[list[Cell]] = [
            list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        ]
    except csv.Error:
        raise SheetRefused("unreadable", "csv") from None
    if len(rows) > MOST_ROWS or any(len(row) > MOST_COLUMNS for row in rows):
        raise SheetRefused("too_large")
    return Grid("csv", "", rows)


def _decode(data: bytes) -> str:
    if data.startswith(_UTF16_MARKS):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in data or data.startswith(b"%PDF"):
        raise SheetRefused("wrong_type", "pdf" if data.startswith(b"%PDF") else "")
    else:
        encodings = ("utf-8-sig", "cp874")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused("unreadable", "csv")


def _delimiter(text: str) -> str:
    """The sign that stands most often in one of the first lines, where the headers are."""
    lines = text.split("\n", 30)[:30]
    return max(_DELIMITERS, key=lambda sign: max(line.count(sign) for line in lines))
