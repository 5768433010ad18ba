"""Every subset of three or four whose reduced cost lies below a limit, and the least reduced cost of all.

The shortest tree of three nodes is a star; of four a star or a path. So all subsets are met by walking over all stars
(a center and its leaves) and all paths (a middle edge and its two ends): a subset is met once for each of its trees,
and its shortest tree is among them. A leaf costs its edge minus its prize; sorting the leaves of each node once makes
both the search for the least (O(n²)) and the walk below a limit exact and fast.
"""

from dataclasses import dataclass

import numpy as np

from services.registry.clusters.solver.trees import LARGEST, Floats, Nodes


@dataclass(frozen=True, slots=True)
class Leaves:
    """For each node all others, cheapest first: `cost[i, r]` is weight minus prize of `node[i, r]` as a leaf of i."""

    weights: Floats
    prizes: Floats
    cost: Floats
    node: Nodes

    @classmethod
    def of(cls, weights: Floats, prizes: Floats) -> "Leaves":
        net = weights - prizes[None, :]
        np.fill_diagonal(net, np.inf)
        node = by_cost(net)
        return cls(weights, prizes, np.take_along_axis(net, node, axis=1), node)

    @property
    def nodes(self) -> int:
        return len(self.prizes)


def by_cost(costs: Floats) -> Nodes:
    """For each row the columns, cheapest first. Of equal ones the next in the circle comes first: among centers at one
    point, each would otherwise name the same few neighbours.
    """
    count = len(costs)
    circle = (np.arange(count)[:, None] + np.arange(count)[None, :]) % max(1, count)
    order = np.argsort(np.take_along_axis(costs, circle, axis=1), axis=1, kind="stable")
    return np.take_along_axis(circle, order, axis=1)


def least(leaves: Leaves) -> tuple[float, Nodes]:
    """The least reduced cost over *all* subsets of three and four, and the cheapest trees as candidates.

    The number is exact: no subset has less. Candidates are the best star of each node with two and with three leaves,
    and the best path through each node; as subsets, repeated where trees coincide. Needs four nodes; below that
    nothing or the one subset there is.
    """
    count = leaves.nodes
    if count < LARGEST:
        return _least_of_few(leaves)
    cost, node, nodes = leaves.cost, leaves.node, np.arange(count)
    three = cost[:, 0] + cost[:, 1] - leaves.prizes
    four = three + cost[:, 2]
    path, best, ends = _best_paths(leaves)
    found = np.vstack([
        np.column_stack([nodes, node[:, 0], node[:, 1], np.full(count, count)]),
        np.column_stack([nodes, node[:, :3]]),
        np.column_stack([nodes, best, ends]),
    ])  # fmt: skip
    return float(min(three.min(), four.min(), path.min())), np.sort(found, axis=1)


def _least_of_few(leaves: Leaves) -> tuple[float, Nodes]:
    if leaves.nodes < LARGEST - 1:
        return np.inf, np.empty((0, LARGEST), dtype=np.intp)
    three = float((leaves.cost[:, 0] + leaves.cost[:, 1] - leaves.prizes).min())
    return three, np.arange(LARGEST, dtype=np.intp)[None, :]


def _best_paths(leaves: Leaves) -> tuple[Floats, Nodes, Nodes]:
    """For each node b the cheapest path a-b-c-d: its cost, c, and (a, d). The ends are each other's best but one where
    they would coincide, so a node's three cheapest leaves suffice.
    """
    count, all_nodes = leaves.nodes, np.arange(leaves.nodes)
    first, second = _two_cheapest_but(leaves)
    middle = leaves.weights - leaves.prizes[:, None] - leaves.prizes[None, :]
    clash = first.node == first.node.T
    swap = clash & (second.cost + first.cost.T < first.cost + second.cost.T)
    own = np.where(swap, second.cost, first.cost)
    other = np.where(clash & ~swap, second.cost.T, first.cost.T)
    total = middle + own + other
    np.fill_diagonal(total, np.inf)
    best = total.argmin(axis=1)
    a = np.where(swap, second.node, first.node)[all_nodes, best]
    d = np.where(clash & ~swap, second.node.T, first.node.T)[all_nodes, best]
    return total[all_nodes, best].reshape(count), best, np.column_stack([a, d])


@dataclass(frozen=True, slots=True)
class _Ends:
    """Matrices over (b, c): the leaf that b takes when c is not to be had, and its cost."""

    cost: Floats
    node: Nodes


