"""What was read of a roll and what it changes, on disk, so that memory does not grow with the file.

A private SQLite database that vanishes with its connection or its process; all but a few megabytes of it lie in a
temporary file. One user at a time, from any thread.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from services.registry.domain import Entry
from services.registry.roll.diff import Changed
from services.registry.roll.findings import VERDICTS, Finding, Reason, Verdict, verdict_of
from services.registry.roll.headers import Field
from services.registry.roll.lines import place_of
from services.registry.roll.offices import lao_key
from services.registry.roll.rows import Remark, Understood
from services.registry.roll.spooled import DUPLICATES, FORMAT, SCHEMA, SPLIT_LAOS

CACHE_KB: Final = 8_000
BATCH: Final = 1_000

_REJECTED: Final = VERDICTS.index("rejected")
_REPEATED: Final = VERDICTS.index("repeated")


class NotOurs(Exception):  # noqa: N818  a refusal, not an error of ours
    """What was saved is of another version of this program."""


class Spool:
    """Filled row by row, then `settle`d, then asked. `close` when done."""

    def __init__(self, saved: Path | None = None) -> None:
        self._base = sqlite3.connect(str(saved) if saved else "", check_same_thread=False, isolation_level=None)
        for pragma in (f"cache_size = -{CACHE_KB}", "journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
            self._base.execute(f"PRAGMA {pragma}")
        if saved is None:
            self._base.executescript(SCHEMA)
            self._base.execute(f"PRAGMA user_version = {FORMAT}")
        elif self._one("PRAGMA user_version") != FORMAT:
            self.close()
            raise NotOurs
        self._rows = list[tuple[Any, ...]]()
        self._entries = list[tuple[Any, ...]]()
        self._findings = list[tuple[Any, ...]]()
        self._headers: dict[int, dict[Field, tuple[int | None, str]]] = {}

    # filling

    def add_sheet(self, sheet: int, name: str, headers: Mapping[Field, tuple[int | None, str]]) -> None:
        """Remember the columns of a sheet: the place and the words of each field's."""
        self._base.execute("INSERT INTO sheets VALUES (?, ?, ?)", (sheet, name, json.dumps(headers)))

    def add(self, at: int, understood: Understood) -> None:
        """Keep what a row says."""
        self._rows.append((at, understood.code, VERDICTS.index(understood.verdict)))
        if entry := understood.entry:
            said = json.dumps(entry[1:], ensure_ascii=False)
            key = lao_key(entry.lao_name)
            self._entries.append((at, entry.code, entry.lao_code, key, entry.lao_name, entry.lao_email, said))
        self._findings += [_finding(at, remark) for remark in understood.remarks]
        if len(self._rows) >= BATCH:
            self._flush()

    def settle(self) -> None:
        """All rows are in: find what they contradict in each other."""
        self._flush()
        self._base.execute("CREATE INDEX rows_code ON rows (code, at)")
        self._base.execute("CREATE INDEX entries_lao ON entries (lao, code)")
        self._base.execute(DUPLICATES)
        self._base.execute(SPLIT_LAOS)
        self._base.execute("CREATE INDEX findings_at ON findings (at)")
        for verdict, reasons in (
            (_REPEATED, (Reason.REPEATED_ROW,)),
            (_REJECTED, (Reason.DUPLICATE_CODE, Reason.LAO_CONTRADICTS_ITSELF)),
        ):
            marks = ", ".join("?" * len(reasons))
            self._base.execute(
                "UPDATE rows SET verdict = max(verdict, ?) WHERE at IN "  # noqa: S608  the marks alone are put in
                f"(SELECT at FROM findings WHERE reason IN ({marks}))",
                (verdict, *reasons),
            )

    def reject(self, at: int, remark: Remark) -> None:
        """Reject a row for what only the registry knows."""
        self._base.execute("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?)", _finding(at, remark))
        self._base.execute("UPDATE rows SET verdict = ? WHERE at = ?", (_REJECTED, at))

    def change(self, changes: Iterable[Changed]) -> None:
        """Keep what the roll changes; what is known of a kind and code already stays."""
        self._base.executemany("INSERT OR IGNORE INTO changes VALUES (?, ?, ?, ?, ?, ?)", changes)

    # asking

    def verdicts(self) -> dict[Verdict, int]:
        """How many rows got which verdict."""
        found = self._base.execute("SELECT verdict, count(*) FROM rows GROUP BY verdict ORDER BY verdict")
        return {VERDICTS[verdict]: count for verdict, count in found}

    def reasons(self) -> dict[str, int]:
        """How many findings there are of each reason."""
        return dict(self._base.execute("SELECT reason, count(*) FROM findings GROUP BY reason ORDER BY reason"))

    def entries_after(self, lao: str, code: str, limit: int) -> list[Entry]:
        """Entries of the rows that count, by LAO and code, behind the one given. Their row is the number of `at_of`."""
        found = self._base.execute(
            "SELECT e.at, e.said FROM entries e JOIN rows r ON r.at = e.at "
            "WHERE (e.lao, e.code) > (?, ?) AND r.verdict < ? ORDER BY e.lao, e.code LIMIT ?",
            (lao, code, _REPEATED, limit),
        )
        return [Entry(at, *json.loads(said)) for at, said in found]

    def named(self, codes: Sequence[str]) -> set[str]:
        """Those of the codes that stand in any row, rejected ones included."""
        found = self._base.execute(
            "SELECT DISTINCT code FROM rows WHERE code IN (SELECT value FROM json_each(?))", (json.dumps(codes),)
        )
        return {code for (code,) in found}

    def nameless(self) -> int:
        """How many rows have no readable code: nobody knows which centers they mean."""
        return int(self._one("SELECT count(*) FROM rows WHERE code IS NULL"))

    def findings(self, limit: int) -> list[Finding]:
        """Findings in the order of the rows; where there are more, rejections before all others."""
        found = self._base.execute(
            "SELECT * FROM (SELECT rowid AS n, * FROM findings ORDER BY rejects DESC, at, n LIMIT ?) ORDER BY at, n",
            (limit,),
        )
        return [self._read_finding(row[1:]) for row in found]

    def each_finding(self) -> Iterator[tuple[int, Finding]]:
        """Every finding in the order of the rows, with its row's number."""
        for row in self._base.execute("SELECT * FROM findings ORDER BY at, rowid"):
            yield row[0], self._read_finding(row)

    def each_verdict(self) -> Iterator[tuple[int, Verdict]]:
        """Every row's number and verdict, in order."""
        for at, verdict in self._base.execute("SELECT at, verdict FROM rows ORDER BY at"):
            yield at, VERDICTS[verdict]

    def changed(self, kind: str, limit: int = -1) -> Iterator[Changed]:
        """What changes, of one kind, by code."""
        found = self._base.execute("SELECT * FROM changes WHERE kind = ? ORDER BY code LIMIT ?", (kind, limit))
        yield from map(Changed._make, found)

    def gone_after(self, code: str, limit: int) -> list[str]:
        """Codes of centers that are gone, by code, behind the one given."""
        found = self._base.execute(
            "SELECT code FROM changes WHERE kind = 'gone' AND code > ? ORDER BY code LIMIT ?", (code, limit)
        )
        return [found_code for (found_code,) in found]

    def content(self) -> str:
        """A digest of what the rows say that count: the same for the same roll, however it was written."""
        sha = hashlib.sha256()
        for (said,) in self._base.execute(
            "SELECT e.said FROM entries e JOIN rows r ON r.at = e.at WHERE r.verdict < ? ORDER BY e.lao, e.code",
            (_REPEATED,),
        ):
            sha.update(said.encode() + b"\n")
        return sha.hexdigest()

    def each_change(self) -> Iterator[Changed]:
        """What changes through a row of the file, in the order of the rows."""
        yield from map(Changed._make, self._base.execute("SELECT * FROM changes WHERE at IS NOT NULL ORDER BY at"))

    def count_changes(self) -> dict[str, int]:
        """How many changes there are of each kind."""
        return dict(self._base.execute("SELECT kind, count(*) FROM changes GROUP BY kind"))

    def count_changed(self, kinds: Sequence[str]) -> int:
        """How many codes change in any of these ways."""
        marks = ", ".join("?" * len(kinds))
        return int(self._one(f"SELECT count(DISTINCT code) FROM changes WHERE kind IN ({marks})", *kinds))  # noqa: S608

    def sheet_name(self, sheet: int) -> str:
        """What a sheet that was read is called; CSV files call theirs nothing."""
        return str(self._one("SELECT name FROM sheets WHERE sheet = ?", sheet) or "")

    # keeping

    def save(self, path: Path) -> None:
        """Write all of it to a new file."""
        self._flush()
        self._base.execute("VACUUM INTO ?", (str(path),))

    def agree(self) -> None:
        """What was gone when this was saved is agreed to; all other changes are to be found anew."""
        self._base.execute("DELETE FROM changes WHERE kind != 'gone' AND kind != 'agreed'")
        self._base.execute("INSERT OR IGNORE INTO changes SELECT 'agreed', code, name, at, was, becomes FROM changes")
        self._base.execute("DELETE FROM changes WHERE kind = 'gone'")

    def all_agreed(self) -> bool:
        """Whether everybody who is gone was agreed to."""
        return not self._one(
            "SELECT count(*) FROM changes g WHERE g.kind = 'gone' AND NOT EXISTS "
            "(SELECT 1 FROM changes a WHERE a.kind = 'agreed' AND a.code = g.code)"
        )

    def close(self) -> None:
        """Give disk and memory back."""
        self._base.close()

    def _flush(self) -> None:
        self._base.execute("BEGIN")
        self._base.executemany("INSERT INTO rows VALUES (?, ?, ?)", self._rows)
        self._base.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", self._entries)
        self._base.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?)", self._findings)
        self._base.execute("COMMIT")
        self._rows, self._entries, self._findings = [], [], []

    def _read_finding(self, row: Sequence[Any]) -> Finding:
        at, field, reason, value, suggestion, other, _ = row
        sheet, line = place_of(at)
        place, words = self._columns(sheet).get(field, (None, field))
        if other is not None:
            suggestion = self._where(sheet, other)
        return Finding(line, field, words, value, Reason(reason), suggestion, sheet, place)

    def _where(self, sheet: int, at: int) -> str:
        there, line = place_of(at)
        if there == sheet:
            return f"แถว / row {line}"
        return f"แถว / row {line} · {self.sheet_name(there)}"

    def _columns(self, sheet: int) -> Mapping[Field, tuple[int | None, str]]:
        if sheet not in self._headers:
            self._headers[sheet] = json.loads(self._one("SELECT headers FROM sheets WHERE sheet = ?", sheet) or "{}")
        return self._headers[sheet]

    def _one(self, query: str, *values: Any) -> Any:
        found = self._base.execute(query, values).fetchone()
        return found[0] if found else None


def _finding(at: int, remark: Remark) -> tuple[Any, ...]:
    rejects = verdict_of(remark.reason) == "rejected"
    return at, remark.field, remark.reason.value, remark.value, remark.suggestion, None, rejects
