"""What the registry's answers about clusters look like."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.registry.clusters.alternatives import Alternative
from services.registry.clusters.cluster import Cluster
from services.registry.clusters.editing import Edit
from services.registry.clusters.explaining import PLACED, Explanation
from services.registry.clusters.measuring import Map
from shared.thai.calendar import in_bangkok

Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ClusterView(BaseModel):
    cluster: str = Field(examples=["58-014"])
    round: str
    path: tuple[str, ...] = Field(description="codes from the department to the province")
    members: tuple[str, ...] = Field(description="codes of centers")
    pinned: tuple[str, ...]
    span_km: float = Field(description="length of the shortest tree of ways between the members, as the crow flies")
    reasons: tuple[str, ...]
    exception: str | None = Field(description="why it has other than three or four members")
    note: str | None
    visited_at: datetime | None
    revision: int
    plan: str | None

    @classmethod
    def of(cls, cluster: Cluster) -> "ClusterView":
        return cls(
            **cluster.model_dump(include=set(cls.model_fields) - {"visited_at", "reasons"}),
            reasons=tuple(reason.value for reason in cluster.reasons),
            visited_at=in_bangkok(cluster.visited_at) if cluster.visited_at else None,
        )


class MemberView(BaseModel):
    center: str
    name: str
    lao: str
    district: str
    subdistrict: str
    latitude: float
    longitude: float
    placed: str = Field(description="whose point it lies at: own, cluster, subdistrict, district")
    placed_th: str
    placed_en: str


class LegView(BaseModel):
    start: str
    end: str
    km: float
    crosses_district: bool
    crosses_lao: bool


class AlternativeView(BaseModel):
    """`center` could go to `cluster`, in the place of `instead` or beside its members, for so much more travel."""

    center: str
    kind: Literal["move", "exchange"]
    cluster: str
    instead: str | None
    extra_km: float

    @classmethod
    def of(cls, found: Alternative) -> "AlternativeView":
        return cls(
            center=found.center, kind=found.kind, cluster=found.cluster, instead=found.instead, extra_km=found.extra_km
        )


class SentenceView(BaseModel):
    reason: str
    th: str
    en: str


class ClusterExplained(ClusterView):
    """A cluster and why it is as it is."""

    centers: list[MemberView]
    legs: list[LegView] = Field(description="the shortest tree")
    districts: tuple[str, ...]
    laos: tuple[str, ...]
    sentences: list[SentenceView]
    apart_km: float | None = Field(description="more travel by the cheapest exchange with a neighbouring cluster")
    alternatives: list[AlternativeView] = Field(description="the cheapest for each member")
    within_district: AlternativeView | None = Field(description="the cheapest that crosses fewer district borders")

    @classmethod
    def explained(cls, cluster: Cluster, found: Explanation, ground: Map) -> "ClusterExplained":
        sites = [site for site in map(ground.site, cluster.members) if site is not None]
        return cls(
            **ClusterView.of(cluster).model_dump(),
            centers=[
                MemberView(
                    **site.model_dump(exclude={"code"}),
                    center=site.code,
                    placed_th=PLACED[site.placed][0],
                    placed_en=PLACED[site.placed][1],
                )
                for site in sites
            ],
            legs=[
                LegView(
                    start=leg.start,
                    end=leg.end,
                    km=round(leg.km, 3),
                    crosses_district=leg.crosses_district,
                    crosses_lao=leg.crosses_lao,
                )
                for leg in found.legs
            ],
            districts=found.districts,
            laos=found.laos,
            sentences=[SentenceView(reason=reason, th=th, en=en) for reason, th, en in found.sentences],
            apart_km=found.apart_km,
            alternatives=[AlternativeView.of(one) for one in found.alternatives],
            within_district=AlternativeView.of(found.within_district) if found.within_district else None,
        )


class ClusterWish(BaseModel):
    """How a cluster shall be. Who comes from another leaves it; who leaves this one goes where `displaced` says."""

    members: list[Code] = Field(min_length=1, max_length=20)
    pinned: list[Code] = Field(
        [], max_length=20, description="members whom no new plan takes apart; none or at least two"
    )
    displaced: dict[Code, Code] = Field({}, max_length=20, description="center that leaves: cluster it goes to")
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)] | None = Field(
        None, description="why a size other than three or four is right"
    )
    revision: int | None = Field(
        None, ge=0, le=1_000_000_000, description="the revision that was looked at; another one is refused"
    )

    def edit(self) -> Edit:
        return Edit(tuple(self.members), tuple(self.pinned), self.displaced, self.note, self.revision)


class VisitWish(BaseModel):
    visited: bool = Field(True, description="false takes a mistaken report back")


class ApartView(BaseModel):
    """What the province would cost if these centers were not one cluster: solved anew, all else free to change."""

    cluster: str
    extra_km: float | None = Field(description="travel and charges; null: there is no other partition")
    extra_at_least_km: float | None = Field(
        description="no partition without this cluster costs less than so much more"
    )
    instead: list[tuple[str, ...]] = Field(description="where its members would be then")


class Standing(BaseModel):
    """Who of a round is in a cluster, and what a person must see to."""

    clusters: int
    centers: int = Field(description="in a cluster and owing")
    km: float
    without_cluster: list[str] = Field(
        description="owing centers in no cluster: make a new plan, or place them by hand"
    )
    gone: list[str] = Field(description="members that owe no more: make a new plan")
    exceptions: list[ClusterView]
