"""What the five-year rule says, to those who ask."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain import Center
from services.registry.due.proposing import Proposal, Proposed
from services.registry.due.rules import Standing, due_year, explain, standing
from services.registry.reading.sheets import Format
from shared.thai.calendar import fiscal_year as fiscal_year_of

MOST = 50_000
"""Centers of one proposal; the country has fewer."""

Year = Annotated[int, Field(ge=2500, le=2699, description="fiscal year, Buddhist Era", examples=[2569])]


class DueView(BaseModel):
    """A center and where it stands under the rule, with the reason."""

    code: str
    name: str
    lao: str
    path: tuple[str, ...]
    last_assessed: int | None
    due: int | None = Field(description="the last fiscal year in which an assessment is in time")
    standing: Standing
    years_over: int | None = Field(description="0: due; below 0: early")
    rounds: tuple[str, ...] = Field(description="rounds on whose roll it stands")
    reason: str
    reason_en: str

    @classmethod
    def of(cls, center: Center, fiscal_year: int) -> "DueView":
        first = center.past[0].valid_from if center.past else center.valid_from
        opened = fiscal_year_of(first) if first else None
        due = due_year(center.last_assessed, opened)
        thai, english = explain(center.last_assessed, opened, fiscal_year)
        return cls(
            **center.model_dump(include={"code", "name", "lao", "path", "last_assessed", "rounds"}),
            due=due,
            standing=standing(center.last_assessed, fiscal_year),
            years_over=None if due is None else fiscal_year - due,
            reason=thai,
            reason_en=english,
        )


class DueFile(BaseModel):
    """Which centers, as what. A parameter that is unknown is refused: misspelt, it would show more than was meant."""

    model_config = ConfigDict(extra="forbid")

    fiscal_year: Year
    format: Format = Field(description="`xlsx` and `csv` for people, `geojson` for maps (without e-mail addresses)")
    within: str | None = Field(None, max_length=64, description="code of an organization; one's own without it")
    state: Standing | None = None
    round: str | None = Field(None, max_length=64, description="on this round's roll")


class DueCounts(BaseModel):
    """How many active centers stand where."""

    fiscal_year: int
    within: str
    never: int
    overdue: int
    due: int
    early: int


class ProposalQuery(BaseModel):
    """How many centers a round can take, and from where."""

    model_config = ConfigDict(extra="forbid")

    capacity: int = Field(ge=1, le=MOST, examples=[10_002])
    within: str | None = Field(None, max_length=64, description="code of an organization; the country without it")
    include_early: bool = Field(False, description="fill what room is left with those whose five years end later")


class ProposedView(BaseModel):
    rank: int
    code: str
    province: str
    standing: Standing
    years_over: int | None
    reason: str
    reason_en: str

    @classmethod
    def of(cls, entry: Proposed) -> "ProposedView":
        return cls(
            rank=entry.rank,
            code=entry.code,
            province=entry.province,
            standing=entry.standing,
            years_over=entry.years_over,
            reason=entry.thai,
            reason_en=entry.english,
        )


class ProposalView(BaseModel):
    """A proposal: nothing is written until its file is imported as a roll."""

    round: str
    fiscal_year: int
    capacity: int
    there: dict[Standing, int] = Field(description="active centers by standing")
    proposed: dict[Standing, int]
    owing_elsewhere: int = Field(description="left out: they owe a report in another round that is open")
    unused: int = Field(description="room that nobody due would fill")
    entries: list[ProposedView] = Field(description="the most urgent first")

    @classmethod
    def of(cls, round_id: str, proposal: Proposal) -> "ProposalView":
        return cls(
            round=round_id,
            fiscal_year=proposal.fiscal_year,
            capacity=proposal.capacity,
            there=proposal.there,
            proposed=proposal.proposed,
            owing_elsewhere=proposal.owing,
            unused=proposal.capacity - len(proposal.entries),
            entries=[ProposedView.of(entry) for entry in proposal.entries],
        )
