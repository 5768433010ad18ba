"""From centers to clusters with names and reasons, and to the next plan."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.clusters.adopting import Stale, adopt
from services.registry.clusters.books import Change
from services.registry.clusters.cluster import Cluster, Reason
from services.registry.clusters.numbering import number
from services.registry.clusters.plan import Book, Part
from services.registry.clusters.sites import Charges, place, weights
from services.registry.clusters.task import kept
from shared.thai.calendar import now_in_bangkok
from tests.unit.registry.clusters.provinces import PROVINCE, center, cluster, nowhere, part, row, solved


def everybody(found: Part) -> list[str]:
    return sorted(code for one in found.clusters for code in one.members)


@pytest.mark.parametrize(
    ("count", "sizes", "exceptions"),
    [(1, [1], {"one_left"}), (2, [2], {"two_left"}), (5, [2, 3], {"five_left", None}), (7, [3, 4], {None})],
)
def test_what_arithmetic_forces_is_named(count: int, sizes: list[int], exceptions: set[str | None]) -> None:
    found = solved(part(row(count)))
    assert sorted(len(one.members) for one in found.clusters) == sizes
    assert {one.exception for one in found.clusters} == exceptions
    assert all((one.exception is None) == (len(one.members) > 2) for one in found.clusters)


def test_a_border_is_crossed_only_where_that_saves_more_than_its_penalty() -> None:
    near = [center(n, at=(19.0, 98.0 + n / 100), district="5801") for n in range(4)]
    far = [center(n, at=(19.0, 98.045 + n / 100), district="5802") for n in range(4, 8)]
    free = solved(part([*near, *far]), Charges(penalty_km=0))
    dear = solved(part([*near, *far]), Charges(penalty_km=50))
    assert not any(Reason.CROSSES_DISTRICT in one.reasons for one in dear.clusters)
    assert dear.km >= free.km - 1e-9


def test_a_center_without_coordinates_lies_at_its_subdistrict_then_its_district_or_is_named() -> None:
    placing = place(
        [center(0), nowhere(1), nowhere(2, subdistrict="580199"), nowhere(3, district="5805", subdistrict="580501")]
    )
    assert {site.code: site.placed for site in placing.sites} == {"c00": "own", "c01": "subdistrict", "c02": "district"}
    assert placing.without == ("c03",)
    assert {site.latitude for site in placing.sites} == {19.0}


def test_a_hand_gives_a_place_to_who_has_none() -> None:
    placing = place([center(0), nowhere(3, district="5805", subdistrict="580501")], [("c00", "c03")])
    assert [(site.code, site.placed) for site in placing.sites] == [("c00", "own"), ("c03", "cluster")]


def test_penalties_lie_on_edges() -> None:
    sites = place([center(0), center(1, district="5802"), center(2, lao="6580102")]).sites
    bare = weights(sites, Charges(penalty_km=0, change_km=0), {})
    charged = weights(sites, Charges(penalty_km=3, lao_penalty_km=1, change_km=5), {"c00": "a", "c01": "a", "c02": "b"})
    assert (charged - bare).round(9).tolist() == [[0, 3, 6], [3, 0, 9], [6, 9, 0]]
    assert (charged == charged.T).all()


def test_pinned_and_visited_ones_stay_and_the_rest_is_planned_around_them() -> None:
    standing = [
        cluster("58-001", ["c00", "c05", "c09"], visited_at=now_in_bangkok()),
        cluster("58-002", ["c01", "c07", "c10"], pinned=("c01", "c07", "c10")),
        cluster("58-003", ["c02", "c06", "c11", "c03"], pinned=("c02", "c11")),
    ]
    found = solved(part(row(16), standing, serial=3))
    names = {one.cluster: one.members for one in found.clusters}
    assert names["58-001"] == ("c00", "c05", "c09")
    assert names["58-002"] == ("c01", "c07", "c10")
    assert {"c02", "c11"} <= set(names["58-003"])
    assert everybody(found) == [f"c{n:02}" for n in range(16)]
    assert {len(members) for members in names.values()} <= {3, 4}


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 20), st.data())
def test_everybody_is_in_one_cluster_whatever_is_pinned(count: int, data: st.DataObject) -> None:
    codes = [f"c{n:02}" for n in range(count)]
    shuffled = data.draw(st.permutations(codes))
    standing = []
    for at in range(0, count - 3, 4):
        members = tuple(sorted(shuffled[at : at + 4]))
        pins = data.draw(st.sampled_from([(), members[:2], members[:3], members]))
        standing.append(cluster(f"58-{at:03}", members, pinned=pins))
    found = solved(part(row(count), standing, serial=900))
    assert everybody(found) == codes
    for before in standing:
        if before.pinned:
            (now,) = [one for one in found.clusters if set(before.pinned) & set(one.members)]
            assert set(before.pinned) <= set(now.members)
            assert now.cluster == before.cluster
    odd = [one for one in found.clusters if not 3 <= len(one.members) <= 4]
    assert all(one.exception is not None for one in odd)


def test_the_same_members_keep_their_id_and_a_new_plan_of_the_same_changes_nothing() -> None:
    first = solved(part(row(11)))
    again = solved(part(row(11), first.clusters, serial=3))
    assert {one.cluster: one.members for one in again.clusters} == {one.cluster: one.members for one in first.clusters}
    assert (again.moved, again.joined, again.left, again.dissolved) == ((), 0, 0, ())
    change = adopt(again, Book(round="r", province=PROVINCE, revision=1), {one.cluster: one for one in first.clusters})
    assert isinstance(change, Change)
    assert change.clusters == ()


def test_staying_together_is_worth_its_penalty() -> None:
    worse = [cluster("58-001", ["c00", "c01", "c03"]), cluster("58-002", ["c02", "c04", "c05"])]
    free = solved(part(row(6), worse, serial=2), Charges(change_km=0))
    held = solved(part(row(6), worse, serial=2), Charges(change_km=100))
    assert len(free.moved) > 0
    assert held.moved == ()
    assert held.unpenalised_km == pytest.approx(free.km, abs=0.01)
    assert held.km > free.km


def test_a_plan_of_yesterdays_clusters_is_stale() -> None:
    found = solved(part(row(6)))
    assert adopt(found, Book(round="r", province=PROVINCE, revision=2), {}) == Stale(PROVINCE)
    done = adopt(found, Book(round="r", province=PROVINCE, revision=2, plan="p"), {})
    assert isinstance(done, Change)
    assert done.clusters == ()


def test_who_left_is_dropped_and_a_cluster_nobody_is_left_of_is_dissolved() -> None:
    standing = [cluster("58-001", ["c00", "c01", "c02"]), cluster("58-002", ["x1", "x2", "x3"])]
    found = solved(part(row(3), standing, serial=2))
    assert [one.cluster for one in found.clusters] == ["58-001"]
    assert (found.dissolved, found.left) == (("58-002",), 3)
    change = adopt(found, Book(round="r", province=PROVINCE, revision=1), {one.cluster: one for one in standing})
    assert isinstance(change, Change)
    assert [(one.cluster, one.state, one.members) for one in change.clusters][-1] == ("58-002", "dissolved", ())


def test_pins_of_those_who_left_hold_nobody() -> None:
    standing = [cluster("58-001", ["c00", "c01", "x1"], pinned=("c00", "x1")), cluster("58-002", ["c02"], pinned=())]
    assert kept(standing, frozenset({"c00", "c01", "c02"})).groups == {}


CODES = st.lists(st.integers(0, 30), unique=True, min_size=0, max_size=20)


def split(codes: list[int]) -> list[tuple[str, ...]]:
    return [tuple(sorted(f"c{n:02}" for n in codes[at : at + 3])) for at in range(0, len(codes), 3)]


@given(CODES, CODES)
def test_numbers_are_given_once_and_the_same_members_keep_theirs(before: list[int], after: list[int]) -> None:
    standing = {f"58-{n:03}": members for n, members in enumerate(split(before))}
    found = number(PROVINCE, standing, split(after), 100, {})
    assert sorted(found.clusters.values()) == sorted(split(after))
    assert set(found.dissolved) == set(standing) - set(found.clusters)
    new = set(found.clusters) - set(standing)
    assert new == {f"58-{n:03}" for n in range(101, 101 + len(new))}
    for name, members in standing.items():
        if members in found.clusters.values():
            assert found.clusters[name] == members
    assert len(found.moved) + found.joined <= len(after)


def test_a_cluster_is_told_from_its_dissolved_self() -> None:
    whole = cluster("58-001", ["c00", "c01"], pinned=("c00", "c01"))
    gone = whole.dissolved()
    assert isinstance(gone, Cluster)
    assert (gone.key, gone.members, gone.pinned, gone.state) == (whole.key, (), (), "dissolved")
