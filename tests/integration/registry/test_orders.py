"""Orders about the tree, as the department and its provinces give them."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from shared.bus.envelope import decode
from shared.contracts.events import TYPE_OF_MODEL, AuditRecorded, CenterChanged, ObligationChanged, OrganizationChanged
from shared.contracts.topics import AUDIT, CENTERS, OBLIGATIONS, ORGANIZATIONS, Topic
from shared.thai.calendar import in_bangkok
from tests.integration.registry.conftest import Registry
from tests.unit.registry.files import as_csv, roll
from tests.world import eventually

PAI, MUEANG = "6580301", "6580101"


def row(code: str, lao: str = PAI, **changes: str) -> dict[str, str]:
    """A center in Mae Hong Son under one of two LAOs: of Pai (5803) or of its capital (5801)."""
    pai = {"อำเภอ": "ปาย", "ตำบล": "เวียงใต้", "อปท.ต้นสังกัด": "เทศบาลตำบลปาย"}
    return {"รหัสศูนย์": code, "ชื่อศูนย์": f"ศูนย์ {code}", "รหัส อปท.": lao, **(pai if lao == PAI else {}), **changes}


def today(days: int = 0) -> str:
    return (in_bangkok(datetime.now(UTC)) + timedelta(days=days)).date().isoformat()


async def give(registry: Registry, path: str, expect: int = 200, headers: Any = None, **body: Any) -> Any:
    said = {"reason": "ประกาศกระทรวงมหาดไทย", **body}
    answer = await registry.http.post(path, json=said, headers=headers or {})
    assert answer.status_code == expect, answer.text
    return answer.json()


async def get(registry: Registry, path: str, expect: int = 200, headers: Any = None, **params: Any) -> Any:
    answer = await registry.http.get(path, params=params, headers=headers or {})
    assert answer.status_code == expect, answer.text
    return answer.json()


def slug(answer: Any) -> str:
    said = answer.json() if isinstance(answer, httpx.Response) else answer
    return str(said["type"]).removeprefix("urn:saraban:problem:")


@pytest.fixture(scope="module")
async def tree(shared_registry):
    """The module's registry; each test brings centers of its own."""
    return shared_registry


async def listed(registry: Registry, *rows: dict[str, str], opened: bool = True) -> str:
    name = await registry.new_round()
    answer = await registry.send(name, as_csv(roll(*rows)))
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"]["rejected"] == 0, answer.text
    if opened:
        assert (await registry.http.post(f"/v1/rounds/{name}/open")).status_code == 200
    return name


def code() -> str:
    return f"t{secrets.token_hex(4)}"


async def newest(registry: Registry, topic: Topic, key: str, model: type[BaseModel]) -> Any:
    """What a reader of a compacted topic would know of a key."""
    await registry.announced()
    known = None
    for record in await registry.world.records(topic):
        if record.key == key.encode():
            kind = TYPE_OF_MODEL[model]
            known = kind.validate(record.value or b"")
    return known


async def test_a_rename_is_told_and_the_old_name_is_kept(tree):
    center = code()
    await listed(tree, row(center), opened=False)
    order = await give(tree, f"/v1/centers/{center}/rename", name="ศูนย์พัฒนาเด็กเล็กบ้านใหม่", effective=today(-3))
    assert (order["state"], order["centers"], order["by"]) == ("done", 1, "department/00")
    assert (await get(tree, f"/v1/centers/{center}"))["name"] == "ศูนย์พัฒนาเด็กเล็กบ้านใหม่"
    then = await get(tree, f"/v1/centers/{center}", as_of=today(-4))
    assert (then["name"], then["valid_to"]) == (f"ศูนย์ {center}", today(-3))
    assert (await get(tree, f"/v1/centers/{center}", as_of=today(-3)))["name"] == "ศูนย์พัฒนาเด็กเล็กบ้านใหม่"
    history = await get(tree, f"/v1/centers/{center}/history")
    assert [span["reason"] for span in history["spans"]] == [None, "ประกาศกระทรวงมหาดไทย"]
    told = await newest(tree, CENTERS, center, CenterChanged)
    assert told.name == "ศูนย์พัฒนาเด็กเล็กบ้านใหม่"


