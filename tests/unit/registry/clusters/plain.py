"""The same questions answered without any cleverness, for comparison."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product

import numpy as np

from services.registry.clusters.solver.ground import Ground
from services.registry.clusters.solver.trees import Floats

Points = Sequence[tuple[float, float]]


def between(points: Points) -> Floats:
    """Straight distances."""
    at = np.array(points, dtype=float).reshape(-1, 2)
    return np.asarray(np.hypot(*(at[:, None] - at[None, :]).transpose(2, 0, 1)))


def shortest_tree(weights: Floats, members: Sequence[int]) -> float:
    """Over every set of edges with one fewer than the members that joins them all."""
    edges = list(combinations(members, 2))
    lengths = [
        sum(weights[edge] for edge in chosen)
        for chosen in combinations(edges, len(members) - 1)
        if _joins(chosen, members)
    ]
    return float(min(lengths, default=0.0))


def _joins(edges: Iterable[tuple[int, int]], members: Sequence[int]) -> bool:
    reached = {members[0]}
    for _, (one, two) in product(members, list(edges)):
        if one in reached or two in reached:
            reached |= {one, two}
    return len(reached) == len(members)


def partitions(nodes: Sequence[int], sizes: Sequence[int]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every split of the nodes into sets of these sizes."""
    if not nodes:
        yield ()
        return
    first, *others = nodes
    for size in sizes:
        for fellows in combinations(others, size - 1):
            left = [node for node in others if node not in fellows]
            for further in partitions(left, sizes):
                yield ((first, *fellows), *further)


def optimum(ground: Ground) -> float | None:
    """What the cheapest partition into threes and fours costs that keeps the groups; None when there is none."""
    best = None
    for clusters in partitions(range(ground.nodes), (3, 4)):
        if all(_keeps(set(members), ground) for members in clusters):
            cost = sum(shortest_tree(ground.weights, members) for members in clusters)
            best = cost if best is None else min(best, cost)
    return best


def _keeps(members: set[int], ground: Ground) -> bool:
    touched = [group for group in ground.groups if members & set(group)]
    return len(touched) <= 1 and all(set(group) <= members for group in touched)
