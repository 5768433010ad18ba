"""One province as a question to the solver, and its answer as clusters. Pure: what a worker process computes.

Clusters that were visited, or whose members are all pinned, are not part of the question; pinned members of others
stay together, each such group in a cluster of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from services.registry.clusters.cluster import FEWEST, MOST, Cluster
from services.registry.clusters.sites import Charges, Site, weights
from services.registry.clusters.solver.first import nearest_neighbours
from services.registry.clusters.solver.ground import Ground
from services.registry.clusters.solver.solving import solve
from services.registry.clusters.solver.trees import length

Members = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a plan must leave: whole clusters, and members that stay together. By the cluster's id."""

    fixed: Mapping[str, Members]
    groups: Mapping[str, Members]


def kept(before: Sequence[Cluster], present: frozenset[str]) -> Kept:
    """What standing clusters ask of a new plan. `present` are the centers to be clustered now.

    A visited cluster stays with all it had. Of a pinned one those stay who are present: four, or all of a cluster that
    was pinned as a whole and still has three (or was made smaller on purpose), as they are; two or three as a group
    that others may join. One alone asks for nothing.
    """
    fixed: dict[str, Members] = {}
    groups: dict[str, Members] = {}
    for cluster in before:
        pinned = tuple(code for code in cluster.pinned if code in present)
        whole = cluster.frozen and (len(pinned) >= FEWEST or len(pinned) == len(cluster.members) > 0)
        if cluster.visited_at is not None:
            fixed[cluster.cluster] = cluster.members
        elif whole or len(pinned) >= MOST:
            fixed[cluster.cluster] = pinned
        elif len(pinned) > 1:
            groups[cluster.cluster] = pinned
    return Kept(fixed, groups)


class Task(BaseModel):
    """A question: which of `sites` belong together. `before` says which cluster each is in by now."""

    model_config = ConfigDict(frozen=True)

    sites: tuple[Site, ...]
    groups: tuple[Members, ...] = ()
    before: Mapping[str, str] = {}
    charges: Charges
    apart: Members = ()
    """Members of a cluster that shall not be one, to see what that would cost."""
    only: Literal["first", "best"] = "best"


class Found(BaseModel):
    """An answer to a task: what the clusters cost with their charges, and what any others would at least."""

    model_config = ConfigDict(frozen=True)

    clusters: tuple[Members, ...]
    cost: float
    bound: float
    unpenalised_km: float | None = None
    """Travel of the best answer if changes were free; None unless it is asked for and known."""


def work(task: Task) -> Iterator[Found]:
    """Answers, each better than the one before. Deterministic. Raises `SolverFailed`."""
    ground = _ground(task, task.charges)
    if task.only == "first":
        clusters = nearest_neighbours(ground)
        yield Found(
            clusters=_named(task, clusters),
            cost=sum(length(ground.weights, members) for members in clusters),
            bound=0.0,
        )
        return
    found = None
    for answer in solve(ground):
        found = Found(clusters=_named(task, answer.clusters), cost=answer.cost, bound=answer.bound)
        yield found
    if found is not None and task.before and task.charges.change_km > 0:
        yield found.model_copy(update={"unpenalised_km": _unpenalised(task)})


def _unpenalised(task: Task) -> float:
    """Travel of the optimum for which changes cost nothing."""
    distances = _ground(task, Charges(penalty_km=0, change_km=0)).weights
    ground = _ground(task, task.charges.model_copy(update={"change_km": 0.0}))
    *_, best = solve(ground)
    return float(sum(length(distances, members) for members in best.clusters))


def _ground(task: Task, charges: Charges) -> Ground:
    numbers = {site.code: number for number, site in enumerate(task.sites)}
    groups = tuple(tuple(numbers[code] for code in group) for group in task.groups)
    before = task.before if charges.change_km > 0 else {}
    cost = weights(task.sites, charges, before) if task.sites else np.zeros((0, 0))
    return Ground(cost, groups, tuple(sorted(numbers[code] for code in task.apart)))


def _named(task: Task, clusters: Sequence[Sequence[int]]) -> tuple[Members, ...]:
    return tuple(sorted(tuple(sorted(task.sites[number].code for number in members)) for members in clusters))
