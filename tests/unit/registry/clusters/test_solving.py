"""The solver against plain search, and against itself."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.clusters.sites import Charges, Site, weights
from services.registry.clusters.solver.enumeration import Leaves, below, least
from services.registry.clusters.solver.first import nearest_neighbours
from services.registry.clusters.solver.ground import Ground, divisible
from services.registry.clusters.solver.solving import Answer, Limits, solve
from services.registry.clusters.solver.trees import padded, spans, tree
from tests.unit.registry.clusters.plain import between, cheapest, optimum, shortest_tree

CLOSE = 1e-4
COORDINATE = st.integers(0, 40)
POINT = st.tuples(COORDINATE, COORDINATE)


def points(least_many: int, most: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(POINT, min_size=least_many, max_size=most)


def solved(ground: Ground, limits: Limits | None = None) -> Answer:
    *_, last = solve(ground, limits)
    return last


def sound(ground: Ground, answer: Answer) -> None:
    """Every node once, and the cost is that of the trees."""
    assert sorted(node for members in answer.clusters for node in members) == list(range(ground.nodes))
    cost = sum(shortest_tree(ground.weights, members) for members in answer.clusters)
    assert answer.cost == pytest.approx(cost, abs=CLOSE)
    assert answer.bound <= answer.cost + CLOSE


@given(points(2, 5))
def test_a_span_is_the_shortest_of_all_trees(at: list[tuple[int, int]]) -> None:
    weights = between(at)
    members = range(len(at))
    assert sum(weights[edge] for edge in tree(weights, members)) == pytest.approx(shortest_tree(weights, members))
    if len(at) <= 4:
        assert spans(weights, padded([list(members)], len(at)))[0] == pytest.approx(shortest_tree(weights, members))


@given(points(3, 9), st.lists(st.integers(-30, 60), min_size=9, max_size=9), st.integers(-40, 20))
def test_pricing_sees_every_subset(at: list[tuple[int, int]], prizes: list[int], limit: int) -> None:
    weights, worth = between(at), np.array(prizes[: len(at)], dtype=float)
    leaves = Leaves.of(weights, worth)
    every = [members for size in (3, 4) for members in combinations(range(len(at)), size)]
    reduced = {members: shortest_tree(weights, members) - worth[list(members)].sum() for members in every}
    assert least(leaves)[0] == pytest.approx(min(reduced.values()))
    found = below(leaves, limit + 1e-9, 1_000_000)
    assert found is not None
    rows = [tuple(int(node) for node in row if node < len(at)) for row in found]
    assert len(rows) == len(set(rows))
    assert {members for members, cost in reduced.items() if cost <= limit} <= set(rows)


def test_a_limit_too_loose_is_said_rather_than_suffered() -> None:
    weights = between([(node % 7, node // 7) for node in range(40)])
    assert below(Leaves.of(weights, np.zeros(40)), 1e9, 1_000) is None


@settings(max_examples=60, deadline=None)
@given(points(3, 10))
def test_the_answer_is_the_optimum_of_plain_search(at: list[tuple[int, int]]) -> None:
    ground = Ground(between(at))
    best = optimum(ground)
    for answer in solve(ground):
        sound(ground, answer)
        if best is not None:
            assert answer.bound <= best + CLOSE
    if best is None:
        assert len(at) == 5
    else:
        assert answer.cost == pytest.approx(best, abs=CLOSE)
        assert answer.bound == pytest.approx(best, abs=CLOSE)
        assert {len(members) for members in answer.clusters} <= {3, 4}


@pytest.mark.parametrize("seed", [1, 2])
def test_twelve_centers_are_solved_as_plain_search_solves_them(seed: int) -> None:
    ground = Ground(between([tuple(pair) for pair in np.random.default_rng(seed).uniform(0, 50, (12, 2))]))
    assert solved(ground).cost == pytest.approx(optimum(ground), abs=CLOSE)


@pytest.mark.parametrize(
    ("nodes", "charges", "groups"),
    [
        (18, Charges(penalty_km=0), ()),
        (22, Charges(penalty_km=3, lao_penalty_km=1, change_km=2), ()),
        (23, Charges(penalty_km=0), ((0, 7), (3, 11, 12))),
        (24, Charges(penalty_km=3, lao_penalty_km=0.5, change_km=10), ((1, 20), (4, 9, 16))),
    ],
)
def test_a_province_costs_what_a_program_over_every_cluster_says(
    nodes: int, charges: Charges, groups: tuple[tuple[int, ...], ...]
) -> None:
    """And no answer on the way there claims a bound that lies above it."""
    sites, before = scattered(nodes)
    ground = Ground(weights(sites, charges, before), groups)
    best = cheapest(ground)
    answers = list(solve(ground))
    for answer in answers:
        sound(ground, answer)
        assert answer.bound <= best + CLOSE
        assert answer.cost >= best - CLOSE
    assert answers[-1].cost == pytest.approx(best, abs=CLOSE)
    assert answers[-1].bound == pytest.approx(best, abs=CLOSE)


def scattered(nodes: int) -> tuple[list[Site], dict[str, str]]:
    """Centers of three districts and eight LAOs over some fifty kilometers, and the clusters they are in by now."""
    draw = np.random.default_rng(nodes)
    sites = [
        Site(
            code=f"{number:02}",
            name="",
            lao=f"lao {draw.integers(8)}",
            district=f"district {draw.integers(3)}",
            subdistrict="",
            latitude=draw.uniform(18.8, 19.3),
            longitude=draw.uniform(98.0, 98.5),
        )
        for number in range(nodes)
    ]
    return sites, {site.code: f"cluster {draw.integers(nodes // 4)}" for site in sites}


@settings(max_examples=40, deadline=None)
@given(points(6, 10), st.integers(2, 3), st.integers(0, 2))
def test_groups_stay_together_at_the_least_cost(at: list[tuple[int, int]], first: int, second: int) -> None:
    groups = [tuple(range(first))]
    if second > 1:
        groups.append(tuple(range(first, first + second)))
    ground = Ground(between(at), tuple(groups))
    answer = solved(ground)
    sound(ground, answer)
    for group in ground.groups:
        assert sum(set(group) <= set(members) for members in answer.clusters) == 1
    best = optimum(ground)
    assert (best is None) == ground.odd
    if best is not None:
        assert answer.cost == pytest.approx(best, abs=CLOSE)


@settings(max_examples=25, deadline=None)
@given(points(6, 30), st.randoms(use_true_random=False))
def test_the_order_of_the_centers_does_not_matter(at: list[tuple[int, int]], random) -> None:
    shuffled = list(at)
    random.shuffle(shuffled)
    one, other = solved(Ground(between(at))), solved(Ground(between(shuffled)))
    assert one.cost == pytest.approx(other.cost, abs=CLOSE)


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (2, [2]), (5, [2, 3]), (7, [3, 4])])
def test_what_arithmetic_forces_is_all_that_is_odd(count: int, sizes: list[int]) -> None:
    answer = solved(Ground(between([(node * node, node) for node in range(count)])))
    assert sorted(map(len, answer.clusters)) == sizes


def test_only_one_two_and_five_cannot_be_split() -> None:
    assert [count for count in range(60) if not divisible(count)] == [1, 2, 5]


@given(st.integers(0, 12), st.lists(st.integers(2, 3), max_size=4))
def test_groups_can_be_split_when_a_way_exists(alone: int, groups: list[int]) -> None:
    totals = {alone}
    for size in groups:
        totals = {left - taken for left in totals for taken in range(max(0, 3 - size), 5 - size)}
    assert divisible(alone, groups) == any(left >= 0 and left not in {1, 2, 5} for left in totals)


@settings(max_examples=50, deadline=None)
@given(points(1, 40), st.integers(0, 3))
def test_the_first_answer_keeps_the_rules_too(at: list[tuple[int, int]], pairs: int) -> None:
    groups = tuple((2 * pair, 2 * pair + 1) for pair in range(min(pairs, len(at) // 2)))
    ground = Ground(between(at), groups)
    clusters = nearest_neighbours(ground)
    assert sorted(node for members in clusters for node in members) == list(range(len(at)))
    if not ground.odd:
        assert {len(members) for members in clusters} <= {3, 4}
    assert all(any(set(group) <= set(members) for members in clusters) for group in groups)


def test_limits_cost_quality_and_never_truth() -> None:
    at = [tuple(pair) for pair in np.random.default_rng(7).uniform(0, 100, (90, 2))]
    ground = Ground(between(at))
    best = solved(ground)
    hasty = solved(ground, Limits(linear_programs=3, cuts_at_once=2, columns=150, branches=1))
    assert best.gap < 1e-6
    assert hasty.bound <= best.cost + CLOSE
    assert best.bound <= hasty.cost + CLOSE
    assert hasty.gap > 0


def test_many_centers_at_one_point_do_not_drown_it() -> None:
    at = [tuple(pair) for pair in np.random.default_rng(3).uniform(0, 100, (12, 2))] * 9
    answer = solved(Ground(between(at)))
    assert answer.cost == pytest.approx(0.0, abs=CLOSE)


def test_answers_only_get_better() -> None:
    ground = Ground(between([tuple(pair) for pair in np.random.default_rng(5).uniform(0, 100, (80, 2))]))
    answers = list(solve(ground))
    assert len(answers) > 2
    assert [answer.cost for answer in answers] == sorted((answer.cost for answer in answers), reverse=True)
    assert [answer.bound for answer in answers] == sorted(answer.bound for answer in answers)


def test_the_same_question_gets_the_same_answer() -> None:
    ground = Ground(between([(node % 6, node // 6) for node in range(36)]))
    assert solved(ground) == solved(ground)
