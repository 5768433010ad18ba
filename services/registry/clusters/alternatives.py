"""What else could be done with a cluster's members, and what it would cost: exchanges with its neighbours. Pure.

Exact for each exchange looked at (one center moves to a cluster that has room, or two centers change places); the
cheapest of them bounds from above what it costs to have these centers apart, since more could be changed at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from services.registry.clusters.cluster import FEWEST, MOST
from services.registry.clusters.measuring import Map
from services.registry.clusters.solver.trees import Floats, length, spans

Members = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """`center` leaves for `cluster`, where it takes the place of `instead` (None: there is room). `extra_km` is how
    much more travel there would be in all; it is negative where a penalty or a pin stands against less travel.
    """

    center: str
    kind: Literal["move", "exchange"]
    cluster: str
    instead: str | None
    extra_km: float
    borders: int
    """District borders crossed after it, less those before: by counting districts in each cluster."""


class Exchanges:
    """The clusters of a province on their map."""

    def __init__(self, ground: Map, clusters: Mapping[str, Members], fixed: frozenset[str] = frozenset()) -> None:
        self._ground, self._fixed = ground, fixed
        self._clusters = {
            name: [ground.at[code] for code in members if code in ground.at] for name, members in clusters.items()
        }
        self._spans = {name: length(ground.distances, members) for name, members in self._clusters.items()}
        self._districts = [site.district for site in ground.sites]

    def of(self, name: str) -> list[Alternative]:
        """The cheapest alternative for each member of a cluster, cheapest first. Empty where none can be exchanged."""
        best = []
        for node in self._clusters[name]:
            options = [*self._moves(name, node), *self._swaps(name, node)]
            if options:
                best.append(min(options, key=lambda one: (one.extra_km, one.cluster, one.instead or "")))
        return sorted(best, key=lambda one: (one.extra_km, one.center))

    def without_border(self, name: str) -> Alternative | None:
        """The cheapest alternative that crosses fewer district borders."""
        options = [
            option
            for node in self._clusters[name]
            for option in (*self._moves(name, node), *self._swaps(name, node))
            if option.borders < 0
        ]
        return min(options, key=lambda one: (one.extra_km, one.center, one.cluster, one.instead or ""), default=None)

    def _open(self, name: str) -> dict[str, list[int]]:
        return {
            other: members
            for other, members in self._clusters.items()
            if other not in {name, *self._fixed} and FEWEST <= len(members) <= MOST
        }

    def _moves(self, name: str, node: int) -> list[Alternative]:
        here = self._clusters[name]
        if len(here) != MOST:
            return []
        left = [other for other in here if other != node]
        saved = self._spans[name] - length(self._ground.distances, left)
        return [
            self._alternative(
                node, "move", (name, left), (other, [*members, node]), None,
                length(self._ground.distances, [*members, node]) - self._spans[other] - saved,
            )
            for other, members in self._open(name).items()
            if len(members) == FEWEST
        ]  # fmt: skip

    def _swaps(self, name: str, node: int) -> list[Alternative]:
        """All at once: the cluster with each stranger in the node's place, and the node in each stranger's."""
        neighbours = self._open(name)
        strangers = [(other, stranger) for other, members in neighbours.items() for stranger in members]
        if not strangers:
            return []
        left = [other for other in self._clusters[name] if other != node]
        ours = [[*left, stranger] for _, stranger in strangers]
        theirs = [[*(m for m in neighbours[other] if m != stranger), node] for other, stranger in strangers]
        total = _spans(self._ground.distances, ours) + _spans(self._ground.distances, theirs)
        before = np.array([self._spans[name] + self._spans[other] for other, _ in strangers])
        return [
            self._alternative(node, "exchange", (name, mine), (other, yours), stranger, float(extra))
            for (other, stranger), mine, yours, extra in zip(strangers, ours, theirs, total - before, strict=True)
        ]

    def _alternative(
        self,
        node: int,
        kind: Literal["move", "exchange"],
        here: tuple[str, list[int]],
        there: tuple[str, list[int]],
        instead: int | None,
        extra: float,
    ) -> Alternative:
        borders = sum(self._borders(members) - self._borders(self._clusters[name]) for name, members in (here, there))
        sites = self._ground.sites
        return Alternative(
            sites[node].code, kind, there[0], None if instead is None else sites[instead].code, round(extra, 3), borders
        )

    def _borders(self, members: Sequence[int]) -> int:
        return len({self._districts[node] for node in members}) - 1


def _spans(weights: Floats, clusters: Sequence[Sequence[int]]) -> Floats:
    count = len(weights)
    rows = np.full((len(clusters), max(map(len, clusters))), count)
    for number, members in enumerate(clusters):
        rows[number, : len(members)] = members
    return spans(weights, rows)
