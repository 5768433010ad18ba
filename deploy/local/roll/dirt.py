"""The dirty variants of a roll: the same centers as careless offices send them, and each row's verdict.

As a workbook: instructions before the roll, a hidden sheet that nobody shall read, the roll on two sheets (the first
with headers over two lines and merged cells, the second in English), a summary behind. As CSV: title lines, columns in
another order, their numbers below them. Both have empty lines, headers again in the middle, and totals, as real ones
do.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from deploy.local.roll.faults import FAULTS, Found, Kind
from deploy.local.roll.generator import Roll, RollRow
from deploy.local.roll.layouts import Layout, english, other_names, two_lines
from deploy.local.roll.spoiling import Cells
from deploy.local.roll.writers import Cell, Merge, Page, pages_to_xlsx, rows_to_csv

_TITLES = ("บัญชีรายชื่อศูนย์พัฒนาเด็กเล็กที่จะได้รับการประกันคุณภาพภายนอก", "(สิ่งที่ส่งมาด้วย)")
_ROWS_PER_FAULT = 700
SMALLEST = 420
"""A roll with fewer rows has no room for every fault on rows of LAOs of their own."""
_BEFORE = Page("คำชี้แจง", (("กรอกข้อมูลในแผ่นงานถัดไป",), ("ห้ามใส่รหัสผ่านในไฟล์นี้",)))
_HIDDEN = Page("ลับ", (("รหัสศูนย์", "ชื่อผู้ใช้", "รหัสผ่าน"), ("1", "never", "read")), hidden=True)
_BEHIND = Page("สรุป", (("จังหวัด", "อำเภอ", "ตำบล", "จำนวน ศพด."), ("แม่ฮ่องสอน", "ปาย", "เวียงใต้", 3)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an importer must say of a row: its verdict, and exactly these findings, each a reason and a header.

    `sheet` counts from 0 among the visible ones, `row` from 1. `suggestion` comes with the first finding; None where
    any, or none, will do.
    """

    sheet: int
    row: int
    verdict: str
    found: tuple[tuple[str, str], ...] = ()
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class DirtyRoll:
    """The sheets as they are written, the verdict of every row that holds or pretends a center, and the lines that hold
    none (sheet, row): titles above the headers and empty lines are not among them.
    """

    kind: Kind
    pages: tuple[Page, ...]
    verdicts: tuple[Verdict, ...]
    ignored: tuple[tuple[int, int], ...]

    def summary(self) -> dict[str, int]:
        """How many rows get each verdict."""
        return dict(Counter(verdict.verdict for verdict in self.verdicts))


@dataclass(frozen=True, slots=True)
class _Line:
    cells: Cells
    verdict: str = "accepted"
    found: Found = ()
    suggestion: str | None = None
    merged_with_next: bool = False


def dirty(roll: Roll, kind: Kind) -> DirtyRoll:
    """Spoil a roll, the same way each time for the same roll. Raises `ValueError` below `SMALLEST` rows."""
    if roll.count < SMALLEST:
        raise ValueError(f"a dirty roll needs at least {SMALLEST} centers")
    rng = random.Random(f"dirt {kind} {roll.count} {roll.seed}")  # noqa: S311 - repeatable on purpose
    lines = _spoilt(roll, rng, kind)
    half = len(lines) // 2
    if kind == "csv":
        page, verdicts, ignored = _page(0, "", other_names(rng), lines, titles=_TITLES)
        return DirtyRoll(kind, (page,), tuple(verdicts), tuple(ignored))
    first, of_first, ignored = _page(1, "แผ่นที่ 1", two_lines(), lines[:half], titles=_TITLES)
    second, of_second, more = _page(2, "Sheet 2", english(rng), lines[half:], titles=())
    pages = (_BEFORE, _HIDDEN, first, second, _BEHIND)
    return DirtyRoll(kind, pages, (*of_first, *of_second), (*ignored, *more))


def _page(
    sheet: int, name: str, layout: Layout, lines: Sequence[_Line], titles: Sequence[str]
) -> tuple[Page, list[Verdict], list[tuple[int, int]]]:
    """Lay lines out on one sheet, with what real ones have between them."""
    rows: list[tuple[Cell, ...]] = [*((title,) for title in titles), *layout.lines]
    header = tuple(range(len(titles) + 1, len(rows) + 1))
    merges = [
        merge._replace(first_line=merge.first_line + len(titles), last_line=merge.last_line + len(titles))
        for merge in layout.merges
    ]
    if titles:
        rows.append(tuple(f"({number})" for number in range(1, len(layout.fields) + 1)))
    verdicts, ignored = [], []
    for number, line in enumerate(lines):
        if number == len(lines) // 2:
            rows.append((None,) * len(layout.fields))
        if number == len(lines) // 2 + 5 and len(layout.lines) == 1:
            rows.append(layout.lines[0])
            ignored.append((sheet, len(rows)))
        rows.append(layout.row(line.cells))
        found = tuple((reason, layout.names[field]) for reason, field in line.found)
        verdicts.append(Verdict(sheet, len(rows), line.verdict, found, line.suggestion))
        if line.merged_with_next:
            place = layout.fields.index("lao_name")
            merges.append(Merge(len(rows), place, len(rows) + 1, place))
    for total in ((f"รวม {len(lines):,} แห่ง",), ("รวมทั้งสิ้น", None, f"{len(lines):,}", 12, 34, 56)):
        rows.append(total)
        ignored.append((sheet, len(rows)))
    return Page(name, tuple(rows), header, tuple(merges)), verdicts, ignored