def _two_cheapest_but(leaves: Leaves) -> tuple[_Ends, _Ends]:
    """For each pair (b, c) the cheapest and second cheapest leaf of b other than c."""
    everyone = np.arange(leaves.nodes)[None, :]
    node, cost = leaves.node, leaves.cost
    is_first, is_second = node[:, :1] == everyone, node[:, 1:2] == everyone
    first = _Ends(np.where(is_first, cost[:, 1:2], cost[:, :1]), np.where(is_first, node[:, 1:2], node[:, :1]))
    late = is_first | is_second
    return first, _Ends(np.where(late, cost[:, 2:3], cost[:, 1:2]), np.where(late, node[:, 2:3], node[:, 1:2]))


def below(leaves: Leaves, limit: float, most: int) -> Nodes | None:
    """Every subset of three or four of whose trees one has reduced cost ≤ `limit`, each once, sorted.

    None when more than `most` trees would have to be looked at: then the limit is too loose.
    """
    found: list[Nodes] = []
    room = most
    for walk in (_stars, _paths):
        for center in range(leaves.nodes):
            trees = walk(leaves, center, limit, room)
            if trees is None:
                return None
            if len(trees):
                found.append(trees)
                room -= len(trees)
    if not found:
        return np.empty((0, LARGEST), dtype=np.intp)
    return unique(np.sort(np.vstack(found), axis=1), leaves.nodes)


def unique(subsets: Nodes, nodes: int) -> Nodes:
    """Sorted rows without repetition, in lexical order."""
    base = nodes + 1
    keys = subsets[:, 0]
    for place in range(1, LARGEST):
        keys = keys * base + subsets[:, place]
    return subsets[np.unique(keys, return_index=True)[1]]


def _stars(leaves: Leaves, center: int, limit: float, most: int) -> Nodes | None:
    """Stars with two or three leaves. Leaves are sorted, so what follows a too dear one is too dear as well."""
    cost, node = leaves.cost[center], leaves.node[center]
    bound = limit + leaves.prizes[center]
    last = leaves.nodes - 1
    reach = min(int(np.searchsorted(cost, bound - min(cost[0], cost[0] + cost[min(1, last)]), side="right")), last)
    if reach < 2:  # noqa: PLR2004 - a star has two leaves
        return np.empty((0, LARGEST), dtype=np.intp)
    one, two = np.triu_indices(reach, 1)
    pair = cost[one] + cost[two]
    threes = pair <= bound
    more = np.searchsorted(cost, bound - pair, side="right")
    more = np.clip(np.minimum(more, reach) - (two + 1), 0, None)
    if int(more.sum()) + int(threes.sum()) > most:
        return None
    first, second = np.repeat(one, more), np.repeat(two, more)
    third = second + 1 + _counting(more)
    small = np.column_stack([node[one[threes]], node[two[threes]], np.full(int(threes.sum()), leaves.nodes)])
    large = np.column_stack([node[first], node[second], node[third]])
    both = np.vstack([small, large])
    return np.column_stack([np.full(len(both), center), both])


def _paths(leaves: Leaves, left: int, limit: float, most: int) -> Nodes | None:
    """Paths a-left-right-d with left < right. The ends may coincide in the count, and are taken out after it."""
    cost, node, last = leaves.cost, leaves.node, leaves.nodes - 1
    bounds = limit + leaves.prizes[left] + leaves.prizes - leaves.weights[left]
    rights = np.flatnonzero(cost[left, 0] + cost[:, 0] <= bounds)
    found = []
    for right in rights[rights > left]:
        reach = min(int(np.searchsorted(cost[left], bounds[right] - cost[right, 0], side="right")), last)
        many = np.minimum(np.searchsorted(cost[right], bounds[right] - cost[left, :reach], side="right"), last)
        most -= int(many.sum())
        if most < 0:
            return None
        a, d = node[left, np.repeat(np.arange(reach), many)], node[right, _counting(many)]
        good = (a != right) & (d != left) & (a != d)
        if good.any():
            found.append(np.column_stack([a[good], np.full(good.sum(), left), np.full(good.sum(), right), d[good]]))
    return np.vstack(found) if found else np.empty((0, LARGEST), dtype=np.intp)


def _counting(many: Nodes) -> Nodes:
    """0, 1, … many[0]-1, 0, 1, … many[1]-1, …"""
    return np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
