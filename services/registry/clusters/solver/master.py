"""The linear program: the cheapest fractional choice of columns that covers each node once, under the cuts so far."""

from dataclasses import dataclass

import highspy
import numpy as np

from services.registry.clusters.solver.cuts import surcharge, touched
from services.registry.clusters.solver.ground import Ground
from services.registry.clusters.solver.trees import LARGEST, Floats, Nodes


class SolverFailed(Exception):  # noqa: N818
    """The solver stopped in a state that proves nothing; its name for that state is the message."""


@dataclass(frozen=True, slots=True)
class Duals:
    """What the linear program says: prizes of nodes, rebates of cuts (≤ 0), shares of its columns."""

    prizes: Floats
    rebates: Floats
    shares: Floats

    @property
    def worth(self) -> float:
        """A lower bound of the program, if no column has a negative reduced cost."""
        return float(self.prizes.sum() + self.rebates.sum())

    @property
    def whole(self) -> bool:
        """Whether the solution is a partition already."""
        return bool(np.all((self.shares < 1e-6) | (self.shares > 1 - 1e-6)))  # noqa: PLR2004


def quiet_solver() -> highspy.Highs:
    """A solver with one thread and no voice. Mixed numbers of threads in one process make HiGHS fail silently."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    must(solver.setOptionValue("threads", 1))
    must(solver.setOptionValue("random_seed", 0))
    return solver


def must(status: highspy.HighsStatus) -> None:
    """Raise `SolverFailed` unless the solver took the call."""
    if status == highspy.HighsStatus.kError:
        raise SolverFailed("kError")


def add_nodes(solver: highspy.Highs, nodes: int) -> None:
    """A row for each node: exactly one cluster."""
    once = np.ones(nodes)
    must(solver.addRows(nodes, once, once, 0, np.zeros(nodes, np.int32), np.empty(0, np.int32), np.empty(0)))


def add_columns(
    solver: highspy.Highs, subsets: Nodes, costs: Floats, triples: Nodes, nodes: int, *, upper: float
) -> None:
    """A column for each subset, with its ones in the rows of its nodes and of the cuts that it touches."""
    if not len(subsets):
        return
    count, (rows_at, members_at) = len(subsets), np.nonzero(subsets < nodes)
    columns, rows = [rows_at], [subsets[rows_at, members_at]]
    if len(triples):
        hit_at, cut_at = np.nonzero(touched(subsets, triples, nodes))
        columns.append(hit_at)
        rows.append(nodes + cut_at)
    column, row = np.concatenate(columns), np.concatenate(rows)
    order = np.argsort(column, kind="stable")
    starts = np.searchsorted(column[order], np.arange(count)).astype(np.int32)
    entries, ones = row[order].astype(np.int32), np.ones(len(row))
    bounds = np.zeros(count), np.full(count, upper)
    must(solver.addCols(count, costs, *bounds, len(entries), starts, entries, ones))


class Master:
    """Grows by columns and by cuts, and starts each run where the last one ended.

    The columns must hold a partition from the first run on: no cut forbids one, so every run has a solution.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.subsets = np.empty((0, LARGEST), dtype=np.intp)
        self.triples = np.empty((0, 3), dtype=np.intp)
        self._solver = quiet_solver()
        add_nodes(self._solver, ground.nodes)

    def add(self, subsets: Nodes, costs: Floats) -> None:
        """More columns."""
        add_columns(self._solver, subsets, costs, self.triples, self.ground.nodes, upper=np.inf)
        self.subsets = np.vstack([self.subsets, subsets])

    def cut(self, triples: Nodes) -> None:
        """More cuts."""
        hits = touched(self.subsets, triples, self.ground.nodes)
        for number in range(len(triples)):
            at = np.flatnonzero(hits[:, number]).astype(np.int32)
            must(self._solver.addRow(-np.inf, 1.0, len(at), at, np.ones(len(at))))
        self.triples = np.vstack([self.triples, triples])

    def solve(self) -> Duals:
        """The optimum over the columns so far. Raises `SolverFailed`."""
        must(self._solver.run())
        status = self._solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverFailed(status.name)
        solution = self._solver.getSolution()
        duals = np.array(solution.row_dual)
        nodes = self.ground.nodes
        return Duals(duals[:nodes], np.minimum(duals[nodes:], 0.0), np.array(solution.col_value))

    def surcharge(self, duals: Duals) -> Floats | None:
        """What the cuts add to edges; None without cuts."""
        if not len(duals.rebates):
            return None
        return surcharge(self.triples[: len(duals.rebates)], duals.rebates, self.ground.nodes)

    def reduced(self, subsets: Nodes, costs: Floats, duals: Duals) -> Floats:
        """The exact reduced cost of each subset."""
        reduced = costs - np.append(duals.prizes, 0.0)[subsets].sum(axis=1)
        if len(duals.rebates):
            triples = self.triples[: len(duals.rebates)]
            reduced -= touched(subsets, triples, self.ground.nodes) @ duals.rebates
        return np.asarray(reduced)
