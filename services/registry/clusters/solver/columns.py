"""The clusters there could be: all of them, priced without being written down.

A column is a subset of nodes with its cost. Given the prizes of a linear program, `Columns` answers two questions about
*all* columns of a ground: what is the least reduced cost, and which lie below a limit.
"""

from itertools import combinations
from typing import Final

import numpy as np

from services.registry.clusters.solver.enumeration import Leaves, below, by_cost, least, unique
from services.registry.clusters.solver.ground import ODD_KM, SMALLEST, Ground
from services.registry.clusters.solver.trees import LARGEST, Floats, Nodes, padded, spans

NEIGHBOURS: Final = 5
"""Each node with all pairs and triples of so many neighbours: columns to begin with."""


class Columns:
    """Every cluster that a ground permits.

    Nodes in groups stand in columns with their whole group and free nodes only. `surcharge` (a matrix on edges) stands
    for what cuts add to a column: it must never exceed, summed over any tree of a column, what they truly add.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._free = np.array(ground.free, dtype=np.intp)
        self._within = ground.weights[np.ix_(self._free, self._free)]
        few = [*(_around(ground, group, self._free) for group in ground.groups), _odd(ground, self._free)]
        self._few = np.vstack(few) if few else np.empty((0, LARGEST), dtype=np.intp)
        """Those that hold a group, and odd ones: few enough to be written down."""
        self._apart = padded([ground.apart], ground.nodes)[0] if ground.apart else None
        self._few_cost = self.cost(self._few)

    @property
    def most_used(self) -> int:
        """No partition has more clusters."""
        if self.ground.odd:
            return self.ground.nodes
        return len(self.ground.groups) + len(self._free) // SMALLEST

    def cost(self, subsets: Nodes) -> Floats:
        """What each costs: its shortest tree, and the charge for a cluster that is too small or not wanted."""
        size = (subsets < self.ground.nodes).sum(axis=1)
        cost = spans(self.ground.weights, subsets) + ODD_KM * np.maximum(0.0, SMALLEST - size)
        if self._apart is not None:
            cost += ODD_KM * np.all(np.sort(subsets, axis=1) == self._apart, axis=1)
        return np.asarray(cost)

    def to_begin_with(self) -> Nodes:
        """Near subsets around every node, enough for a first linear program."""
        count = len(self._free)
        near = by_cost(self._within + np.diag(np.full(count, np.inf)))[:, : min(NEIGHBOURS, count - 1)]
        nodes, found = np.arange(count)[:, None], [np.empty((0, LARGEST), dtype=np.intp)]
        for leaves in (SMALLEST - 1, LARGEST - 1):
            for chosen in combinations(range(near.shape[1]), leaves):
                rows = np.full((count, LARGEST), count)
                rows[:, : leaves + 1] = np.hstack([nodes, near[:, list(chosen)]])
                found.append(rows)
        return np.vstack([self._outside(unique(np.sort(np.vstack(found), axis=1), count)), self._cheapest_few()])

    def least(self, prizes: Floats, surcharge: Floats | None) -> tuple[float, Nodes]:
        """A lower bound of the reduced cost of every column, exact without a surcharge; and promising columns."""
        lowest, found = least(self._leaves(prizes, surcharge))
        if len(self._few):
            reduced = self._few_cost - _worth(self._few, prizes)
            lowest = min(lowest, float(reduced.min()))
            found_few = self._few[np.argsort(reduced, kind="stable")[: 2 * self.ground.nodes]]
            return lowest, np.vstack([self._outside(found), found_few])
        return lowest, self._outside(found)

    def below(self, limit: float, prizes: Floats, surcharge: Floats | None, most: int) -> Nodes | None:
        """Every column whose reduced cost may be ≤ `limit`, and some more; None when there are more than `most`."""
        found = below(self._leaves(prizes, surcharge), limit, most)
        if found is None:
            return None
        few = self._few[self._few_cost - _worth(self._few, prizes) <= limit]
        return np.vstack([self._outside(found), few]) if len(found) + len(few) <= most else None

    def _leaves(self, prizes: Floats, surcharge: Floats | None) -> Leaves:
        grid = np.ix_(self._free, self._free)
        return Leaves.of(self._within if surcharge is None else self._within + surcharge[grid], prizes[self._free])

    def _outside(self, subsets: Nodes) -> Nodes:
        """Positions among the free nodes as nodes of the ground."""
        return np.append(self._free, self.ground.nodes)[subsets]

    def _cheapest_few(self) -> Nodes:
        """For each node, the cheapest of the few columns that hold it."""
        order = np.argsort(self._few_cost, kind="stable")
        most = 4 * NEIGHBOURS * (len(self.ground.groups) + len(self._free) * self.ground.odd)
        return self._few[order[:most]]


def _worth(subsets: Nodes, prizes: Floats) -> Floats:
    return np.asarray(np.append(prizes, 0.0)[subsets].sum(axis=1))


def _around(ground: Ground, group: tuple[int, ...], free: Nodes) -> Nodes:
    """Every cluster that holds the group: with each free node, and a pair with each two of them."""
    nothing, count = ground.nodes, len(free)
    if len(group) == LARGEST - 1:
        added = np.append(free, nothing)[:, None]
    else:
        one, two = np.triu_indices(count, 1)
        added = np.vstack([np.column_stack([free, np.full(count, nothing)]), np.column_stack([free[one], free[two]])])
        if ground.odd:
            added = np.vstack([added, [[nothing, nothing]]])
    return np.sort(np.hstack([np.tile(group, (len(added), 1)), added]), axis=1)


def _odd(ground: Ground, free: Nodes) -> Nodes:
    """Where arithmetic leaves no other way: every single free node and every pair."""
    if not ground.odd:
        return np.empty((0, LARGEST), dtype=np.intp)
    one, two = np.triu_indices(len(free))
    second = np.where(one == two, ground.nodes, free[two])
    nothing = np.full(len(one), ground.nodes)
    return np.sort(np.column_stack([free[one], second, nothing, nothing]), axis=1)
