"""What clusters measure: spans, trees, borders crossed, and the reasons that can be read off the map. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from services.registry.clusters.cluster import FEWEST, MOST, Cluster, Oddity, Reason
from services.registry.clusters.sites import Site, distances
from services.registry.clusters.solver.trees import Floats, tree

_FORCED: dict[int, Oddity] = {1: "one_left", 2: "two_left", 5: "five_left"}


@dataclass(frozen=True, slots=True)
class Leg:
    """One edge of a cluster's shortest tree."""

    start: str
    end: str
    km: float
    crosses_district: bool
    crosses_lao: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """A cluster on the map. `span_km` is the length of its shortest tree by distance alone, whatever a plan charged."""

    span_km: float
    legs: tuple[Leg, ...]
    districts: tuple[str, ...]
    laos: tuple[str, ...]

    @property
    def crosses_district(self) -> bool:
        return len(self.districts) > 1

    @property
    def crosses_lao(self) -> bool:
        return len(self.laos) > 1


class Map:
    """The sites of a province and the distances between them."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.sites = tuple(sites)
        self.at = {site.code: number for number, site in enumerate(self.sites)}
        self.distances: Floats = distances(self.sites)
        others = self.distances + np.diag(np.full(len(self.sites), np.inf))
        self._nearest = others.argmin(axis=1) if len(self.sites) > 1 else np.empty(0, dtype=np.intp)

    def site(self, code: str) -> Site | None:
        """The site of a center, if it has one."""
        return self.sites[self.at[code]] if code in self.at else None

    def measure(self, members: Iterable[str]) -> Measured:
        """The measures of a cluster. Members without a place (they left the round since) count for nothing."""
        here = [self.at[code] for code in sorted(members) if code in self.at]
        legs = [self._leg(start, end) for start, end in tree(self.distances, here)]
        sites = [self.sites[number] for number in here]
        return Measured(
            sum(leg.km for leg in legs),
            tuple(legs),
            tuple(sorted({site.district for site in sites})),
            tuple(sorted({site.lao for site in sites})),
        )

    def reasons(self, members: Sequence[str]) -> tuple[Reason, ...]:
        """What the map says for these members being together, most local first."""
        sites = [site for site in map(self.site, members) if site]
        here = {self.at[site.code] for site in sites}
        found = []
        if len({site.subdistrict for site in sites}) == 1:
            found.append(Reason.SAME_SUBDISTRICT)
        found.append(Reason.SAME_LAO if len({site.lao for site in sites}) == 1 else Reason.CROSSES_LAO)
        found.append(Reason.SAME_DISTRICT if len({site.district for site in sites}) == 1 else Reason.CROSSES_DISTRICT)
        if len(here) > 1 and all(int(self._nearest[number]) in here for number in here):
            found.append(Reason.NEAREST_NEIGHBOURS)
        if any(site.placed != "own" for site in sites):
            found.append(Reason.POSITION_ASSUMED)
        return tuple(found)

    def _leg(self, start: int, end: int) -> Leg:
        one, other = self.sites[start], self.sites[end]
        return Leg(
            one.code,
            other.code,
            float(self.distances[start, end]),
            one.district != other.district,
            one.lao != other.lao,
        )


def described(cluster: Cluster, ground: Map) -> Cluster:
    """The cluster with what the map and its own marks say of it: span, reasons, the organizations it touches."""
    measured = ground.measure(cluster.members)
    marks = [
        (Reason.BY_HAND if cluster.by_hand else Reason.LEAST_TRAVEL, True),
        (Reason.PINNED, bool(cluster.pinned)),
        (Reason.VISITED, cluster.visited_at is not None),
    ]
    return cluster.model_copy(
        update={
            "span_km": round(measured.span_km, 3),
            "reasons": (*ground.reasons(cluster.members), *(reason for reason, holds in marks if holds)),
            "touches": (*cluster.path, *measured.districts, *measured.laos),
        }
    )


def oddity_of(size: int, total: int, *, pins: bool) -> Oddity | None:
    """Why a cluster of this size stands in a plan, when it is neither three nor four.

    `total` are the centers that were to be split; `pins` whether pinned or visited ones took part of the province.
    """
    if FEWEST <= size <= MOST:
        return None
    return "pins_leave_too_few" if pins else _FORCED.get(total, "pins_leave_too_few")
