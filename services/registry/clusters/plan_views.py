"""What the registry's answers about plans look like."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.registry.clusters.comparing import Comparison, Side
from services.registry.clusters.plan import Part, Plan, Totals, totals
from services.registry.clusters.sites import Charges
from services.registry.clusters.views import ClusterView
from services.registry.roll.places import province_name
from shared.thai.calendar import in_bangkok

TO_METERS = 3
"""Decimals of kilometers."""

ProvinceCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]


class NewPlan(Charges):
    """What to plan. Without `provinces`, all that have centers in the round."""

    provinces: list[ProvinceCode] | None = Field(None, min_length=1, max_length=77)


class PartView(BaseModel):
    province: str
    name: str
    state: Literal["waiting", "running", "finished", "cancelled", "failed"]
    failure: str | None = Field(description="worker_died or question_failed; its first answer stands")
    adoption: Literal["adopted", "stale"] | None
    centers: int
    clusters: int
    exceptions: list[ClusterView] = Field(description="clusters of other than three or four")
    without_place: tuple[str, ...] = Field(
        description="centers whose place nobody knows: put them in a cluster by hand"
    )
    km: float
    cost_km: float = Field(description="travel and charges: what is minimised")
    bound_km: float = Field(description="no partition of the province costs less")
    gap: float | None = Field(description="how much cheaper another could be at most, as a share; null: not proven yet")
    moved: int
    joined: int
    left: int
    change_costs_km: float | None = Field(description="more travel than if members could change freely")
    cpu_seconds: float

    @classmethod
    def of(cls, part: Part) -> "PartView":
        return cls(
            province=part.province,
            name=_name(part.province),
            state=part.state,
            failure=part.failure,
            adoption=part.adoption,
            centers=len(part.sites),
            clusters=len(part.clusters),
            exceptions=[ClusterView.of(one) for one in part.clusters if one.exception is not None],
            without_place=part.without,
            km=round(part.km, TO_METERS),
            cost_km=round(part.cost, TO_METERS),
            bound_km=round(part.bound, TO_METERS),
            gap=None if part.gap is None else round(part.gap, 6),
            moved=len(part.moved),
            joined=part.joined,
            left=part.left,
            change_costs_km=_change_costs(part),
            cpu_seconds=part.cpu_seconds,
        )


class PlanView(BaseModel):
    plan: str
    round: str
    state: Literal["waiting", "running", "finished", "cancelled", "failed"]
    adoption: Literal["adopting", "adopted"] | None
    failure: str | None = Field(description="interrupted: nothing came of it; some_provinces_failed: see the provinces")
    charges: Charges
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    adopted_at: datetime | None

    @classmethod
    def of(cls, plan: Plan) -> "PlanView":
        return cls(**_plan(plan))


class PlanProgress(PlanView):
    """A plan and how far each province got. Whatever its state, the answers shown can be adopted."""

    totals: Totals
    change_costs_km: float | None = Field(description="over the provinces where it is known")
    provinces: list[PartView]

    @classmethod
    def with_parts(cls, plan: Plan, parts: list[Part]) -> "PlanProgress":
        known = [cost for part in parts if (cost := _change_costs(part)) is not None]
        return cls(
            **_plan(plan),
            totals=totals(parts),
            change_costs_km=round(sum(known), TO_METERS) if known else None,
            provinces=[PartView.of(part) for part in parts],
        )


class SideView(BaseModel):
    clusters: int
    centers: int
    km: float
    longest_km: float
    across_district: int
    across_lao: int

    @classmethod
    def of(cls, side: Side) -> "SideView":
        return cls(
            clusters=side.clusters,
            centers=side.centers,
            km=round(side.km, TO_METERS),
            longest_km=round(side.longest_km, TO_METERS),
            across_district=side.across_district,
            across_lao=side.across_lao,
        )


class DifferenceView(BaseModel):
    cluster: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    before_km: float
    after_km: float


class ComparisonView(BaseModel):
    """One province in two plans, or in a plan (`second`) and in the adopted clusters (`first`)."""

    province: str
    first: SideView
    second: SideView
    same: int = Field(description="clusters that are the same")
    moved: tuple[str, ...] = Field(description="centers that change company")
    joined: int
    left: int
    differences: list[DifferenceView]

    @classmethod
    def of(cls, found: Comparison) -> "ComparisonView":
        return cls(
            province=found.province,
            first=SideView.of(found.first),
            second=SideView.of(found.second),
            same=found.same,
            moved=found.moved,
            joined=found.joined,
            left=found.left,
            differences=[
                DifferenceView(
                    cluster=one.cluster,
                    before=one.before,
                    after=one.after,
                    before_km=one.before_km,
                    after_km=one.after_km,
                )
                for one in found.differences
            ],
        )


class PlansCompared(BaseModel):
    """All provinces that both have, and the sums. `moved_km` is how much more travel the second has."""

    moved: int
    more_km: float
    provinces: list[ComparisonView]


def _plan(plan: Plan) -> dict[str, object]:
    times = {name: getattr(plan, name) for name in ("asked_at", "started_at", "ended_at", "adopted_at")}
    return {
        **plan.model_dump(include={"plan", "round", "state", "adoption", "failure"}),
        "charges": plan.charges,
        **{name: in_bangkok(moment) if moment else None for name, moment in times.items()},
    }


def _change_costs(part: Part) -> float | None:
    return None if part.unpenalised_km is None else round(part.km - part.unpenalised_km, TO_METERS)


def _name(province: str) -> str:
    try:
        return province_name(province)
    except KeyError:
        return province