async def test_the_same_order_twice_is_one_order(tree):
    center = code()
    await listed(tree, row(center), opened=False)
    path = f"/v1/centers/{center}/rename"
    first = await give(tree, path, name="ศูนย์ ก")
    again = await give(tree, path, name="ศูนย์ ก")
    assert again["id"] == first["id"]
    back = await give(tree, path, name="ศูนย์ ข")
    third = await give(tree, path, name="ศูนย์ ก")
    assert len({first["id"], back["id"], third["id"]}) == 3


async def test_a_center_that_moves_takes_its_obligation_along(tree):
    center, other = code(), code()
    name = await listed(tree, row(center), row(other, MUEANG))
    order = await give(tree, f"/v1/centers/{center}/move", lao=MUEANG)
    assert (order["centers"], order["obligations"]) == (1, 1)
    moved = await get(tree, f"/v1/centers/{center}")
    assert (moved["lao"], moved["path"]) == (MUEANG, ["00", "58", "5801", MUEANG])
    owed = await newest(tree, OBLIGATIONS, f"{name}/{center}", ObligationChanged)
    assert (owed.owed, owed.lao, owed.path[2]) == (True, MUEANG, "5801")
    then = await get(tree, f"/v1/centers/{center}", as_of=today(-1))
    assert then["path"] == ["00", "58", "5803", PAI]
    officer = tree.as_("district", "5803")
    await get(tree, f"/v1/centers/{center}", expect=403, headers=officer)


async def test_centers_merge_and_the_survivor_owes(tree):
    survivor, first, second = code(), code(), code()
    name = await listed(tree, row(survivor, MUEANG), row(first), opened=False)
    await listed(tree, row(second), opened=False)
    assert (await tree.http.post(f"/v1/rounds/{name}/open")).status_code == 200
    before = await get(tree, f"/v1/rounds/{name}")
    draft = await listed(tree, row(second), opened=False)
    order = await give(tree, f"/v1/centers/{survivor}/merge", sources=[first, second])
    assert order["state"] == "done"
    closed = await get(tree, f"/v1/centers/{first}")
    assert (closed["state"], closed["successor"], closed["rounds"]) == ("closed", survivor, [])
    assert (await newest(tree, CENTERS, first, CenterChanged)).successor == survivor
    released = await newest(tree, OBLIGATIONS, f"{name}/{first}", ObligationChanged)
    assert (released.owed, released.successor, released.cause) == (False, survivor, "merged")
    owed = await newest(tree, OBLIGATIONS, f"{name}/{survivor}", ObligationChanged)
    assert owed.owed
    assert draft in (await get(tree, f"/v1/centers/{survivor}"))["rounds"]
    after = await get(tree, f"/v1/rounds/{name}")
    assert (before["obligations"], after["obligations"], after["listed"]) == (2, 1, 1)


async def test_a_survivor_that_owed_nothing_owes_after_the_merge(tree):
    survivor, source = code(), code()
    await listed(tree, row(survivor, MUEANG), opened=False)
    name = await listed(tree, row(source))
    await give(tree, f"/v1/centers/{survivor}/merge", sources=[source])
    owed = await newest(tree, OBLIGATIONS, f"{name}/{survivor}", ObligationChanged)
    assert (owed.owed, owed.cause, owed.lao) == (True, "merged", MUEANG)


async def test_a_closed_code_is_never_used_again(tree):
    center = code()
    name = await listed(tree, row(center))
    await give(tree, f"/v1/centers/{center}/close")
    body = {"code": center, "name": "ศูนย์ใหม่", "lao": PAI, "subdistrict": "580301", "reason": "เปิดใหม่"}
    refused = await tree.http.post("/v1/centers", json=body)
    assert (refused.status_code, slug(refused)) == (409, "code-retired")
    answer = await tree.send(name, as_csv(roll(row(center))))
    assert answer.status_code == 200
    assert (await get(tree, f"/v1/centers/{center}"))["state"] == "closed"
    owed = await newest(tree, OBLIGATIONS, f"{name}/{center}", ObligationChanged)
    assert (owed.owed, owed.cause, owed.successor) == (False, "closed", None)


