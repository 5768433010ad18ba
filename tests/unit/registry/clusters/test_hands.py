"""Changes by hand, and what is said of a cluster: explanations, comparisons, pictures."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.clusters.cluster import Cluster
from services.registry.clusters.comparing import compare
from services.registry.clusters.drawing import COLOURS, draw
from services.registry.clusters.editing import (
    AlreadyVisited,
    BadPins,
    Changed,
    ClusterUnknown,
    Edit,
    HeldElsewhere,
    NotDisplaced,
    NotHere,
    NowhereToGo,
    Repeated,
    WrongSize,
    edit,
)
from services.registry.clusters.explaining import explain
from services.registry.clusters.geojson import features
from services.registry.clusters.measuring import Map
from services.registry.clusters.sites import place
from shared.thai.calendar import now_in_bangkok
from tests.unit.registry.clusters.provinces import center, cluster, part, row, solved

GROUND = Map(place(row(12)).sites)
OWING = frozenset(site.code for site in GROUND.sites)
STANDING = {
    one.cluster: one
    for one in (
        cluster("58-001", ["c00", "c01", "c02"]),
        cluster("58-002", ["c03", "c04", "c05", "c06"], pinned=("c05", "c06")),
        cluster("58-003", ["c07", "c08", "c09"], visited_at=now_in_bangkok()),
    )
}


def changed(name: str, wish: Edit) -> object:
    found = edit(STANDING, STANDING[name], wish, GROUND, OWING)
    return {one.cluster: one for one in found} if isinstance(found, tuple) else found


@pytest.mark.parametrize(
    ("name", "wish", "refusal"),
    [
        ("58-001", Edit(("c00", "c00", "c01")), Repeated("c00")),
        ("58-001", Edit(("c00", "c01", "zz"), displaced={"c02": "58-002"}), NotHere(("zz",))),
        ("58-001", Edit(("c00", "c01", "c02"), pinned=("c00",)), BadPins(("c00",))),
        ("58-001", Edit(("c00", "c01", "c02"), pinned=("c00", "c09")), BadPins(("c09",))),
        ("58-001", Edit(("c00", "c01", "c03")), NowhereToGo(("c02",))),
        ("58-001", Edit(("c00", "c01", "c02"), displaced={"c02": "58-002"}), NotDisplaced(("c02",))),
        ("58-001", Edit(("c00", "c01", "c03"), displaced={"c02": "58-009"}), ClusterUnknown("58-009")),
        ("58-001", Edit(("c00", "c01", "c05"), displaced={"c02": "58-002"}), HeldElsewhere("c05", "58-002")),
        ("58-001", Edit(("c00", "c01", "c07"), displaced={"c02": "58-002"}), AlreadyVisited("58-003")),
        ("58-001", Edit(("c00", "c01", "c03"), displaced={"c02": "58-003"}), AlreadyVisited("58-003")),
        ("58-003", Edit(("c07", "c08", "c09", "c10")), AlreadyVisited("58-003")),
        ("58-001", Edit(("c00", "c01", "c02"), revision=7), Changed(1)),
        ("58-001", Edit(("c00", "c01"), displaced={"c02": "58-002"}), WrongSize("58-001", 2)),
        ("58-002", Edit(("c04", "c05", "c06"), displaced={"c03": "58-001"}), None),
    ],
)
def test_a_hand_may_not_break_the_rules(name: str, wish: Edit, refusal: object) -> None:
    found = changed(name, wish)
    if refusal is None:
        assert isinstance(found, dict)
    else:
        assert found == refusal


def test_who_gives_a_reason_may_break_the_size() -> None:
    found = changed("58-001", Edit(("c00", "c01"), displaced={"c02": "58-002"}, note="เกาะ ต้องใช้เรือ"))
    assert isinstance(found, dict)
    assert {name: (len(one.members), one.exception, one.note) for name, one in found.items()} == {
        "58-001": (2, "by_hand", "เกาะ ต้องใช้เรือ"),
        "58-002": (5, "by_hand", "เกาะ ต้องใช้เรือ"),
    }
    assert found["58-002"].pinned == ("c05", "c06")


def test_a_cluster_that_loses_everybody_is_dissolved() -> None:
    wish = Edit(("c03", "c04", "c05", "c06", "c00", "c01", "c02"), note="ทดลองรวม")
    found = changed("58-002", wish)
    assert isinstance(found, dict)
    assert found["58-001"].state == "dissolved"


def test_pinning_alone_makes_nothing_by_hand() -> None:
    found = changed("58-001", Edit(("c00", "c01", "c02"), pinned=("c00", "c01", "c02")))
    assert isinstance(found, dict)
    assert list(found) == ["58-001"]
    assert (found["58-001"].by_hand, found["58-001"].frozen) == (False, True)


@given(st.lists(st.sampled_from(sorted(OWING)), min_size=1, max_size=5, unique=True), st.data())
def test_whatever_a_hand_does_everybody_stays_in_one_cluster(members: list[str], data: st.DataObject) -> None:
    leaving = [code for code in STANDING["58-001"].members if code not in members]
    displaced = {code: data.draw(st.sampled_from(["58-002", "58-003"])) for code in leaving}
    found = edit(STANDING, STANDING["58-001"], Edit(tuple(members), displaced=displaced), GROUND, OWING)
    if isinstance(found, tuple):
        after = {**STANDING, **{one.cluster: one for one in found}}
        codes = [code for one in after.values() for code in one.members]
        before = {code for one in STANDING.values() for code in one.members}
        assert len(codes) == len(set(codes))
        assert set(codes) == before | set(members)
        assert all(3 <= len(one.members) <= 4 for one in after.values() if one.state == "active")


def clusters() -> tuple[Cluster, ...]:
    return solved(part(row(12))).clusters


def test_an_alternative_costs_what_it_says() -> None:
    standing = {one.cluster: one for one in clusters()}
    for one in standing.values():
        for other in explain(one, tuple(standing.values()), GROUND).alternatives:
            there = standing[other.cluster]
            ours = [code for code in one.members if code != other.center] + [other.instead] * bool(other.instead)
            theirs = [code for code in there.members if code != other.instead] + [other.center]
            before = GROUND.measure(one.members).span_km + GROUND.measure(there.members).span_km
            after = GROUND.measure(filter(None, ours)).span_km + GROUND.measure(theirs).span_km
            assert other.extra_km == pytest.approx(after - before, abs=0.002)
            assert other.extra_km >= -0.002, "no exchange may shorten the optimum"


def test_frozen_neighbours_offer_no_exchange() -> None:
    standing = [replace_pins(one) if number else one for number, one in enumerate(clusters())]
    assert explain(standing[0], standing, GROUND).alternatives == ()
    assert explain(standing[0], standing, GROUND).apart_km is None


def replace_pins(one: Cluster) -> Cluster:
    return one.model_copy(update={"pinned": one.members})


def test_a_comparison_counts_who_changes_company() -> None:
    first = {"a": ("c00", "c01", "c02"), "b": ("c03", "c04", "c05")}
    second = {"x": ("c00", "c01", "c03"), "y": ("c02", "c04", "c05")}
    found = compare("58", GROUND, first, second)
    assert set(found.moved) == {"c02", "c03"}
    assert (found.same, found.joined, found.left) == (0, 0, 0)
    assert found.second.km > found.first.km
    assert compare("58", GROUND, first, first).differences == ()
    assert replace(found.first, km=0) == replace(compare("58", GROUND, first, first).second, km=0)


def test_the_picture_shows_every_center_and_its_cluster() -> None:
    shown = clusters()
    picture = ET.fromstring(draw("กลุ่ม", "รอบ", shown, GROUND, {"5801": "เมืองแม่ฮ่องสอน"}))
    groups = picture.findall(".//{*}g")
    assert len(groups) == len(shown)
    assert sum(len(group.findall("{*}circle")) for group in groups) == len(GROUND.sites)
    assert {group.get("stroke") for group in groups} <= set(COLOURS)
    words = {text.text for text in picture.findall(".//{*}text")}
    assert {one.cluster.rpartition("-")[2].lstrip("0") for one in shown} <= words
    assert "เมืองแม่ฮ่องสอน" in words
    width, height = float(picture.get("width") or 0), float(picture.get("height") or 0)
    for group in groups:
        for circle in group.findall("{*}circle"):
            assert 0 < float(circle.get("cx") or 0) < width
            assert 0 < float(circle.get("cy") or 0) < height


def test_a_picture_of_nothing_says_so() -> None:
    assert "ไม่มีศูนย์" in draw("กลุ่ม", "รอบ", (), Map(()), {})


def test_names_cannot_break_out_of_a_picture() -> None:
    evil = [center(n)._replace(name="<script>alert(1)</script>") for n in range(3)]
    found = solved(part(evil))
    picture = draw("<b>", "&", found.clusters, Map(found.sites), {"5801": "<i>"})
    assert "<script" not in picture
    ET.fromstring(picture)


def test_geojson_has_a_tree_and_points() -> None:
    found = list(features(clusters(), GROUND))
    assert sum(one["geometry"]["type"] == "Point" for one in found) == len(GROUND.sites)
    lines = [one for one in found if one["geometry"]["type"] == "MultiLineString"]
    assert all(len(one["geometry"]["coordinates"]) == len(one["properties"]["members"]) - 1 for one in lines)
    assert all(97 < one["geometry"]["coordinates"][0] < 106 for one in found if one["geometry"]["type"] == "Point")
