"""Clusters from the order to make them to the bus: planned, explained, changed by hand, planned again."""

import json
import secrets
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from deploy.local.stack import Stack
from services.registry.app import build
from services.registry.clusters.store import ClusterStore
from services.registry.settings import RegistrySettings
from shared.thai.calendar import now_in_bangkok
from tests.integration.registry.clustering import EACH, PROVINCES, Clustering, codes, lattice
from tests.integration.registry.reading.test_exports import rows as sheet_rows
from tests.plans import Asked, Silent, Watch
from tests.world import World, eventually, run_app

STORES = ("services.registry.clusters.store",)
"""Every query of these is asked here."""


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with pytest.MonkeyPatch.context() as patch:
        yield Asked(patch, *STORES)


@pytest.fixture(scope="module")
async def watched(stack: Stack, asked: Asked) -> AsyncIterator[tuple[Clustering, Watch]]:
    """One registry with one open round; the tests below happen to it in order."""
    world, watch = World(stack, f"t{secrets.token_hex(4)}"), Watch()
    await world.open()
    app = build(world.settings(RegistrySettings, cluster_workers=2), listeners=[watch])
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        yield await Clustering.opened(world, http), watch
    await world.close()


@pytest.fixture(scope="module")
async def round_(watched: tuple[Clustering, Watch]) -> Clustering:
    return watched[0]


@pytest.fixture(scope="module")
async def adopted(round_: Clustering) -> Clustering:
    """The round with the clusters of a first plan."""
    plan = await round_.start()
    await round_.ended(plan)
    await round_.adopt(plan)
    return round_


