"""What the registry's HTTP answers look like."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from services.registry.domain import Center, Organization
from services.registry.roll.places import subdistrict_name


class OrganizationView(BaseModel):
    code: str
    kind: Literal["department", "province", "district", "lao"]
    name: str
    parent: str | None
    path: tuple[str, ...] = Field(description="codes from the department down to this organization")
    email: str | None
    state: Literal["active", "closed"]
    successor: str | None = Field(None, description="the organization that carries on for one that was merged")
    valid_from: date | None = Field(None, description="the first day it was so; none: since before this register")
    valid_to: date | None = Field(None, description="the first day it was so no more")

    @classmethod
    def of(cls, node: Organization, valid_to: date | None = None) -> "OrganizationView":
        return cls(**node.model_dump(exclude={"order"}), valid_to=valid_to)


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
    successor: str | None = Field(None, description="the center that carries on for one that was merged")
    valid_from: date | None = Field(None, description="the first day it was so; none: since before this register")
    valid_to: date | None = Field(None, description="the first day it was so no more")
    rounds: tuple[str, ...] = Field(description="rounds on whose roll it stands")

    @classmethod
    def of(cls, center: Center, valid_to: date | None = None) -> "CenterView":
        return cls(
            **center.model_dump(exclude={"order"}),
            subdistrict_name=subdistrict_name(center.subdistrict),
            valid_to=valid_to,
        )