async def test_an_lao_moves_to_another_district_with_all_below_it(tree):
    lao, centers = f"6{secrets.randbelow(10**6):06}", [code() for _ in range(3)]
    await give(tree, "/v1/organizations", code=lao, kind="lao", name="เทศบาลตำบลทดสอบ", parent="5803")
    for each in centers:
        await give(tree, "/v1/centers", code=each, name="ศูนย์ทดสอบ", lao=lao, subdistrict="580301")
    order = await give(tree, f"/v1/organizations/{lao}/move", parent="5801")
    assert order["centers"] == 3
    assert (await get(tree, f"/v1/organizations/{lao}"))["path"] == ["00", "58", "5801", lao]
    for each in centers:
        assert (await newest(tree, CENTERS, each, CenterChanged)).path == ("00", "58", "5801", lao)
    assert (await newest(tree, ORGANIZATIONS, lao, OrganizationChanged)).parent == "5801"
    gone = await get(tree, "/v1/organizations/5803/children", as_of=today())
    assert lao not in [item["code"] for item in gone["items"]]
    assert lao in [item["code"] for item in (await get(tree, "/v1/organizations/5801/children"))["items"]]


async def test_laos_merge_and_their_centers_hang_under_the_survivor(tree):
    first, second = (f"6{secrets.randbelow(10**6):06}" for _ in range(2))
    center = code()
    for lao in (first, second):
        await give(
            tree, "/v1/organizations", code=lao, kind="lao", name=f"อบต. {lao}", parent="5803", effective=today(-9)
        )
    await give(tree, "/v1/centers", code=center, name="ศูนย์ทดสอบ", lao=first, subdistrict="580301", effective=today(-9))
    await give(tree, f"/v1/organizations/{second}/merge", sources=[first], effective=today(-2))
    assert (await newest(tree, ORGANIZATIONS, first, OrganizationChanged)).successor == second
    assert (await get(tree, f"/v1/centers/{center}"))["lao"] == second
    then = await get(tree, f"/v1/organizations/{first}/centers", as_of=today(-3))
    assert [item["code"] for item in then["items"]] == [center]
    assert await get(tree, f"/v1/organizations/{first}/centers", as_of=today(-2)) == {"items": [], "next": None}
    now = await get(tree, f"/v1/organizations/{second}/centers")
    assert [item["code"] for item in now["items"]] == [center]
    children = await get(tree, "/v1/organizations/5803/children", as_of=today(-3))
    assert {first, second} <= {item["code"] for item in children["items"]}
    missing = await get(tree, f"/v1/organizations/{first}", expect=404, as_of=today(-10))
    assert slug(missing) == "not-yet-there"


async def test_an_lao_splits_in_two(tree):
    old, new = (f"6{secrets.randbelow(10**6):06}" for _ in range(2))
    stays, goes = code(), code()
    await give(tree, "/v1/organizations", code=old, kind="lao", name="อบต. เดิม", parent="5803")
    for each in (stays, goes):
        await give(tree, "/v1/centers", code=each, name="ศูนย์ทดสอบ", lao=old, subdistrict="580301")
    await give(tree, f"/v1/organizations/{old}/split", code=new, name="อบต. ใหม่", children=[goes])
    assert (await get(tree, f"/v1/centers/{goes}"))["path"] == ["00", "58", "5803", new]
    assert (await get(tree, f"/v1/centers/{stays}"))["lao"] == old


async def test_an_order_for_a_day_to_come_waits_and_can_be_dropped(tree):
    center = code()
    await listed(tree, row(center), opened=False)
    order = await give(tree, f"/v1/centers/{center}/close", expect=202, effective=today(5))
    assert order["state"] == "waiting"
    assert (await get(tree, f"/v1/centers/{center}"))["state"] == "active"
    again = await give(tree, f"/v1/centers/{center}/close", expect=202, effective=today(5))
    assert again["id"] == order["id"]
    dropped = await tree.http.post(f"/v1/orders/{order['id']}/cancel")
    assert dropped.json()["state"] == "cancelled"
    done = await give(tree, f"/v1/centers/{center}/rename", name="ศูนย์ ค")
    late = await tree.http.post(f"/v1/orders/{done['id']}/cancel")
    assert (late.status_code, slug(late)) == (409, "order-begun")


