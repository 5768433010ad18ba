"""The sheets of a roll's report, written row by row."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final, Generic, TypeVar

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.registry.roll.columns import Table
from services.registry.roll.diff import Changed
from services.registry.roll.findings import VERDICTS, Finding, Verdict
from services.registry.roll.headers import CANONICAL, FIELDS
from services.registry.roll.lines import at_of
from services.registry.roll.reading import SheetNote
from services.registry.roll.sheets import Cell, Derived, Plain, Row, Sheet, is_merged
from services.registry.roll.spool import Spool

T = TypeVar("T")

RESULT: Final = ("ผลตรวจ / Result", "รายละเอียด / Details", "การเปลี่ยนแปลง / Change")
_RESULT_WIDTHS: Final = (22, 70, 50)
WORDS: Final[dict[Verdict, str]] = {
    "accepted": "รับ / accepted",
    "repaired": "แก้ให้แล้ว / repaired",
    "repeated": "ซ้ำ ไม่นับ / repeated",
    "rejected": "ไม่รับ / rejected",
}
_FILLS: Final[dict[Verdict | None, str | None]] = {
    "accepted": "#E2F0D9",
    "repaired": "#FFF2CC",
    "repeated": "#E7E6E6",
    "rejected": "#F8CBAD",
    None: None,
}
_STRONG: Final[dict[Verdict, str]] = {
    "accepted": "#E2F0D9",
    "repaired": "#FFD966",
    "repeated": "#BFBFBF",
    "rejected": "#FF7C80",
}
GONE_HEADS: Final = ("รหัสศูนย์ / Code", "ชื่อศูนย์ / Name", "รหัส อปท. / LAO")
_CHANGES: Final = {
    "added": "ศูนย์ใหม่ / new center",
    "moved": "ย้ายสังกัด / moved: {was} → {becomes}",
    "listed": "เข้าบัญชีรอบนี้ / joins the roll",
    "changed": "ข้อมูลเปลี่ยน / changed: {becomes}",
}
_UNCHANGED: Final = "เหมือนเดิม / unchanged"
_LONGEST: Final = 32_000
_WIDEST: Final = 40
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA_LIKE = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the summary, in Thai and in English."""

    words: str
    value: str | int


