"""Reads a file of usernames and passwords into the lines of a batch. Nothing of it is written anywhere."""

import csv
import io
import json
import stat
from pathlib import Path
from typing import Final

COLUMNS: Final = {
    "kind": ("kind", "ประเภท"),
    "holder": ("holder", "code", "รหัส", "รหัสศูนย์", "รหัส อปท."),
    "username": ("username", "ชื่อผู้ใช้"),
    "password": ("password", "รหัสผ่าน"),
}
"""What a column may be called."""

KINDS: Final = {"center": "center", "ศพด.": "center", "ศูนย์": "center", "lao": "lao", "อปท.": "lao"}


class UnusableFileError(Exception):
    """The file cannot be sent. The text says what and where, never what stood there."""


def exposed(path: Path) -> bool:
    """Whether others than its owner may read a file that holds passwords."""
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def read_lines(path: Path) -> list[bytes]:
    """The lines of a batch: one JSON object for each row of a CSV file in UTF-8. Raises UnusableFileError, OSError."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableFileError(f"ไฟล์ไม่ใช่ UTF-8 / the file is not UTF-8 (byte {error.start})") from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        places = _places(next(rows, []))
        return [_line(number, row, places) for number, row in enumerate(rows, start=2) if any(map(str.strip, row))]
    except csv.Error:
        raise UnusableFileError(f"แถว {rows.line_num} ไม่เป็น CSV / row {rows.line_num} is no CSV") from None


def _places(header: list[str]) -> dict[str, int]:
    names = [name.strip().lower() for name in header]
    places = {}
    for column, known in COLUMNS.items():
        found = [position for position, name in enumerate(names) if name in known]
        if len(found) != 1:
            raise UnusableFileError(
                f"ต้องมีคอลัมน์ {known[-1]} หนึ่งคอลัมน์ / the first row must name {column} once ({len(found)} found)"
            )
        places[column] = found[0]
    return places


def _line(number: int, row: list[str], places: dict[str, int]) -> bytes:
    if len(row) <= max(places.values()):
        raise UnusableFileError(f"แถว {number} มีคอลัมน์ไม่ครบ / row {number} is too short")
    cells = {column: row[place].strip() for column, place in places.items()}
    kind = KINDS.get(cells["kind"].lower())
    if kind is None:
        raise UnusableFileError(f"แถว {number}: ประเภทต้องเป็น center หรือ lao / row {number}: kind is center or lao")
    return json.dumps({**cells, "kind": kind}, ensure_ascii=False).encode()
