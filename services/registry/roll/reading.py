"""Reads a roll: each row becomes an entry or is rejected, and every finding names its row, its column and its reason.

A row that contradicts itself or another is rejected, all sides of it: choosing one would be a silent fix.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.registry.domain import Entry
from services.registry.roll.columns import Field, Table, TableRefusal, find_table
from services.registry.roll.findings import Finding, Reason, Verdict
from services.registry.roll.places import name_key
from services.registry.roll.rows import RowReader
from services.registry.roll.sheets import read_grids

_FEWEST_CELLS = 3
"""Totals, signatures and remarks below a list fill a cell or two; a center's row never fills so few."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a roll says. `entries` are the rows that count; `ignored` are lines that are no center's row."""

    kind: str
    sheet: str
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]
    verdicts: Mapping[Verdict, int]
    ignored: tuple[int, ...]

    @property
    def rows(self) -> int:
        """How many rows hold or pretend a center."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class EmptyRoll:
    """The headers stand there and nothing below them."""


RollRefusal = TableRefusal | EmptyRoll


def read_roll(data: bytes, this_year: int) -> Reading | RollRefusal:
    """Read a file whole. `this_year` (B.E.) bounds the years of assessments. Raises `SheetRefused`.

    Takes about a second for 10,000 rows: call it in a thread.
    """
    table = find_table(read_grids(data))
    return _read(table, this_year) if isinstance(table, Table) else table


def _read(table: Table, this_year: int) -> Reading | RollRefusal:
    reader = RowReader(table, this_year)
    entries: list[Entry] = []
    ignored: list[int] = []
    rows: list[int] = []
    for number, row in enumerate(table.grid.rows[table.header_row + 1 :], start=table.header_row + 2):
        filled = len(row) - row.count("") - row.count(None)
        if filled < _FEWEST_CELLS:
            if filled:
                ignored.append(number)
            continue
        rows.append(number)
        if entry := reader.read(number, row):
            entries.append(entry)
    if not rows:
        return EmptyRoll()
    findings = [
        *reader.findings,
        *_duplicates(reader.codes, entries, table.headers["code"]),
        *_split_laos(entries, table.headers),
    ]
    findings.sort(key=lambda found: found.row)
    verdicts = _verdicts(rows, findings)
    kept = tuple(entry for entry in entries if verdicts[entry.row] in {"accepted", "repaired"})
    return Reading(table.grid.kind, table.grid.name, kept, tuple(findings), Counter(verdicts.values()), tuple(ignored))


def _verdicts(rows: Iterable[int], findings: Iterable[Finding]) -> dict[int, Verdict]:
    """The worst of what was found decides about a row."""
    badness: Sequence[Verdict] = ("accepted", "repaired", "repeated", "rejected")
    verdicts: dict[int, Verdict] = dict.fromkeys(rows, "accepted")
    for finding in findings:
        verdicts[finding.row] = max(verdicts[finding.row], finding.verdict, key=badness.index)
    return verdicts


def _duplicates(codes: Mapping[str, Sequence[int]], entries: Iterable[Entry], header: str) -> Iterator[Finding]:
    """Rows with one code: the same row again is passed over, different ones are all rejected."""
    by_row = {entry.row: entry for entry in entries}
    for code, rows in codes.items():
        if len(rows) == 1:
            continue
        said = {by_row[row][1:] if row in by_row else None for row in rows}
        alike = len(said) == 1 and None not in said
        for row in rows[1:] if alike else rows:
            other = rows[0] if row != rows[0] else rows[1]
            yield Finding(
                row, header, code, Reason.REPEATED_ROW if alike else Reason.DUPLICATE_CODE, f"แถว / row {other}"
            )


def _split_laos(entries: Iterable[Entry], headers: Mapping[Field, str]) -> Iterator[Finding]:
    """Rows of one LAO code must agree on its name, and on its address where they give one."""
    by_lao: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_lao[entry.lao_code].append(entry)
    for same in by_lao.values():
        if len({name_key(entry.lao_name) for entry in same}) > 1:
            for entry in same:
                yield Finding(entry.row, headers["lao_name"], entry.lao_name, Reason.LAO_CONTRADICTS_ITSELF)
        elif len({entry.lao_email for entry in same} - {None}) > 1:
            for entry in same:
                yield Finding(entry.row, headers["lao_email"], entry.lao_email or "", Reason.LAO_CONTRADICTS_ITSELF)