def write_dirty(roll: Roll, path: Path) -> tuple[Path, Path, Path]:
    """Write `path` as .xlsx and .csv with the expected verdicts as .json beside them; return the three paths."""
    xlsx, as_csv, expected = (path.with_suffix(suffix) for suffix in (".xlsx", ".csv", ".expected.json"))
    book, text = dirty(roll, "xlsx"), dirty(roll, "csv")
    pages_to_xlsx(book.pages, xlsx)
    rows_to_csv(text.pages[0].rows, as_csv)
    told = {
        each.kind: {"summary": each.summary(), "rows": [asdict(verdict) for verdict in each.verdicts]}
        for each in (book, text)
    }
    expected.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return xlsx, as_csv, expected


def _spoilt(roll: Roll, rng: random.Random, kind: Kind) -> list[_Line]:
    """Spoil rows of LAOs of their own, so that no fault changes the verdict of another's row."""
    lines = [_Line(row._asdict()) for row in roll.rows]
    victims = _Victims(roll.rows, rng)
    for _ in range(max(1, roll.count // _ROWS_PER_FAULT)):
        _merge_one_lao(lines, victims, kind)
        _claim_one_code_twice(lines, victims)
        _name_one_lao_twice(lines, victims)
        for fault in FAULTS.values():
            if kind in fault.kinds:
                at = victims.one(fault.fits)
                spoilt = lines[at].cells | fault.spoil(lines[at].cells, rng)
                lines[at] = _Line(spoilt, fault.verdict, fault.found, fault.suggests(roll.rows[at]))
        again = lines[victims.one()].cells
        lines.append(_Line(again, "repeated", (("repeated_row", "code"),)))
    return lines


def _merge_one_lao(lines: list[_Line], victims: "_Victims", kind: Kind) -> None:
    """The LAO's name merged over two rows: a workbook tells what the second says, a CSV file has forgotten it."""
    half, quarter = len(lines) // 2, len(lines) // 4
    breaks = {quarter, half, half + quarter, half + 5, half + quarter + 5}
    first, second = victims.group(lambda group: len(group) == 2 and not {group[1], group[1] + 1, group[1] - 1} & breaks)  # noqa: PLR2004
    below = lines[second].cells | {"lao_name": None}
    lines[first] = replace(lines[first], merged_with_next=kind == "xlsx")
    if kind == "xlsx":
        lines[second] = _Line(below, "repaired", (("merged_cell", "lao_name"),), str(lines[first].cells["lao_name"]))
    else:
        lines[second] = _Line(below, "rejected", (("missing_value", "lao_name"),))


def _claim_one_code_twice(lines: list[_Line], victims: "_Victims") -> None:
    """Two centers under one code: choosing either would be a silent fix, so both are rejected."""
    first, second = victims.one(), victims.one()
    for at in (first, second):
        cells = lines[at].cells | {"code": lines[first].cells["code"]}
        lines[at] = _Line(cells, "rejected", (("duplicate_code", "code"),))


def _name_one_lao_twice(lines: list[_Line], victims: "_Victims") -> None:
    """One LAO code under two names contradicts itself in every row that has it; what most rows say is suggested."""
    group = victims.group(lambda group: len(group) > 2)  # noqa: PLR2004
    usual = str(lines[group[0]].cells["lao_name"])
    for at in group:
        odd: Cells = {"lao_name": "เทศบาลตำบลสองชื่อ"} if at == group[-1] else {}
        lines[at] = _Line(lines[at].cells | odd, "rejected", (("lao_contradicts_itself", "lao_name"),), usual)


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
        """A row that a fault fits."""
        return self._take(lambda group: fits(self._rows[group[0]]))[0]

    def group(self, wanted: Callable[[list[int]], bool]) -> list[int]:
        """All rows of an LAO."""
        return self._take(wanted)

    def _take(self, wanted: Callable[[list[int]], bool]) -> list[int]:
        for place, code in enumerate(self._free):
            if wanted(self._groups[code]):
                del self._free[place]
                return self._groups[code]
        raise ValueError("no row is left that this fault fits")
