"""Small rolls to order, as bytes."""

import csv
import io
from collections.abc import Mapping, Sequence

from openpyxl import Workbook

SOUND = {
    "รหัสศูนย์": "0000000001",
    "ชื่อศูนย์": "ศูนย์พัฒนาเด็กเล็กบ้านปางหมู",
    "อปท.ต้นสังกัด": "องค์การบริหารส่วนตำบลปางหมู",
    "รหัส อปท.": "6580103",
    "ตำบล": "ปางหมู",
    "อำเภอ": "เมืองแม่ฮ่องสอน",
    "จังหวัด": "แม่ฮ่องสอน",
    "ละติจูด": "19.35",
    "ลองจิจูด": "97.96",
    "อีเมล": "c1@center.example",
    "อีเมล อปท.": "l1@lao.example",
    "ปีที่ประเมินล่าสุด": "2563",
}
"""A row with nothing wrong in it."""


HEADERS = tuple(SOUND)


def row(changes: Mapping[str, object] | None = None, /) -> tuple[object, ...]:
    """The sound row with some cells replaced, by their headers."""
    return tuple((SOUND | dict(changes or {})).values())


def roll(*changes: Mapping[str, object]) -> list[tuple[object, ...]]:
    """Headers, then one row for each set of changes."""
    return [HEADERS, *(row(each) for each in changes)]


def as_csv(rows: Sequence[Sequence[object]], *, encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Sequence[Sequence[object]], *, hidden_first: bool = False) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if hidden_first:
        sheet.append(["secret"])
        sheet.sheet_state = "hidden"
        sheet = book.create_sheet("บัญชี")
    for each in rows:
        sheet.append(list(each))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
