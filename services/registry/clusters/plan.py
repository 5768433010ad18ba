"""A plan: what somebody asked for, how far it got, and the answer in hand for each province. Pure."""

from collections.abc import Sequence
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.registry.clusters.cluster import Cluster
from services.registry.clusters.sites import Charges, Site
from shared.contracts.events import Path

PlanState = Literal["waiting", "running", "finished", "cancelled", "failed"]
PartState = Literal["waiting", "running", "finished", "cancelled", "failed"]
Adoption = Literal["adopting", "adopted"]

ENDED: frozenset[PlanState] = frozenset({"finished", "cancelled", "failed"})


ANSWER = (
    "clusters", "dissolved", "km", "cost", "bound", "unpenalised_km", "moved", "joined", "left",
)  # fmt: skip
"""What of a part an answer gives."""


class _State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Plan(_State):
    """One order to make clusters. `provinces` are those asked for; None: all that have centers in the round."""

    plan: str
    round: str
    charges: Charges
    provinces: tuple[str, ...] | None
    owed: bool = True
    """Whether it is about the centers that owe; else (a round in draft) about those on the roll."""
    state: PlanState = "waiting"
    cancel: bool = False
    asked_role: str
    asked_org: str
    asked_at: AwareDatetime
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    failure: str | None = None
    prepared: bool = False
    """Whether its parts are all written."""
    adoption: Adoption | None = None
    adopted_at: AwareDatetime | None = None
    open: bool = True
    """Whether a planner has something to do for it: looked for by this."""


class Part(_State):
    """A plan's work on one province, and its answer in hand: from `first` on there always is one.

    `sites` are the centers to be clustered, as they were when the plan began; `without` those no point could be found
    for. `before` are the adopted clusters of then, `basis` the revision of the province's book. Costs and bounds are
    in km and include charges; `km` is travel alone.
    """

    plan: str
    round: str
    province: str
    path: Path
    state: PartState = "waiting"
    basis: int
    serial: int
    sites: tuple[Site, ...]
    without: tuple[str, ...] = ()
    before: tuple[Cluster, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    dissolved: tuple[str, ...] = ()
    km: float = 0.0
    cost: float = 0.0
    bound: float = 0.0
    unpenalised_km: float | None = None
    """Travel of the optimum that may move anybody: what keeping members in place is compared with."""
    moved: tuple[str, ...] = ()
    joined: int = 0
    left: int = 0
    attempts: int = 0
    cpu_seconds: float = 0.0
    failure: str | None = None
    adoption: Literal["adopted", "stale"] | None = None

    @property
    def key(self) -> str:
        return part_key(self.plan, self.province)

    @property
    def gap(self) -> float | None:
        """How much cheaper any other partition could be at most, as a share; None while nothing is proven."""
        if not self.clusters or (self.bound <= 0 < self.cost):
            return None
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost else 0.0


class Book(_State):
    """What orders the changes to a province's clusters: each raises `revision`, and is written here first.

    `pending` are clusters as the last change wants them; they are written one by one afterwards, by whoever comes
    next if the writer died. So a center never ends in two clusters or in none, though each has its own document.
    """

    round: str
    province: str
    revision: int = 0
    serial: int = 0
    pending: tuple[Cluster, ...] = ()
    plan: str | None = None
    without: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return book_key(self.round, self.province)


class Totals(BaseModel):
    """What parts come to together."""

    provinces: int
    done: int = Field(description="provinces with nothing left to do")
    centers: int
    clusters: int
    km: float
    cost_km: float
    bound_km: float
    gap: float | None = Field(description="proven; null while a province has no bound yet")
    moved: int
    without_place: int


def part_key(plan: str, province: str) -> str:
    """The id of a part: `plan/province`."""
    return f"{plan}/{province}"


def book_key(round_id: str, province: str) -> str:
    """The id of a book: `round/province`."""
    return f"{round_id}/{province}"


def totals(parts: Sequence[Part]) -> Totals:
    """The sums over a plan's parts."""
    cost, bound = sum(part.cost for part in parts), sum(part.bound for part in parts)
    known = bool(parts) and all(part.gap is not None for part in parts)
    return Totals(
        provinces=len(parts),
        done=sum(1 for part in parts if part.state not in {"waiting", "running"}),
        centers=sum(len(part.sites) for part in parts),
        clusters=sum(len(part.clusters) for part in parts),
        km=sum(part.km for part in parts),
        cost_km=cost,
        bound_km=bound,
        gap=(max(0.0, (cost - bound) / cost) if cost else 0.0) if known else None,
        moved=sum(len(part.moved) for part in parts),
        without_place=sum(len(part.without) for part in parts),
    )