async def test_an_order_is_carried_out_when_its_day_comes_unless_the_tree_no_longer_allows_it(tree):
    center, gone = code(), code()
    await listed(tree, row(center), row(gone), opened=False)
    waiting = [await give(tree, f"/v1/centers/{each}/close", expect=202, effective=today(5)) for each in (center, gone)]
    await give(tree, f"/v1/centers/{center}/merge", sources=[gone])
    orders = tree.mongo.documents("orders")
    for order in waiting:
        await orders.update({"_id": order["id"]}, {"$set": {"effective": today()}, "$inc": {"version": 1}})

    async def ended():
        found = [await get(tree, f"/v1/orders/{order['id']}") for order in waiting]
        return found if all(one["state"] in {"done", "refused"} for one in found) else None

    done, refused = await eventually(ended)
    assert (done["state"], refused["state"], refused["refusal"]["fault"]) == ("done", "refused", "node_closed")
    assert (await get(tree, f"/v1/centers/{center}"))["state"] == "closed"


@pytest.mark.parametrize(
    ("path", "body", "status", "problem"),
    [
        ("/v1/centers/none/rename", {"name": "ศูนย์"}, 404, "center-unknown"),
        ("/v1/organizations/9999999/close", {}, 404, "organization-unknown"),
        ("/v1/centers/0000000001/move", {"lao": "9999999"}, 422, "node-unknown"),
        ("/v1/centers/0000000001/move", {"lao": "58"}, 422, "wrong-parent"),
        ("/v1/centers/0000000001/merge", {"sources": ["0000000001"]}, 422, "same-node"),
        ("/v1/organizations/58/merge", {"sources": ["5001"]}, 422, "kinds-differ"),
        ("/v1/organizations/5801/close", {}, 409, "not-empty"),
        ("/v1/organizations/5801/move", {"parent": "58"}, 409, "nothing-to-change"),
        ("/v1/organizations/00/split", {"code": "99", "name": "จังหวัด", "children": ["58"]}, 422, "kinds-differ"),
        ("/v1/organizations/58/split", {"code": "99", "name": "จังหวัด", "children": ["5001"]}, 422, "not-its-child"),
        ("/v1/centers/0000000001/close", {"effective": "วันศุกร์ที่ 1 ตุลาคม 2568"}, 422, "date-unreadable"),
        ("/v1/centers/0000000001/close", {"effective": "2099-01-01"}, 422, "effective-too-far"),
        ("/v1/centers/0000000001/close", {"reason": ""}, 422, "invalid-request"),
    ],
)
async def test_what_the_tree_does_not_allow(tree, path, body, status, problem):
    before = await tree.state()
    answer = await tree.http.post(path, json={"reason": "ทดสอบ", **body})
    assert (answer.status_code, slug(answer)) == (status, problem), answer.text
    assert await tree.state() == before


async def test_a_day_before_the_last_change_is_refused(tree):
    center = code()
    await listed(tree, row(center), opened=False)
    await give(tree, f"/v1/centers/{center}/rename", name="ศูนย์ ก", effective=today(-1))
    refused = await give(tree, f"/v1/centers/{center}/close", expect=409, effective=today(-2))
    assert slug(refused) == "effective-too-early"


