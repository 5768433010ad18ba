"""Small rolls to order, as bytes."""

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from openpyxl import Workbook

from services.registry.domain import Entry
from services.registry.roll.findings import Finding, Verdict
from services.registry.roll.reading import Reading, RollRefusal, read_roll
from services.registry.roll.spool import Spool

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


@dataclass(frozen=True)
class Told:
    """All that was read of a roll, in memory."""

    entries: list[Entry]
    findings: list[Finding]
    verdicts: dict[Verdict, int]
    reading: Reading

    @property
    def rows(self) -> int:
        return sum(self.verdicts.values())

    @property
    def ignored(self) -> tuple[int, ...]:
        return tuple(place.line for place in self.reading.ignored)


def told(data: bytes, this_year: int = 2569) -> Told | RollRefusal:
    """Read a file whole; entries in the order of their rows."""
    with closing(Spool()) as spool:
        reading = read_roll(io.BytesIO(data), this_year, spool)
        if not isinstance(reading, Reading):
            return reading
        entries = sorted(spool.entries_after("", "", 1_000_000), key=lambda entry: entry.row)
        return Told(entries, spool.findings(1_000_000), spool.verdicts(), reading)


def read(rows: Sequence[Sequence[object]]) -> Told:
    """What is read of rows in a CSV file, which must be a roll."""
    found = told(as_csv(rows))
    assert isinstance(found, Told), found
    return found
