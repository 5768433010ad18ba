"""What the registry answers about a roll."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from services.registry.roll.findings import Finding, Verdict
from services.registry.roll.importing import Imported
from services.registry.roll.reading import Reading

MOST_FINDINGS = 2_000
"""A report lists no more; its counts are complete."""


class FindingView(BaseModel):
    """One finding. Row and column are as a spreadsheet shows them."""

    row: int
    column: str
    value: str
    verdict: Verdict
    reason: str
    message: str
    message_en: str
    suggestion: str | None

    @classmethod
    def of(cls, found: Finding) -> "FindingView":
        return cls(
            row=found.row,
            column=found.column,
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


class Changes(BaseModel):
    """What the roll changed, or would change."""

    organizations_added: int
    organizations_changed: int
    centers_added: int
    centers_changed: int
    centers_moved: int = Field(description="of those changed: to another LAO")
    centers_unchanged: int
    listed: int = Field(description="centers that joined the round's roll")
    absent: int = Field(description="centers on the round's roll that the file does not name; they stay")
    obligations: int = Field(description="new ones; a draft round obliges nobody yet")


class RollReport(BaseModel):
    """What was read of a roll and what came of it."""

    round: str
    dry_run: bool
    kind: Literal["xlsx", "csv"]
    sheet: str
    rows: RowCounts
    ignored_lines: list[int] = Field(description="lines that are no center's row: totals, signatures; the first 50")
    changes: Changes
    reasons: dict[str, int] = Field(description="findings by reason, complete")
    findings: list[FindingView] = Field(description=f"the first {MOST_FINDINGS}, rejections before all others")

    @classmethod
    def of(cls, round_id: str, reading: Reading, imported: Imported, *, dry_run: bool) -> "RollReport":
        return cls(
            round=round_id,
            dry_run=dry_run,
            kind=reading.kind,
            sheet=reading.sheet,
            rows=RowCounts(
                total=reading.rows,
                accepted=reading.verdicts.get("accepted", 0),
                repaired=reading.verdicts.get("repaired", 0),
                repeated=reading.verdicts.get("repeated", 0),
                rejected=reading.verdicts.get("rejected", 0),
            ),
            ignored_lines=list(reading.ignored[:50]),
            changes=_changes(imported),
            reasons=dict(Counter(found.reason.value for found in reading.findings)),
            findings=[FindingView.of(found) for found in _worst(reading.findings)],
        )


def _changes(imported: Imported) -> Changes:
    plan = imported.plan
    new_nodes = sum(1 for change in plan.organizations if change.before is None)
    return Changes(
        organizations_added=new_nodes,
        organizations_changed=len(plan.organizations) - new_nodes,
        centers_added=plan.added,
        centers_changed=len(plan.centers) - plan.added,
        centers_moved=plan.moved,
        centers_unchanged=plan.unchanged,
        listed=plan.joining,
        absent=imported.absent,
        obligations=imported.obligations,
    )


def _worst(findings: Sequence[Finding]) -> list[Finding]:
    """In row order; where there are too many, the rejections of the first rows are kept."""
    if len(findings) <= MOST_FINDINGS:
        return list(findings)
    kept = sorted(findings, key=lambda found: found.verdict != "rejected")[:MOST_FINDINGS]
    return sorted(kept, key=lambda found: found.row)