async def test_a_province_orders_its_centers_and_nothing_else(tree):
    center, foreign = code(), code()
    await listed(tree, row(center), opened=False)
    chiang_mai = {"จังหวัด": "เชียงใหม่", "อำเภอ": "เมืองเชียงใหม่", "ตำบล": "ช้างเผือก", "รหัส อปท.": "6500101"}
    await listed(tree, {"รหัสศูนย์": foreign, "ชื่อศูนย์": "ศูนย์", **chiang_mai}, opened=False)
    officer = tree.as_("province", "58")
    await give(tree, f"/v1/centers/{center}/rename", headers=officer, name="ศูนย์ ก")
    await give(tree, f"/v1/organizations/{PAI}/rename", headers=officer, name="เทศบาลเมืองปาย")
    outside: list[tuple[str, dict[str, Any]]] = [
        (f"/v1/centers/{foreign}/rename", {"name": "ศูนย์ ก"}),
        (f"/v1/centers/{center}/move", {"lao": "6500101"}),
        (f"/v1/centers/{center}/merge", {"sources": [foreign]}),
        ("/v1/organizations/5803/rename", {"name": "อำเภอใหม่"}),
        (f"/v1/organizations/{PAI}/close", {}),
    ]
    for path, body in outside:
        refused = await give(tree, path, expect=403, headers=officer, **body)
        assert slug(refused) == "out-of-scope", path
    for role, org in [("district", "5803"), ("lao", PAI), ("center", center), ("auditor", "00"), ("assessor", "00")]:
        await give(tree, f"/v1/centers/{center}/rename", expect=403, headers=tree.as_(role, org), name="ศูนย์ ข")


async def test_who_stands_above_reads_the_orders(tree):
    center = code()
    await listed(tree, row(center), opened=False)
    order = await give(tree, f"/v1/centers/{center}/rename", name="ศูนย์ ก")
    for role, org, seen in [
        ("province", "58", True),
        ("province", "50", False),
        ("lao", PAI, True),
        ("auditor", "00", True),
    ]:
        headers = tree.as_(role, org)
        items = (await get(tree, "/v1/orders", headers=headers, limit=500))["items"]
        assert (order["id"] in [item["id"] for item in items]) == seen, role
        await get(tree, f"/v1/orders/{order['id']}", expect=200 if seen else 404, headers=headers)


async def test_orders_page_without_gap_or_repeat(tree):
    center = code()
    await listed(tree, row(center), opened=False)
    given = [(await give(tree, f"/v1/centers/{center}/rename", name=f"ศูนย์ {n}"))["id"] for n in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        page = await get(tree, "/v1/orders", limit=2, within=PAI, **({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert [number for number in seen if number in given] == given[::-1]


async def test_every_order_and_every_refusal_is_in_the_trail(tree):
    center = code()
    await listed(tree, row(center), opened=False)
    order = await give(tree, f"/v1/centers/{center}/rename", name="ศูนย์ ก")
    await give(tree, f"/v1/centers/{center}/move", expect=422, lao="58")

    async def entered():
        kind = TYPE_OF_MODEL[AuditRecorded]  # anchors lie among them
        events = [decode(record) for record in await tree.world.records(AUDIT)]
        records = [AuditRecorded.model_validate_json(each.data) for each in events if each.type == kind.name]
        found = [(r.action, r.outcome) for r in records if r.subject == f"center/{center}"]
        return found if len(found) == 2 else None

    assert await eventually(entered) == [("tree.rename", "allowed"), ("tree.move", "refused")]
    assert order["reason"] == "ประกาศกระทรวงมหาดไทย"


async def test_a_roll_leaves_a_moved_lao_where_it_is_and_keeps_the_past(tree):
    center = code()
    lao = "6580302"
    pang_mapha = row(center, lao, **{"อำเภอ": "ปาย", "ตำบล": "เวียงใต้", "อปท.ต้นสังกัด": "อบต. ทดสอบ"})
    await listed(tree, pang_mapha, opened=False)
    await give(tree, f"/v1/organizations/{lao}/move", parent="5801")
    name = await listed(tree, pang_mapha | {"ชื่อศูนย์": "ศูนย์ชื่อใหม่"}, opened=False)
    assert (await get(tree, f"/v1/organizations/{lao}"))["parent"] == "5801"
    center_now = await get(tree, f"/v1/centers/{center}")
    assert (center_now["path"][2], center_now["name"]) == ("5801", "ศูนย์ชื่อใหม่")
    history = await get(tree, f"/v1/centers/{center}/history")
    assert [span["name"] for span in history["spans"]] == [f"ศูนย์ {center}", "ศูนย์ชื่อใหม่"]
    assert name in center_now["rounds"]
