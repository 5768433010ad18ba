"""Finds the columns of a roll by what offices call them, wherever they stand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from services.registry.roll.sheets import Cell, Grid
from shared.thai.text import normalise

Field = Literal[
    "code",
    "name",
    "lao_code",
    "lao_name",
    "lao_email",
    "subdistrict",
    "district",
    "province",
    "latitude",
    "longitude",
    "email",
    "last_assessed",
]
FIELDS: tuple[Field, ...] = get_args(Field)
REQUIRED: tuple[Field, ...] = ("code", "name", "lao_code", "lao_name", "subdistrict", "district", "province")

CANONICAL: Mapping[Field, str] = {
    "code": "รหัสศูนย์",
    "name": "ชื่อศูนย์",
    "lao_code": "รหัส อปท.",
    "lao_name": "อปท.ต้นสังกัด",
    "lao_email": "อีเมล อปท.",
    "subdistrict": "ตำบล",
    "district": "อำเภอ",
    "province": "จังหวัด",
    "latitude": "ละติจูด",
    "longitude": "ลองจิจูด",
    "email": "อีเมล",
    "last_assessed": "ปีที่ประเมินล่าสุด",
}
"""The header of each column as the department writes it."""

_ALSO: Mapping[Field, str] = {
    "code": "รหัสศูนย์ฯ รหัสศพด รหัสศูนย์พัฒนาเด็กเล็ก รหัสสถานศึกษา centercode",
    "name": "ชื่อศูนย์ฯ ชื่อศพด ชื่อศูนย์พัฒนาเด็กเล็ก ชื่อสถานศึกษา ศูนย์พัฒนาเด็กเล็ก ศพด centername",
    "lao_code": "รหัสองค์กรปกครองส่วนท้องถิ่น laocode",
    "lao_name": "อปท ชื่ออปท ต้นสังกัด สังกัด หน่วยงานต้นสังกัด องค์กรปกครองส่วนท้องถิ่น lao",
    "lao_email": "อีเมล์อปท emailอปท laoemail",
    "subdistrict": "ชื่อตำบล subdistrict tambon",
    "district": "ชื่ออำเภอ district amphoe",
    "province": "ชื่อจังหวัด province changwat",
    "latitude": "lat latitude พิกัดละติจูด",
    "longitude": "long lon lng longitude พิกัดลองจิจูด ลองติจูด",
    "email": "อีเมล์ อีเมลศูนย์ อีเมล์ศูนย์ email emailศูนย์",
    "last_assessed": "ปีพศที่ประเมินล่าสุด ประเมินล่าสุด ปีที่ประเมินครั้งล่าสุด lastassessed",
}

_SECRETS = ("รหัสผ่าน", "ชื่อผู้ใช้", "password", "passwd", "username", "userid")
"""The order forbids user names and passwords in lists that travel; a roll that has them is refused whole."""

_HEADER_IS_WITHIN = 30
_FEWEST_HEADERS = 3
_UNTOLD = re.compile("[^0-9A-Za-z\u0e01-\u0e4e\u0e50-\u0e59]+|ฯ")


@dataclass(frozen=True, slots=True)
class Table:
    """A grid whose headers were found: `columns` gives the place of each field, `headers` its words in the file."""

    grid: Grid
    header_row: int
    columns: Mapping[Field, int]
    headers: Mapping[Field, str]


@dataclass(frozen=True, slots=True)
class NoTable:
    """No sheet has the columns a roll needs. `missing` are their canonical headers."""

    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepeatedColumn:
    """Two columns say they are the same: which one is meant cannot be known."""

    header: str


@dataclass(frozen=True, slots=True)
class HoldsCredentials:
    """The sheet has a column of user names or passwords."""

    header: str


TableRefusal = NoTable | RepeatedColumn | HoldsCredentials


def key_of(header: str) -> str:
    """A header without what offices write differently: spaces, dots, case, `ฯ`."""
    return _UNTOLD.sub("", normalise(header).text).casefold()


_FIELD_OF = {
    key_of(word): field for field in FIELDS for word in (CANONICAL[field], *_ALSO[field].split())
}  # fmt: skip


def find_table(grids: Sequence[Grid]) -> Table | TableRefusal:
    """Find the first sheet with every required column. Titles above the headers are passed over.

    A refusal names what the best candidate lacks.
    """
    best: TableRefusal = NoTable(tuple(CANONICAL[field] for field in REQUIRED))
    most = 0
    for grid in grids:
        row = _header_row(grid)
        if row is None:
            continue
        found = _columns(grid, row)
        if isinstance(found, Table | HoldsCredentials):
            return found
        known = sum(1 for cell in grid.rows[row] if _field(cell))
        if known > most:
            best, most = found, known
    return best


def _header_row(grid: Grid) -> int | None:
    counts = [len({_field(cell) for cell in row} - {None}) for row in grid.rows[:_HEADER_IS_WITHIN]]
    if not counts or max(counts) < _FEWEST_HEADERS:
        return None
    return counts.index(max(counts))


def _field(cell: Cell) -> Field | None:
    return _FIELD_OF.get(key_of(cell)) if isinstance(cell, str) else None


def _columns(grid: Grid, row: int) -> Table | TableRefusal:
    columns: dict[Field, int] = {}
    headers: dict[Field, str] = {}
    for place, cell in enumerate(grid.rows[row]):
        if not isinstance(cell, str):
            continue
        key = key_of(cell)
        if any(secret in key for secret in _SECRETS):
            return HoldsCredentials(normalise(cell).text)
        field = _FIELD_OF.get(key)
        if field is None:
            continue
        if field in columns:
            return RepeatedColumn(normalise(cell).text)
        columns[field], headers[field] = place, cell
    missing = tuple(CANONICAL[field] for field in REQUIRED if field not in columns)
    return NoTable(missing) if missing else Table(grid, row, columns, headers)
