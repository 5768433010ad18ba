"""The same questions answered without any cleverness, for comparison."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise, permutations, product

import highspy
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
    costs: dict[tuple[int, ...], float] = {
        members: shortest_tree(ground.weights, members)
        for size in (3, 4)
        for members in combinations(range(ground.nodes), size)
        if _keeps(set(members), ground)
    }
    for clusters in partitions(range(ground.nodes), (3, 4)):
        if all(members in costs for members in clusters):
            cost = sum(costs[members] for members in clusters)
            best = cost if best is None else min(best, cost)
    return best


def cheapest(ground: Ground) -> float:
    """The same by one integer program over every set of three and four, without any bounds or cuts of ours."""
    every = [
        members
        for size in (3, 4)
        for members in combinations(range(ground.nodes), size)
        if _keeps(set(members), ground)
    ]
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = len(every), ground.nodes
    program.col_cost_ = np.array([_tree_of_few(ground.weights, members) for members in every])
    program.col_lower_, program.col_upper_ = np.zeros(len(every)), np.ones(len(every))
    program.row_lower_ = program.row_upper_ = np.ones(ground.nodes)
    program.a_matrix_.start_ = np.cumsum([0, *map(len, every)], dtype=np.int32)
    program.a_matrix_.index_ = np.array([node for members in every for node in members], dtype=np.int32)
    program.a_matrix_.value_ = np.ones(len(program.a_matrix_.index_))
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(every)
    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("mip_rel_gap", 0.0), ("threads", 1)):
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(solver.getInfo().objective_function_value)


def _tree_of_few(weights: Floats, members: Sequence[int]) -> float:
    """Of three or four: the cheapest of the paths and stars, one by one."""
    paths = [sum(weights[edge] for edge in pairwise(order)) for order in permutations(members) if order[0] < order[-1]]
    stars = [sum(weights[middle, other] for other in members) for middle in members]
    return float(min(paths + stars))


def _keeps(members: set[int], ground: Ground) -> bool:
    touched = [group for group in ground.groups if members & set(group)]
    return len(touched) <= 1 and all(set(group) <= members for group in touched)
