"""What the registry's HTTP answers look like."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.domain import Center, Organization, Round
from services.registry.roll.findings import Finding, Verdict
from services.registry.roll.importing import Imported
from services.registry.roll.places import subdistrict_name
from services.registry.roll.reading import Reading
from shared.thai.calendar import format_moment, in_bangkok

MOST_FINDINGS = 2_000
"""A report lists no more; its counts are complete."""

RoundId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", examples=["2569"])]
BuddhistYear = Annotated[int, Field(ge=2500, le=2699, description="Buddhist Era", examples=[2569])]


class NewRound(BaseModel):
    """A round to create. Its id is the fiscal year unless another is given."""

    round: RoundId | None = None
    fiscal_year: BuddhistYear
    academic_year: BuddhistYear
    deadline: AwareDatetime = Field(examples=["2025-10-31T23:59:59+07:00"])
    grace_minutes: int = Field(0, ge=0, le=7 * 24 * 60, description="for uploads begun before the deadline")


class RoundView(BaseModel):
    round: str
    fiscal_year: int
    academic_year: int
    deadline: datetime
    deadline_th: str = Field(examples=["วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๒๓.๕๙ น."])
    grace_minutes: int
    state: Literal["draft", "open", "closed"]
    listed: int = Field(description="centers on the roll")
    obligations: int = Field(description="centers that owe a report")
    created_at: datetime
    opened_at: datetime | None

    @classmethod
    def of(cls, state: Round) -> "RoundView":
        return cls(
            round=state.round,
            fiscal_year=state.fiscal_year,
            academic_year=state.academic_year,
            deadline=in_bangkok(state.deadline),
            deadline_th=format_moment(state.deadline),
            grace_minutes=state.grace_minutes,
            state=state.state,
            listed=state.listed,
            obligations=state.obligations,
            created_at=in_bangkok(state.created_at),
            opened_at=in_bangkok(state.opened_at) if state.opened_at else None,
        )


class OrganizationView(BaseModel):
    code: str
    kind: Literal["department", "province", "district", "lao"]
    name: str
    parent: str | None
    path: tuple[str, ...] = Field(description="codes from the department down to this organization")
    email: str | None
    state: Literal["active", "closed"]

    @classmethod
    def of(cls, node: Organization) -> "OrganizationView":
        return cls(**node.model_dump(exclude={"order"}))


class CenterView(BaseModel):
    code: str
    name: str
    lao: str
    path: tuple[str, ...] = Field(description="codes from the department down to the parent LAO")
    subdistrict: str = Field(description="DOPA code, 6 digits")
    subdistrict_name: str | None
    latitude: float | None = Field(description="degrees, WGS 84")
    longitude: float | None = Field(description="degrees, WGS 84")
    email: str | None
    last_assessed: int | None = Field(description="Buddhist Era year")
    state: Literal["active", "closed"]
    rounds: tuple[str, ...] = Field(description="rounds on whose roll it stands")

    @classmethod
    def of(cls, center: Center) -> "CenterView":
        return cls(**center.model_dump(exclude={"order"}), subdistrict_name=subdistrict_name(center.subdistrict))


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
