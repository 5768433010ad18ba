"""Shortest spanning trees of a few nodes: what a cluster costs."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Nodes = npt.NDArray[np.intp]

LARGEST: Final = 4
"""Columns of an array of subsets; one with fewer members is padded with the number of nodes, which is no node."""


def spans(weights: Floats, subsets: Nodes) -> Floats:
    """The length of the shortest tree over each row of `subsets`, in the unit of `weights`.

    Exact for any symmetric weights without a triangle inequality. A padded row costs what its members cost.
    """
    rows = np.arange(len(subsets))
    filled = np.where(subsets == len(weights), subsets[:, :1], subsets)  # a node beside itself adds nothing
    between = weights[filled[:, :, None], filled[:, None, :]]
    reach, lengths = between[:, 0, 1:].copy(), np.zeros(len(subsets))
    for _ in range(subsets.shape[1] - 1):
        nearest = reach.argmin(axis=1)
        lengths += reach[rows, nearest]
        taken = np.isinf(reach)
        taken[rows, nearest] = True
        reach = np.where(taken, np.inf, np.minimum(reach, between[rows, nearest + 1, 1:]))
    return lengths


def tree(weights: Floats, members: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The edges of the shortest tree over `members`, each as (nearer to the first member, next). Ties: first come."""
    edges: list[tuple[int, int]] = []
    inside, outside = list(members[:1]), list(members[1:])
    while outside:
        start, end = min(((a, b) for a in inside for b in outside), key=lambda edge: weights[edge])
        edges.append((start, end))
        inside.append(end)
        outside.remove(end)
    return tuple(edges)


def length(weights: Floats, members: Sequence[int]) -> float:
    """The length of the shortest tree over `members`."""
    return float(sum(weights[edge] for edge in tree(weights, members)))


def padded(clusters: Sequence[Sequence[int]], nodes: int) -> Nodes:
    """Clusters of up to four members as an array of subsets."""
    return np.array([[*sorted(each), *[nodes] * (LARGEST - len(each))] for each in clusters], dtype=np.intp).reshape(
        -1, LARGEST
    )
