"""Subset-row cuts: of three nodes, at most one cluster may hold two or more.

A partition obeys this by itself; a fractional solution often does not (three halves around a triangle). Adding the
violated ones closes most of the distance between the linear program and the optimum. A cut's dual (its rebate, ≤ 0)
raises the reduced cost of each column that holds two of the three. Half of it on each of the three edges never
overstates this, since a tree has at most two edges among three nodes, and so pricing stays exact. Jepsen, Petersen,
Spoorendonk and Pisinger (2008), "Subset-row inequalities applied to the vehicle-routing problem with time windows".
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from services.registry.clusters.solver.trees import Floats, Nodes

VIOLATED: Final = 1e-3
"""A cut that is violated by less is not worth a row."""
WHOLE: Final = 1e-6

Bools = npt.NDArray[np.bool_]


def touched(subsets: Nodes, triples: Nodes, nodes: int) -> Bools:
    """For each subset and triple, whether the subset holds two or more of the three."""
    holds = np.zeros((len(subsets), nodes + 1), dtype=bool)
    holds[np.arange(len(subsets))[:, None], subsets] = True
    counts = holds[:, triples[:, 0]].astype(np.int8)
    counts += holds[:, triples[:, 1]]
    counts += holds[:, triples[:, 2]]
    return np.asarray(counts >= 2)  # noqa: PLR2004


def surcharge(triples: Nodes, rebates: Floats, nodes: int) -> Floats:
    """What the cuts add to each edge at least, as a symmetric matrix."""
    added = np.zeros((nodes, nodes))
    for one, two in ((0, 1), (0, 2), (1, 2)):
        np.add.at(added, (triples[:, one], triples[:, two]), -rebates / 2)
    return added + added.T


def separate(subsets: Nodes, shares: Floats, nodes: int, most: int) -> Nodes:
    """The most violated cuts of a fractional solution, at most `most`, worst first. None violated: no rows."""
    broken = (shares > WHOLE) & (shares < 1 - WHOLE)
    subsets, shares = subsets[broken], shares[broken]
    together = np.zeros((nodes + 1, nodes + 1))
    for one in range(subsets.shape[1]):
        for two in range(subsets.shape[1]):
            np.add.at(together, (subsets[:, one], subsets[:, two]), shares)
    near = together[:nodes, :nodes] > WHOLE
    np.fill_diagonal(near, val=False)
    triples = _triples(near)
    if not len(triples):
        return triples
    used = touched(subsets, triples, nodes).T @ shares - 1
    worst = np.argsort(-used, kind="stable")[:most]
    return triples[worst[used[worst] > VIOLATED]]


def _triples(near: Bools) -> Nodes:
    """Every three nodes of which one is near to both others, each once, in order."""
    found = [np.empty((0, 3), dtype=np.intp)]
    for node in np.flatnonzero(near.any(axis=1)):
        others = np.flatnonzero(near[node])
        one, two = np.triu_indices(len(others), 1)
        found.append(np.sort(np.column_stack([np.full(len(one), node), others[one], others[two]]), axis=1))
    return np.unique(np.vstack(found), axis=0)