class _Formats:
    """Cell formats by fill, kind and whether a text looks like a formula, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[str | None, str, bool], Format] = {}
        self.head = book.add_format({"bold": True, "num_format": "@", "bg_color": "#DDEBF7", "border": 1})

    def of(self, fill: str | None, shown: str, *, quoted: bool = False) -> Format:
        """A format; `shown` is its number format. A `quoted` text stays text when somebody edits it."""
        key = fill, shown, quoted
        if key not in self._made:
            look: dict[str, Any] = {"num_format": shown, "quote_prefix": quoted}
            if fill:
                look |= {"bg_color": fill, "border": 1, "border_color": "#D9D9D9"}
            self._made[key] = self._book.add_format(look)
        return self._made[key]


class Pages:
    """Writes the sheets of one report, each row once, in order."""

    def __init__(self, book: xlsxwriter.Workbook, spool: Spool) -> None:
        self._formats = _Formats(book)
        self._verdicts = _Following((at, [verdict]) for at, verdict in spool.each_verdict())
        self._findings = _Following(_grouped(spool.each_finding()))
        self._changes = _Following(_grouped((each.at or 0, each) for each in spool.each_change()))

    def copied(self, page: Worksheet, sheet: Sheet) -> None:
        """A sheet that is no roll, as it came."""
        for row in sheet.rows():
            for place, cell in enumerate(row.cells):
                self._cell(page, row.line, place, cell, None)

    def judged(self, page: Worksheet, number: int, sheet: Sheet, table: Table, note: SheetNote) -> None:
        """A roll, with the result of each row beside it."""
        widths: dict[int, int] = defaultdict(int)
        last = table.header_line
        for row in sheet.rows():
            last = row.line
            for place, cell in enumerate(row.cells):
                widths[place] = min(max(widths[place], len(str(cell))), _WIDEST)
            if row.line > table.header_line:
                self._row(page, at_of(number, row.line), row, note)
            else:
                self._head_row(page, row, table, note)
        for place, width in widths.items():
            page.set_column(place, place, width + 2)
        for offset, width in enumerate(_RESULT_WIDTHS):
            page.set_column(note.width + offset, note.width + offset, width)
        page.freeze_panes(table.header_line, 0)
        page.autofilter(table.header_line - 1, 0, last - 1, note.width + len(RESULT) - 1)

    def _head_row(self, page: Worksheet, row: Row, table: Table, note: SheetNote) -> None:
        for place, cell in enumerate(row.cells):
            self._cell(page, row.line, place, cell, None)
        if row.line == table.header_line:
            for offset, words in enumerate(RESULT):
                page.write_string(row.line - 1, note.width + offset, words, self._formats.head)

    def _row(self, page: Worksheet, at: int, row: Row, note: SheetNote) -> None:
        verdict = next(iter(self._verdicts.at(at)), None)
        findings, changes = self._findings.at(at), self._changes.at(at)
        fill = _FILLS[verdict]
        worst = {
            each.place: _STRONG[each.verdict]
            for each in sorted(findings, key=lambda each: VERDICTS.index(each.verdict))
        }
        for place in range(note.width):
            cell = row.cells[place] if place < len(row.cells) else None
            self._cell(page, row.line, place, cell, worst.get(place, fill))
        if verdict is None:
            return
        texts = WORDS[verdict], _details(findings), _change(verdict, changes)
        for offset, text in enumerate(texts):
            self._cell(page, row.line, note.width + offset, text, fill)

    def _cell(self, page: Worksheet, line: int, place: int, cell: Cell, fill: str | None) -> None:
        value = _shown(cell)
        if value is None or value == "":
            if fill:
                page.write_blank(line - 1, place, None, self._formats.of(fill, "General"))
        elif isinstance(value, str):
            form = self._formats.of(fill, "@", quoted=value.startswith(_FORMULA_LIKE))
            page.write_string(line - 1, place, UNWRITABLE.sub("\ufffd", value)[:_LONGEST], form)
        elif isinstance(value, bool):
            page.write_boolean(line - 1, place, value, self._formats.of(fill, "General"))
        elif isinstance(value, date):
            page.write_datetime(line - 1, place, value, self._formats.of(fill, "d/m/yyyy"))
        else:
            page.write_number(line - 1, place, value, self._formats.of(fill, "General"))

    def gone(self, page: Worksheet, changes: Iterable[Changed]) -> None:
        """The centers on the round's roll that the file does not name."""
        self._line(page, 0, GONE_HEADS, self._formats.head)
        for line, each in enumerate(changes, start=1):
            self._line(page, line, (each.code, each.name, each.was or ""), self._formats.of(None, "@"))
        page.set_column(0, 2, 30)

    def summary(self, page: Worksheet, facts: Sequence[Fact]) -> None:
        """What came of the roll, in numbers and words."""
        for line, fact in enumerate(facts):
            page.write_string(line, 0, fact.words, self._formats.head)
            if isinstance(fact.value, int):
                page.write_number(line, 1, fact.value, self._formats.of(None, "#,##0"))
            else:
                page.write_string(line, 1, fact.value, self._formats.of(None, "@"))
        page.set_column(0, 1, 50)

    @staticmethod
    def _line(page: Worksheet, line: int, texts: Sequence[str], form: Format) -> None:
        for place, text in enumerate(texts):
            page.write_string(line, place, UNWRITABLE.sub("\ufffd", text)[:_LONGEST], form)


def _shown(cell: Cell) -> Plain:
    """What a reader saw in the file: the value of a formula, or its text where none was saved."""
    if type(cell) is not Derived:
        return cell  # type: ignore[return-value]
    return None if is_merged(cell) else cell.value


def _details(findings: Sequence[Finding]) -> str:
    return " | ".join(
        f"{each.column}: {each.sentence} / {each.sentence_en}" + (f" → {each.suggestion}" if each.suggestion else "")
        for each in findings
    )


def _change(verdict: Verdict, changes: Sequence[Changed]) -> str:
    if verdict in {"rejected", "repeated"}:
        return ""
    told = (
        _CHANGES[each.kind].format(was=each.was, becomes=_in_words(each)) for each in changes if each.kind in _CHANGES
    )
    return " · ".join(told) or _UNCHANGED


def _in_words(changed: Changed) -> str:
    if changed.kind != "changed":
        return changed.becomes or ""
    fields = (changed.becomes or "").split()
    return ", ".join(CANONICAL[field] for field in FIELDS if field in fields)


def _grouped(pairs: Iterable[tuple[int, T]]) -> Iterator[tuple[int, list[T]]]:
    for at, group in groupby(pairs, key=lambda pair: pair[0]):
        yield at, [value for _, value in group]


class _Following(Generic[T]):
    """Answers what stands at growing numbers, out of a stream in their order."""

    def __init__(self, pairs: Iterable[tuple[int, list[T]]]) -> None:
        self._pairs = iter(pairs)
        self._next = next(self._pairs, None)

    def at(self, number: int) -> list[T]:
        """What stands at a number; nothing if the stream has nothing there."""
        while self._next is not None and self._next[0] < number:
            self._next = next(self._pairs, None)
        return self._next[1] if self._next is not None and self._next[0] == number else []
