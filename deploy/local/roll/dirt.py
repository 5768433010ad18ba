"""The dirty variant of a roll: the same centers as a careless office sends them, and each row's verdict.

Beside the spoilt rows the sheet has two title lines, its columns in another order under other names, an empty line
and a line of totals, as real ones do.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.roll.faults import FAULTS, Cells
from deploy.local.roll.generator import Roll, RollRow
from deploy.local.roll.writers import Cell, sheet_to_csv, sheet_to_xlsx

_OTHER_HEADERS = {
    "number": "ที่",
    "code": "รหัส\nศูนย์ฯ",
    "name": "ชื่อศูนย์พัฒนาเด็กเล็ก",
    "lao_name": " อปท. ต้นสังกัด",
    "lao_kind": "ประเภท",
    "lao_code": "รหัสอปท.",
    "lao_email": "E-mail อปท.",
    "subdistrict": "ตําบล",
    "district": "อำเภอ ",
    "province": "จังหวัด",
    "postcode": "รหัส ปณ.",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "email": "E-mail",
    "phone": "โทร.",
    "last_assessed": "ปี พ.ศ. ที่ประเมินล่าสุด",
    "remark": "หมายเหตุ",
}
_TITLES = ("บัญชีรายชื่อศูนย์พัฒนาเด็กเล็กที่จะได้รับการประกันคุณภาพภายนอก", "(สิ่งที่ส่งมาด้วย)")
_ROWS_PER_FAULT = 400
SMALLEST = 300
"""A roll with fewer rows has no room for every fault on rows of LAOs of their own."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an importer must say of the sheet's row `row` (1 is the first line). `column` is the sheet's header."""

    row: int
    verdict: str
    reason: str = ""
    column: str = ""
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class DirtySheet:
    """The rows of the sheet as they are written, and the verdict of every row that holds or pretends a center."""

    rows: tuple[tuple[Cell, ...], ...]
    verdicts: tuple[Verdict, ...]
    header_row: int

    def summary(self) -> dict[str, int]:
        """How many rows get each verdict."""
        return dict(Counter(verdict.verdict for verdict in self.verdicts))


@dataclass(frozen=True, slots=True)
class _Line:
    cells: Cells
    verdict: str = "accepted"
    reason: str = ""
    field: str = ""
    suggestion: str | None = None


def dirty(roll: Roll) -> DirtySheet:
    """Spoil a roll, the same way each time for the same roll. Raises `ValueError` below `SMALLEST` rows."""
    if roll.count < SMALLEST:
        raise ValueError(f"a dirty roll needs at least {SMALLEST} centers")
    rng = random.Random(f"dirt {roll.count} {roll.seed}")  # noqa: S311 - repeatable on purpose
    lines = _spoilt(roll, rng)
    fields = list(RollRow._fields)
    rng.shuffle(fields)
    rows: list[tuple[Cell, ...]] = [(title,) for title in _TITLES]
    rows.append(tuple(_OTHER_HEADERS[field] for field in fields))
    header_row = len(rows)
    verdicts = []
    for number, line in enumerate(lines):
        if number == len(lines) // 2:
            rows.append((None,) * len(fields))
        rows.append(tuple(line.cells[field] for field in fields))
        column = _OTHER_HEADERS[line.field] if line.field and line.reason else ""
        verdicts.append(Verdict(len(rows), line.verdict, line.reason, column, line.suggestion))
    rows.append((f"รวม {len(lines):,} แห่ง",))
    return DirtySheet(tuple(rows), tuple(verdicts), header_row)


def write_dirty(sheet: DirtySheet, path: Path) -> tuple[Path, Path, Path]:
    """Write `path` as .xlsx and .csv with the expected verdicts as .json beside them; return the three paths."""
    xlsx, as_csv, expected = (path.with_suffix(suffix) for suffix in (".xlsx", ".csv", ".expected.json"))
    sheet_to_xlsx(sheet.rows, xlsx, header_row=sheet.header_row)
    sheet_to_csv(sheet.rows, as_csv)
    report = {"summary": sheet.summary(), "rows": [asdict(verdict) for verdict in sheet.verdicts]}
    expected.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return xlsx, as_csv, expected


def _spoilt(roll: Roll, rng: random.Random) -> list[_Line]:
    """Spoil rows of LAOs of their own, so that no fault changes the verdict of another's row."""
    lines = [_Line(row._asdict()) for row in roll.rows]
    victims = _Victims(roll.rows, rng)
    for _ in range(max(1, roll.count // _ROWS_PER_FAULT)):
        for fault in FAULTS.values():
            at = victims.one(fault.fits)
            cells = lines[at].cells
            spoilt = cells | fault.spoil(cells, rng)
            lines[at] = _Line(spoilt, fault.verdict, fault.reason, fault.field, fault.suggests(roll.rows[at]))
        _claim_one_code_twice(lines, victims)
        _name_one_lao_twice(lines, victims)
        lines.append(_Line(lines[victims.one()].cells, "repeated", "repeated_row", "code"))
    return lines


def _claim_one_code_twice(lines: list[_Line], victims: "_Victims") -> None:
    """Two centers under one code: choosing either would be a silent fix, so both are rejected."""
    first, second = victims.one(), victims.one()
    for at in (first, second):
        cells = lines[at].cells | {"code": lines[first].cells["code"]}
        lines[at] = _Line(cells, "rejected", "duplicate_code", "code")


def _name_one_lao_twice(lines: list[_Line], victims: "_Victims") -> None:
    """One LAO code under two names contradicts itself in every row that has it."""
    group = victims.group()
    for at in group:
        lines[at] = _Line(lines[at].cells, "rejected", "lao_contradicts_itself", "lao_name")
    odd = group[-1]
    lines[odd] = _Line(
        lines[odd].cells | {"lao_name": "เทศบาลตำบลสองชื่อ"}, "rejected", "lao_contradicts_itself", "lao_name"
    )


class _Victims:
    """Hands out rows to spoil; a row is taken together with every other row of its LAO."""

    def __init__(self, rows: Sequence[RollRow], rng: random.Random) -> None:
        self._rows = rows
        self._groups: dict[str, list[int]] = defaultdict(list)
        for at, row in enumerate(rows):
            self._groups[row.lao_code].append(at)
        self._free = list(self._groups)
        rng.shuffle(self._free)

    def one(self, fits: Callable[[RollRow], bool] = lambda _: True) -> int:
        return self._take(lambda group: fits(self._rows[group[0]]))[0]

    def group(self) -> list[int]:
        return self._take(lambda group: len(group) > 1)

    def _take(self, wanted: Callable[[list[int]], bool]) -> list[int]:
        for place, code in enumerate(self._free):
            if wanted(self._groups[code]):
                del self._free[place]
                return self._groups[code]
        raise ValueError("no row is left that this fault fits")
