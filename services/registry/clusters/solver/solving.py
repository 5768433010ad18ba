"""Solves one province: an answer at once, better ones as they come, and how far from the optimum each can be.

1. A linear program over all subsets; columns come from exact pricing, so its value bounds every partition.
2. Subset-row cuts, priced exactly as well, until none is violated.
3. Every column that can stand in a partition cheaper than bound + slack is enumerated, and the integer program over
   them solved. What uses another column costs more than bound + slack; so `min(integer bound, bound + slack)` is valid
   over all subsets, and once the answer costs no more than bound + slack it is optimal. Else the slack doubles.

No step depends on the clock unless the last resort `seconds` is reached: the same input gives the same answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.registry.clusters.solver.columns import Columns
from services.registry.clusters.solver.cuts import separate
from services.registry.clusters.solver.enumeration import unique
from services.registry.clusters.solver.first import Clusters, nearest_neighbours
from services.registry.clusters.solver.ground import ODD_KM, SMALLEST, Ground
from services.registry.clusters.solver.master import Duals, Master
from services.registry.clusters.solver.partition import Partition, cheapest_partition
from services.registry.clusters.solver.trees import Floats, Nodes, padded

EPSILON: Final = 1e-6
"""Kilometers: what reduced costs and answers are compared with."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop improving. Reached limits cost quality, which the bound then shows, never validity."""

    linear_programs: int = 400
    cuts_at_once: int = 80
    columns: int = 60_000
    branches: int = 2_000
    seconds: float = 120.0
    first_slack: float = 0.0005
    """Of the bound: what the optimum is first thought to lie above it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A partition, what it costs (weights of its shortest trees, km), and what every partition costs at least."""

    clusters: Clusters
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """How much cheaper another partition could be, as a share of this one's cost."""
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost > EPSILON else 0.0


def solve(ground: Ground, limits: Limits | None = None) -> Iterator[Answer]:
    """Answers from the first to the best, each at least as good as the one before in cost and bound.

    The last is optimal (cost = bound, up to `EPSILON`) unless a limit was reached. Raises `SolverFailed`.
    """
    return _Solving(ground, limits or Limits()).run()


class _Solving:
    def __init__(self, ground: Ground, limits: Limits) -> None:
        self._ground, self._limits = ground, limits
        self._columns = Columns(ground)
        first = nearest_neighbours(ground)
        self._best, self._bound = first, 0.0
        self._cost = float(self._columns.cost(padded(first, ground.nodes)).sum())

    def run(self) -> Iterator[Answer]:
        yield self._answer()
        if self._done():
            return
        master = Master(self._ground)
        partition = padded(self._best, self._ground.nodes)
        begin = unique(np.vstack([self._columns.to_begin_with(), partition]), self._ground.nodes)
        master.add(begin, self._columns.cost(begin))
        tightest: tuple[Duals, float] | None = None
        for duals, bound in self._tighten(master):
            if tightest is None or bound > tightest[1]:
                tightest = duals, bound
            self._bound = max(self._bound, bound)
            yield self._answer()
        if tightest is not None and not self._done():
            yield from self._round_up(master, *tightest)

    def _answer(self) -> Answer:
        forced = ODD_KM * (
            sum(max(0, SMALLEST - len(members)) for members in self._best) + (self._ground.apart in self._best)
        )
        cost = max(0.0, self._cost - forced)
        return Answer(self._best, cost, min(cost, max(0.0, self._bound - forced)))

    def _done(self) -> bool:
        return self._cost - self._bound <= EPSILON * max(1, self._ground.nodes)

    def _take(self, clusters: Nodes) -> None:
        """Remember a partition if it is better."""
        cost = float(self._columns.cost(clusters).sum())
        if cost < self._cost - EPSILON:
            nodes = self._ground.nodes
            self._cost = cost
            self._best = tuple(sorted(tuple(int(node) for node in row if node < nodes) for row in clusters))

    def _tighten(self, master: Master) -> Iterator[tuple[Duals, float]]:
        """Linear programs with more and more cuts: after each that is priced out, its duals and its valid bound."""
        for _ in range(self._limits.linear_programs):
            duals = master.solve()
            lowest, found = self._price(master, duals)
            if len(found):
                master.add(found, self._columns.cost(found))
                continue
            if duals.whole:
                self._take(master.subsets[duals.shares > 0.5])  # noqa: PLR2004
            yield duals, duals.worth + self._columns.most_used * min(0.0, lowest)
            if duals.whole:
                return
            cuts = separate(master.subsets, duals.shares, self._ground.nodes, self._limits.cuts_at_once)
            if not len(cuts):
                return
            master.cut(cuts)

    def _price(self, master: Master, duals: Duals) -> tuple[float, Nodes]:
        """A lower bound of all reduced costs, and columns with a negative one; none when that is proven or too dear."""
        surcharge = master.surcharge(duals)
        lowest, found = self._columns.least(duals.prizes, surcharge)
        if lowest >= -EPSILON:
            return lowest, found[:0]
        negative = self._negative(master, duals, unique(found, self._ground.nodes))
        if len(negative):
            return lowest, negative
        # Below zero by the surcharge alone, which understates: look at each, or at the most promising.
        for share in (0.0, 0.5, 0.9):
            limit = min(-EPSILON, share * lowest)
            every = self._columns.below(limit, duals.prizes, surcharge, self._limits.columns)
            if every is not None:
                negative = self._negative(master, duals, every)
                return (lowest if len(negative) else limit), negative
        return lowest, found[:0]

    def _negative(self, master: Master, duals: Duals, subsets: Nodes) -> Nodes:
        return subsets[master.reduced(subsets, self._columns.cost(subsets), duals) < -EPSILON]

    def _round_up(self, master: Master, duals: Duals, floor: float) -> Iterator[Answer]:
        """Integer programs over ever more columns, until the answer is proven or a limit is reached."""
        slack = max(100 * EPSILON, self._limits.first_slack * floor)
        tight = np.flatnonzero(duals.rebates < -EPSILON)
        while True:
            pool = self._pool(master, duals, slack)
            whole = pool is not None
            subsets, costs = pool or (master.subsets, self._columns.cost(master.subsets))
            found = cheapest_partition(
                subsets,
                costs,
                master.triples[tight],
                self._ground.nodes,
                most_branches=self._limits.branches,
                seconds=self._limits.seconds,
            )
            within = floor + slack
            if isinstance(found, Partition):
                if found.chosen is not None:
                    self._take(subsets[found.chosen])
                within = min(within, found.bound)
            if whole:
                self._bound = max(self._bound, within)
            yield self._answer()
            stopped = isinstance(found, Partition) and not found.proven
            if not whole or stopped or self._cost <= floor + slack:
                return
            slack = min(2 * slack, self._cost - floor + EPSILON)

    def _pool(self, master: Master, duals: Duals, slack: float) -> tuple[Nodes, Floats] | None:
        """Every column with reduced cost ≤ slack, with its cost; None when there are too many."""
        subsets = self._columns.below(slack, duals.prizes, master.surcharge(duals), self._limits.columns)
        if subsets is None:
            return None
        costs = self._columns.cost(subsets)
        good = master.reduced(subsets, costs, duals) <= slack
        return subsets[good], costs[good]
