"""What the registry answers about a roll."""

from typing import Literal

from pydantic import BaseModel, Field

from services.registry.roll.diff_views import Changes, Diff, changes_of
from services.registry.roll.findings import Finding, Verdict
from services.registry.roll.importing import Compared, Gone
from services.registry.roll.reading import Reading
from services.registry.roll.request_views import RequestView
from services.registry.roll.spool import Spool

MOST_FINDINGS = 2_000
"""An answer lists no more; its counts are complete, and the XLSX report has all."""

Outcome = Literal["rehearsed", "imported", "waiting"]


class SheetView(BaseModel):
    """A visible sheet of the file. `other`: no roll, passed over."""

    name: str
    state: Literal["read", "empty", "other"]
    rows: int
    header_line: int | None


class FindingView(BaseModel):
    """One finding. Sheet, row, column and cell are as a spreadsheet shows them."""

    sheet: str
    row: int
    column: str
    cell: str | None = Field(examples=["C17"])
    value: str
    verdict: Verdict
    reason: str
    message: str
    message_en: str
    suggestion: str | None

    @classmethod
    def of(cls, found: Finding, spool: Spool) -> "FindingView":
        return cls(
            sheet=spool.sheet_name(found.sheet),
            row=found.line,
            column=found.column,
            cell=None if found.place is None else f"{_letters(found.place)}{found.line}",
            value=found.value,
            verdict=found.verdict,
            reason=found.reason.value,
            message=found.sentence,
            message_en=found.sentence_en,
            suggestion=found.suggestion,
        )


class RowCounts(BaseModel):
    """How many rows got which verdict. Accepted and repaired rows count; the others change nothing."""

    total: int
    accepted: int
    repaired: int
    repeated: int
    rejected: int


class RollReport(BaseModel):
    """What was read of a roll and what came of it."""

    round: str
    dry_run: bool
    outcome: Outcome = Field(description="`waiting`: nothing was changed, a second person must approve `request`")
    kind: Literal["xlsx", "csv"]
    sheet: str = Field(description="the first sheet that was read")
    sheets: list[SheetView]
    rows: RowCounts
    ignored_lines: list[int] = Field(description="lines that are no center's row: totals, signatures; the first 50")
    ignored_count: int
    changes: Changes
    gone: Gone = Field(
        description="what becomes of centers that the file does not name: `leave`; `part`: the file is a part, they "
        "stay; `held`: they stay, because rows without a readable code may be theirs; `wait` for a second person; "
        "`refused`: an open round, they leave by an order alone"
    )
    diff: Diff
    request: RequestView | None = None
    reasons: dict[str, int] = Field(description="findings by reason, complete")
    findings: list[FindingView] = Field(description=f"the first {MOST_FINDINGS}, rejections before all others")
    findings_left_off: int = Field(description="how many findings are not listed here; `report=xlsx` has all")

    @classmethod
    def of(
        cls,
        round_id: str,
        spool: Spool,
        reading: Reading,
        compared: Compared,
        outcome: Outcome,
        request: RequestView | None = None,
    ) -> "RollReport":
        reasons = spool.reasons()
        findings = [FindingView.of(found, spool) for found in spool.findings(MOST_FINDINGS)]
        return cls(
            round=round_id,
            dry_run=outcome == "rehearsed",
            outcome=outcome,
            kind=reading.kind,
            sheet=next((note.name for note in reading.sheets if note.state == "read"), ""),
            sheets=[
                SheetView(name=note.name, state=note.state, rows=note.rows, header_line=note.header_line)
                for note in reading.sheets
            ],
            rows=row_counts(spool),
            ignored_lines=[place.line for place in reading.ignored],
            ignored_count=reading.ignored_count,
            changes=changes_of(spool, compared),
            gone=compared.gone,
            diff=Diff.of(spool),
            request=request,
            reasons=reasons,
            findings=findings,
            findings_left_off=sum(reasons.values()) - len(findings),
        )


class WaitingReport(BaseModel):
    """What was read of a roll that waits, and what it would change as it was when it came."""

    request: RequestView
    rows: RowCounts
    diff: Diff
    reasons: dict[str, int]
    findings: list[FindingView]
    findings_left_off: int

    @classmethod
    def of(cls, request: RequestView, spool: Spool) -> "WaitingReport":
        reasons = spool.reasons()
        findings = [FindingView.of(found, spool) for found in spool.findings(MOST_FINDINGS)]
        left_off = sum(reasons.values()) - len(findings)
        return cls(
            request=request,
            rows=row_counts(spool),
            diff=Diff.of(spool),
            reasons=reasons,
            findings=findings,
            findings_left_off=left_off,
        )


def row_counts(spool: Spool) -> RowCounts:
    """The verdicts, counted."""
    verdicts = spool.verdicts()
    return RowCounts(
        total=sum(verdicts.values()),
        accepted=verdicts.get("accepted", 0),
        repaired=verdicts.get("repaired", 0),
        repeated=verdicts.get("repeated", 0),
        rejected=verdicts.get("rejected", 0),
    )


def _letters(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