def of(who: World, role: str, org: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {who.token(role, org)}"}


async def test_a_plan_says_how_far_each_province_is_and_ends_proven(round_: Clustering) -> None:
    found = await round_.ended(await round_.start(penalty_km=3))
    assert found["state"] == "finished"
    assert [(one["province"], one["state"], one["centers"]) for one in found["provinces"]] == [
        (code, "finished", many) for code, many in zip(PROVINCES, EACH, strict=True)
    ]
    assert all(one["gap"] <= 0.001 and 0 < one["bound_km"] <= one["cost_km"] for one in found["provinces"])
    assert found["totals"]["centers"] == sum(EACH)
    assert found["totals"]["gap"] <= 0.001
    assert await round_.clusters() == {}, "a plan changes nothing until it is adopted"


async def test_adopted_clusters_hold_everybody_once_and_are_told(adopted: Clustering) -> None:
    found = await adopted.clusters()
    assert sorted(code for one in found.values() for code in one["members"]) == sorted(codes("50") | codes("58"))
    assert {len(one["members"]) for one in found.values()} <= {3, 4}
    for name, one in found.items():
        assert set(one["members"]) <= codes(name[:2])

    async def announced() -> bool:
        told = await adopted.told()
        return {name: said.members for name, said in told.items()} == {
            name: tuple(one["members"]) for name, one in found.items()
        }

    await eventually(announced)
    told = await adopted.told()
    assert all(said.state == "active" and said.path == ("00", name[:2]) for name, said in told.items())
    assert all(said.span_km == found[name]["span_km"] for name, said in told.items())
    standing = await adopted.ask("GET", "/standing")
    assert (standing["without_cluster"], standing["gone"], standing["centers"]) == ([], [], sum(EACH))


async def test_each_cluster_is_explained(adopted: Clustering) -> None:
    for name in await adopted.clusters("58"):
        found = await adopted.ask("GET", f"/clusters/{name}")
        assert found["span_km"] == pytest.approx(sum(leg["km"] for leg in found["legs"]), abs=0.01)
        assert len(found["legs"]) == len(found["members"]) - 1
        assert found["sentences"]
        assert all(one["th"] and one["en"] for one in found["sentences"])
        assert found["alternatives"]
        assert found["apart_km"] == found["alternatives"][0]["extra_km"]
        assert {one["center"] for one in found["alternatives"]} <= set(found["members"])
        assert ("crosses_district" in found["reasons"]) == (len(found["districts"]) > 1)


async def test_a_center_without_coordinates_says_whose_point_it_lies_at(adopted: Clustering) -> None:
    assumed = [
        member
        for name, one in (await adopted.clusters("50")).items()
        if "position_assumed" in one["reasons"]
        for member in (await adopted.ask("GET", f"/clusters/{name}"))["centers"]
        if member["placed"] != "own"
    ]
    assert len(assumed) == 2
    assert {one["placed"] for one in assumed} <= {"subdistrict", "district"}


async def test_apart_costs_what_the_province_costs_without_that_cluster(adopted: Clustering) -> None:
    name, one = next(iter((await adopted.clusters("58")).items()))
    found = await adopted.ask("GET", f"/clusters/{name}/apart")
    assert -1e-3 <= found["extra_at_least_km"] <= found["extra_km"] + 1e-3
    assert one["members"] not in found["instead"]
    assert set(one["members"]) <= {code for members in found["instead"] for code in members}


async def test_everybody_sees_their_own_clusters(adopted: Clustering) -> None:
    world, path = adopted.world, f"/v1/rounds/{adopted.round}/clusters"
    name, one = next(iter((await adopted.clusters("58")).items()))
    foreign = await adopted.http.get(path, headers=of(world, "province", "58"), params={"within": "50"})
    assert foreign.status_code == 403
    own = await adopted.http.get(path, headers=of(world, "center", one["members"][0]))
    assert [item["cluster"] for item in own.json()["items"]] == [name]
    assert (await adopted.http.get(f"{path}/{name}", headers=of(world, "province", "50"))).status_code == 403
    wish = {"members": one["members"]}
    stranger = await adopted.http.put(f"{path}/{name}", json=wish, headers=of(world, "province", "50"))
    assert stranger.status_code == 403
    for body, status in (({"provinces": ["50"]}, 403), ({"provinces": ["58"]}, 202)):
        answer = await adopted.http.post(path, json=body, headers=of(world, "province", "58"))
        assert answer.status_code == status, answer.text
    await adopted.ended(answer.json()["plan"])


async def test_a_hand_may_exchange_and_pin_but_not_leave_anybody_out(adopted: Clustering) -> None:
    found = await adopted.clusters("58")
    name, one = next(iter(found.items()))
    other = next(other for other in found if other != name)
    ours, theirs = one["members"][0], found[other]["members"][0]
    rest = one["members"][1:]
    refused = await adopted.ask("PUT", f"/clusters/{name}", 409, json={"members": [*rest, theirs]})
    assert refused["where"] == "body.displaced"
    small = await adopted.ask("PUT", f"/clusters/{name}", 409, json={"members": [ours], "displaced": {}})
    assert small["type"].endswith("cluster-change-refused")
    wish = {
        "members": [*rest, theirs],
        "displaced": {ours: other},
        "pinned": [*rest, theirs],
        "revision": one["revision"],
    }
    changed = await adopted.ask("PUT", f"/clusters/{name}", json=wish)
    assert set(changed["members"]) == set(changed["pinned"]) == {*rest, theirs}
    assert "by_hand" in changed["reasons"]
    after = await adopted.clusters("58")
    assert set(after[other]["members"]) == {ours, *found[other]["members"]} - {theirs}
    stale = await adopted.ask("PUT", f"/clusters/{name}", 409, json=wish)
    assert stale["type"].endswith("cluster-changed")

    async def announced() -> bool:
        said = (await adopted.told())[name]
        return set(said.members) == {*rest, theirs} and "pinned" in said.reasons

    await eventually(announced)


async def test_a_new_plan_leaves_pinned_and_visited_ones_and_says_what_moved(adopted: Clustering) -> None:
    before = await adopted.clusters()
    visited = next(name for name in before if name.startswith("50"))
    pinned = [name for name, one in before.items() if one["pinned"]]
    assert pinned
    await adopted.ask("PUT", f"/clusters/{visited}/visit", json={"visited": True})
    plan = await adopted.start(penalty_km=0, change_km=0.5)
    found = await adopted.ended(plan)
    compared = await adopted.ask("GET", f"/plans/{plan}/comparison")
    assert compared["moved"] == found["totals"]["moved"]
    for one in found["provinces"]:
        assert one["change_costs_km"] is not None
        assert one["change_costs_km"] >= -1e-3
    await adopted.adopt(plan)
    after = await adopted.clusters()
    for name in (visited, *pinned):
        assert after[name]["members"] == before[name]["members"]
    assert sorted(code for one in after.values() for code in one["members"]) == sorted(codes("50") | codes("58"))
    same = {tuple(one["members"]): name for name, one in before.items()}
    assert all(same.get(tuple(one["members"]), name) == name for name, one in after.items())
    refused = await adopted.ask("PUT", f"/clusters/{visited}", 409, json={"members": before[visited]["members"][1:]})
    assert "visited" in refused["detail_en"]


async def test_nothing_changes_when_the_same_is_planned_again(adopted: Clustering) -> None:
    first = await adopted.clusters()
    told = await adopted.told()
    plan = await adopted.start(penalty_km=0, change_km=0.5)
    found = await adopted.ended(plan)
    assert found["totals"]["moved"] == 0
    await adopted.adopt(plan)
    assert await adopted.clusters() == first
    assert await adopted.told() == told


async def test_a_plan_made_before_a_change_by_hand_is_not_adopted(adopted: Clustering) -> None:
    plan = await adopted.start()
    await adopted.ended(plan)
    name, one = next((name, one) for name, one in (await adopted.clusters()).items() if not one["visited_at"])
    pins = [] if one["pinned"] else one["members"]
    await adopted.ask("PUT", f"/clusters/{name}", json={"members": one["members"], "pinned": pins})
    assert (await adopted.ask("POST", f"/plans/{plan}/adopt", 409))["type"].endswith("plan-stale")


async def test_who_is_pinned_no_more_moves_again(adopted: Clustering) -> None:
    """A member far from the others stays while it is pinned, and leaves with the next plan after."""
    before = await adopted.clusters("58")
    (name, one), *_, (other, theirs) = before.items()
    strange, ours = theirs["members"][0], one["members"][0]
    swapped = [*one["members"][1:], strange]
    wish = {"members": swapped, "pinned": swapped, "displaced": {ours: other}}
    for frozen in {name, other} & {each for each in before if before[each]["pinned"]}:
        await adopted.ask("PUT", f"/clusters/{frozen}", json={"members": before[frozen]["members"], "pinned": []})
    await adopted.ask("PUT", f"/clusters/{name}", json=wish)
    charges = {"penalty_km": 0, "change_km": 0, "provinces": ["58"]}

    async def planned() -> dict[str, set[str]]:
        plan = await adopted.start(**charges)
        await adopted.ended(plan)
        return {
            each["cluster"]: set(each["members"])
            for each in (await adopted.ask("GET", f"/plans/{plan}/clusters", params={"limit": 500}))["items"]
        }

    assert (await planned())[name] == set(swapped)
    await adopted.ask("PUT", f"/clusters/{name}", json={"members": swapped, "pinned": []})
    assert set(swapped) not in (await planned()).values()


async def test_two_plans_are_compared(adopted: Clustering) -> None:
    near, far = await adopted.start(penalty_km=0), await adopted.start(penalty_km=30, change_km=0)
    await adopted.ended(near)
    await adopted.ended(far)
    found = await adopted.ask("GET", f"/plans/{far}/comparison", params={"with": near})
    assert found["provinces"][0]["first"]["centers"] == found["provinces"][0]["second"]["centers"]
    assert sum(one["second"]["across_district"] for one in found["provinces"]) <= sum(
        one["first"]["across_district"] for one in found["provinces"]
    )
    listed = await adopted.ask("GET", "/plans", params={"limit": 2})
    assert [one["plan"] for one in listed["items"]] == [far, near]


async def test_clusters_leave_as_geojson_and_as_a_picture(adopted: Clustering) -> None:
    found = json.loads(json.dumps(await adopted.ask("GET", "/clusters.geojson", params={"within": "58"})))
    kinds = [feature["properties"]["kind"] for feature in found["features"]]
    assert kinds.count("center") == len(codes("58"))
    assert kinds.count("cluster") == len(await adopted.clusters("58"))
    lines = [one for one in found["features"] if one["properties"]["kind"] == "cluster"]
    assert all(len(one["geometry"]["coordinates"]) == len(one["properties"]["members"]) - 1 for one in lines)
    picture = ET.fromstring(await adopted.ask("GET", "/maps/58.svg"))
    words = "".join(picture.itertext())
    assert "จังหวัดแม่ฮ่องสอน" in words
    assert "กม." in words
    assert len(picture.findall(".//{*}g")) == len(lines)


@pytest.mark.parametrize("kind", ["xlsx", "csv", "geojson"])
async def test_clusters_and_plans_leave_as_files(adopted: Clustering, kind: str) -> None:
    async def file(path: str, role: str = "department", org: str = "00", **query: str) -> bytes:
        answer = await adopted.http.get(
            f"/v1/exports/rounds/{adopted.round}/{path}",
            params={"format": kind, **query},
            headers=of(adopted.world, role, org),
        )
        assert answer.status_code == 200, answer.text
        return answer.content

    def pairs(data: bytes) -> list[tuple[str, str]]:
        if kind == "geojson":
            return [(one["properties"]["cluster"], one["id"]) for one in json.loads(data)["features"]]
        return [(row["กลุ่ม"], row["รหัสศูนย์"]) for row in sheet_rows(data, kind)]

    standing = await adopted.clusters()
    every = [(name, code) for name, one in standing.items() for code in one["members"]]
    assert pairs(await file("clusters")) == every
    assert pairs(await file("clusters", within="58")) == [one for one in every if one[0].startswith("58")]
    assert pairs(await file("clusters", "province", "58")) == [one for one in every if one[0].startswith("58")]
    name, one = next(iter(standing.items()))
    assert pairs(await file("clusters", "center", one["members"][0])) == [(name, code) for code in one["members"]]
    listed = (await adopted.ask("GET", "/plans", params={"limit": 500}))["items"]
    plans = await file("plans")
    if kind == "geojson":
        ids = [each["id"] for each in json.loads(plans)["features"]]
    else:
        ids = [row["รหัสแผน"] for row in sheet_rows(plans, kind)]
    assert ids == [each["plan"] for each in listed]
    planned = (await adopted.ask("GET", f"/plans/{ids[0]}/clusters", params={"limit": 500}))["items"]
    assert pairs(await file(f"plans/{ids[0]}/clusters")) == [
        (one["cluster"], code) for one in planned for code in one["members"]
    ]


async def test_a_cancelled_plan_keeps_what_it_has(adopted: Clustering) -> None:
    """On a lattice there are so many ways equally good that the proof takes half a minute."""
    hard = await Clustering.opened(adopted.world, adopted.http, lattice(10))
    plan = await hard.start()

    async def under_way() -> bool:
        found = await hard.plan(plan)
        totals = found["totals"]
        return bool(found["state"] == "running" and totals["clusters"] > 0 and totals["done"] == 0)

    await eventually(under_way)
    await hard.ask("POST", f"/plans/{plan}/cancel")
    found = await hard.ended(plan)
    assert (found["state"], found["provinces"][0]["state"]) == ("cancelled", "cancelled")
    assert (await hard.ask("POST", f"/plans/{plan}/cancel", 409))["type"].endswith("plan-ended")
    everybody = (await hard.ask("GET", "/standing"))["without_cluster"]
    assert len(everybody) == 100
    planned = (await hard.ask("GET", f"/plans/{plan}/clusters", params={"limit": 500}))["items"]
    assert sorted(code for one in planned for code in one["members"]) == everybody
    assert {len(one["members"]) for one in planned} <= {3, 4}
    await hard.adopt(plan)
    standing = await hard.clusters()
    assert sorted(code for one in standing.values() for code in one["members"]) == everybody
    assert (await hard.ask("GET", "/standing"))["without_cluster"] == []


async def test_what_cannot_be_planned_is_refused(adopted: Clustering) -> None:
    nobody = await adopted.ask("POST", "/clusters", 409, json={"provinces": ["83"]})
    assert nobody["type"].endswith("nothing-to-cluster")
    await adopted.ask("GET", "/plans/none", 404)
    await adopted.ask("GET", "/clusters/58-999", 404)
    await adopted.ask("POST", "/clusters", 422, json={"penalty_km": -1})


async def test_merges_closings_and_late_additions_show_in_the_standing_and_the_clusters_go_on(
    adopted: Clustering,
) -> None:
    """By real orders: nobody is moved by them; who is gone or came is named, and the next plan puts it right."""
    before = await adopted.clusters("58")
    free = [one["members"] for one in before.values() if not one["visited_at"] and not one["pinned"]]
    first, second, third = free[:3]
    merged, closed, survivor = first[0], second[0], third[0]
    new = f"late{secrets.token_hex(3)}"
    seat = (await adopted.http.get(f"/v1/centers/{survivor}")).json()
    orders = [
        (f"/v1/centers/{survivor}/merge", {"sources": [merged]}),
        (f"/v1/centers/{closed}/close", {}),
        (
            "/v1/centers",
            {
                "code": new,
                "name": "ศพด. ที่เพิ่มภายหลัง",
                "lao": seat["lao"],
                "subdistrict": seat["subdistrict"],
                "latitude": 19.3,
                "longitude": 97.9,
            },
        ),
        (f"/v1/rounds/{adopted.round}/additions", {"centers": [new]}),
    ]
    for path, words in orders:
        answer = await adopted.http.post(path, json={"reason": "ทดสอบคำสั่ง", **words})
        assert (answer.status_code, answer.json()["state"]) == (200, "done"), answer.text
    standing = await adopted.ask("GET", "/standing")
    assert (standing["gone"], standing["without_cluster"]) == (sorted([merged, closed]), [new])
    assert {name: one["members"] for name, one in (await adopted.clusters("58")).items()} == {
        name: one["members"] for name, one in before.items()
    }
    plan = await adopted.start(provinces=["58"])
    await adopted.ended(plan)
    await adopted.adopt(plan)
    standing = await adopted.ask("GET", "/standing")
    assert (standing["gone"], standing["without_cluster"]) == ([], [])
    members = [code for one in (await adopted.clusters("58")).values() for code in one["members"]]
    assert sorted(members) == sorted(codes("58") - {merged, closed} | {new})


async def test_no_query_on_clusters_reads_a_whole_collection(
    adopted: Clustering, watched: tuple[Clustering, Watch], asked: Asked
) -> None:
    store = ClusterStore(adopted.world.mongo("registry", listeners=[watched[1]]), Silent(), now_in_bangkok)
    assert await store.part("no-such-plan/58") is None
    assert [one async for one in store.listed("no-such-draft", "58")] == []
    assert await watched[1].scans(adopted.world.mongo("registry")) == []
    assert asked.never() == []
