"""What the registry's HTTP answers look like."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.domain import Center, Organization, Round
from services.registry.roll.places import subdistrict_name
from shared.thai.calendar import format_moment, in_bangkok

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
