"""The integer program: the cheapest partition out of columns that are written down."""

from dataclasses import dataclass

import highspy
import numpy as np

from services.registry.clusters.solver.master import SolverFailed, add_columns, add_nodes, must, quiet_solver
from services.registry.clusters.solver.trees import Floats, Nodes

_STOPPED = {
    highspy.HighsModelStatus.kTimeLimit,
    highspy.HighsModelStatus.kIterationLimit,
    highspy.HighsModelStatus.kSolutionLimit,
    highspy.HighsModelStatus.kInterrupt,
}


@dataclass(frozen=True, slots=True)
class Partition:
    """The columns chosen (none if a limit came first), and what every partition of the columns costs at least."""

    chosen: Nodes | None
    bound: float
    proven: bool
    """Whether the program ran to its end: no other choice of these columns is cheaper."""


@dataclass(frozen=True, slots=True)
class NoPartition:
    """These columns hold no partition at all."""


def cheapest_partition(
    subsets: Nodes, costs: Floats, triples: Nodes, nodes: int, *, most_branches: int, seconds: float
) -> Partition | NoPartition:
    """The cheapest choice of rows of `subsets` that covers each node once; `triples` are cuts that help.

    Optimal unless a limit stops it: the bound says so. Raises `SolverFailed` for any state that proves nothing.
    """
    solver = quiet_solver()
    for option, value in (("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-6), ("time_limit", seconds)):
        must(solver.setOptionValue(option, value))
    must(solver.setOptionValue("mip_max_nodes", most_branches))
    add_nodes(solver, nodes)
    for _ in range(len(triples)):
        must(solver.addRow(-np.inf, 1.0, 0, np.empty(0, np.int32), np.empty(0)))
    add_columns(solver, subsets, costs, triples, nodes, upper=1.0)
    every = np.arange(len(subsets), dtype=np.int32)
    must(solver.changeColsIntegrality(len(every), every, np.full(len(every), highspy.HighsVarType.kInteger)))
    if solver.run() == highspy.HighsStatus.kError:
        # HiGHS 1.16 reduces some programs that hold no partition to a solution which breaks them, and then says so.
        must(solver.setOptionValue("presolve", "off"))
        must(solver.run())
    status, info = solver.getModelStatus(), solver.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return NoPartition()
    if status != highspy.HighsModelStatus.kOptimal and status not in _STOPPED:
        raise SolverFailed(status.name)
    chosen = np.flatnonzero(np.array(solver.getSolution().col_value) > 0.5)  # noqa: PLR2004
    covered = np.bincount(subsets[chosen].ravel(), minlength=nodes + 1)[:nodes]
    return Partition(
        chosen if np.all(covered == 1) else None,
        float(info.mip_dual_bound),
        status == highspy.HighsModelStatus.kOptimal,
    )
