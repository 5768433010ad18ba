"""What can be asked of the lists over HTTP, and what their answers look like."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.registry.domain import Center, Organization, Round
from services.registry.reading.filters import Kind, State
from services.registry.reading.listing import By, Row
from services.registry.reading.obligations import Duty
from services.registry.reading.sheets import Format
from services.registry.rounds.deadlines import deadline_for
from services.registry.views import CenterView, OrganizationView
from shared.http.paging import LONGEST_CURSOR, MOST_A_PAGE
from shared.thai.calendar import format_moment, in_bangkok

Code = Annotated[str, Field(max_length=64)]
Words = Annotated[
    str,
    Field(
        max_length=100,
        description="ส่วนของชื่อ (ไม่ใส่วรรณยุกต์หรือสะกดใกล้เคียงก็ได้ ตามด้วยชื่อตำบล อำเภอ จังหวัดได้) หรือต้นรหัส / part of a name "
        "(tone marks may be left out; names of places may follow), or how a code begins",
        examples=["ศพด.บ้านหนองบัว เชียงใหม่"],
    ),
]


class _Query(BaseModel):
    """A parameter that no list knows is refused: misspelt, it would show more than was meant."""

    model_config = ConfigDict(extra="forbid")


class Paging(_Query):
    limit: int = Field(50, ge=1, le=MOST_A_PAGE)
    cursor: str | None = Field(None, max_length=LONGEST_CURSOR)


class ChildrenQuery(Paging):
    as_of: date | None = Field(None, description="as it was on a day: all at once, the active ones alone")


class CenterFilter(_Query):
    within: Code | None = Field(None, description="code of an organization; one's own without it")
    round: Code | None = Field(None, description="on this round's roll")
    state: State | None = None
    bbox: str | None = Field(
        None, max_length=100, description="west,south,east,north in degrees, WGS 84", examples=["97.3,18.9,98.4,19.9"]
    )
    q: Words | None = None
    near: bool = Field(True, description="also names that are nearly so, where few hold the words")


class CentersQuery(CenterFilter, Paging):
    """Which centers, and which page of them."""


class OrganizationFilter(_Query):
    within: Code | None = Field(None, description="code of an organization, itself included; one's own without it")
    kind: Kind | None = None
    state: State | None = None
    q: Words | None = None
    near: bool = Field(True, description="also names that are nearly so, where few hold the words")


class OrganizationsQuery(OrganizationFilter, Paging):
    """Which organizations, and which page of them."""


class Match(BaseModel):
    """Why a search found this: the beginning of its code, its name, or a name that is nearly so."""

    by: By
    likeness: float = Field(ge=0, le=100, description="of 100; less only where `by` is `near`")

    @classmethod
    def of(cls, row: Row) -> "Match | None":
        return cls(by=row.by, likeness=round(row.likeness, 1)) if row.by else None


class CenterFound(CenterView):
    match: Match | None = Field(None, description="of a search")

    @classmethod
    def of_row(cls, row: Row) -> "CenterFound":
        return cls(**CenterView.of(Center.model_validate(row.document)).model_dump(), match=Match.of(row))


class OrganizationFound(OrganizationView):
    match: Match | None = Field(None, description="of a search")

    @classmethod
    def of_row(cls, row: Row) -> "OrganizationFound":
        return cls(**OrganizationView.of(Organization.model_validate(row.document)).model_dump(), match=Match.of(row))


class ObligationsFilter(_Query):
    within: Code | None = Field(None, description="code of an organization; one's own without it")
    state: Literal["owed", "released"] = "owed"


class ObligationsQuery(ObligationsFilter, Paging):
    """Which obligations, and which page of them."""


class DutyView(BaseModel):
    """That a center owes its report in a round, or no longer."""

    round: str
    center: str
    name: str
    lao: str
    path: tuple[str, ...] = Field(description="codes from the department down to the parent LAO")
    owed: bool
    since: datetime
    successor: str | None = Field(description="the center that owes it instead, after a merge")
    deadline: datetime = Field(description="with the extensions that hold for this center")
    deadline_th: str = Field(examples=["วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๒๓.๕๙ น."])

    @classmethod
    def of(cls, duty: Duty, state: Round) -> "DutyView":
        deadline = in_bangkok(deadline_for(state, duty.obligation.path, duty.center.code))
        said = duty.obligation.model_dump(include={"round", "center", "lao", "path", "owed", "successor"})
        since = in_bangkok(duty.obligation.since)
        return cls(**said, name=duty.center.name, since=since, deadline=deadline, deadline_th=format_moment(deadline))


class _File(_Query):
    format: Format = Field(description="`xlsx` and `csv` for people, `geojson` for maps (without e-mail addresses)")


class CentersFile(CenterFilter, _File):
    """Which centers, as what."""


class OrganizationsFile(OrganizationFilter, _File):
    """Which organizations, as what."""


class ObligationsFile(ObligationsFilter, _File):
    """Which obligations, as what."""


class RollFile(_File):
    """Which part of a roll, as what."""

    within: Code | None = Field(None, description="code of an organization; one's own without it")
