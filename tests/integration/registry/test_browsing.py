"""Each principal sees its own branch of the tree, in Thai order, page by page."""

import pytest

from deploy.local.roll.generator import generate
from deploy.local.roll.writers import write_csv
from shared.thai.collation import thai_sorted
from tests.integration.registry.test_bad_input import is_problem

MAE_HONG_SON, CHIANG_MAI = "0000000001", "0000000002"


async def test_the_tree_is_walked_from_the_department_down(shared_registry):
    get = shared_registry.http.get
    department = (await get("/v1/organizations/00")).json()
    assert (department["kind"], department["path"]) == ("department", ["00"])
    provinces = (await get("/v1/organizations/00/children")).json()["items"]
    assert [each["name"] for each in provinces] == ["จังหวัดเชียงใหม่", "จังหวัดแม่ฮ่องสอน"]
    (district,) = (await get("/v1/organizations/58/children")).json()["items"]
    (lao,) = (await get(f"/v1/organizations/{district['code']}/children")).json()["items"]
    assert lao["path"] == ["00", "58", "5801", "6580103"]


async def test_a_center_is_shown_with_its_place(shared_registry):
    found = (await shared_registry.http.get(f"/v1/centers/{MAE_HONG_SON}")).json()
    assert (found["lao"], found["subdistrict"], found["subdistrict_name"]) == ("6580103", "580104", "ปางหมู")
    assert found["rounds"] == ["stands"]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, [MAE_HONG_SON, CHIANG_MAI]),
        ({"within": "58"}, [MAE_HONG_SON]),
        ({"within": "6500101"}, [CHIANG_MAI]),
        ({"q": "ปางหมู"}, [MAE_HONG_SON]),
        ({"q": "กุงไม้"}, [CHIANG_MAI]),
        ({"q": "000000000"}, [MAE_HONG_SON, CHIANG_MAI]),
        ({"q": "0002"}, []),
        ({"q": ".*"}, []),
        ({"round": "stands"}, [MAE_HONG_SON, CHIANG_MAI]),
        ({"round": "other"}, []),
        ({"round": "stands", "within": "50", "q": "บ้าน"}, [CHIANG_MAI]),
    ],
)
async def test_centers_are_found_by_place_round_and_words(shared_registry, query, codes):
    answer = await shared_registry.http.get("/v1/centers", params=query)
    assert sorted(each["code"] for each in answer.json()["items"]) == codes


@pytest.mark.parametrize(
    ("role", "org", "codes"),
    [
        ("province", "58", [MAE_HONG_SON]),
        ("district", "5001", [CHIANG_MAI]),
        ("lao", "6580103", [MAE_HONG_SON]),
        ("center", CHIANG_MAI, [CHIANG_MAI]),
        ("auditor", "00", [MAE_HONG_SON, CHIANG_MAI]),
    ],
)
async def test_a_list_holds_what_lies_under_the_one_who_asks(shared_registry, role, org, codes):
    answer = await shared_registry.http.get("/v1/centers", headers=shared_registry.as_(role, org))
    assert sorted(each["code"] for each in answer.json()["items"]) == codes


@pytest.mark.parametrize(
    ("role", "org", "path", "where"),
    [
        ("province", "58", "/v1/organizations/50", "path.code"),
        ("province", "58", "/v1/organizations/50/children", "path.code"),
        ("province", "58", "/v1/organizations/00", "path.code"),
        ("district", "5801", "/v1/organizations/58", "path.code"),
        ("province", "58", f"/v1/centers/{CHIANG_MAI}", "path.code"),
        ("lao", "6500101", f"/v1/centers/{MAE_HONG_SON}", "path.code"),
        ("center", MAE_HONG_SON, f"/v1/centers/{CHIANG_MAI}", "path.code"),
        ("province", "58", "/v1/centers?within=50", "query.within"),
        ("center", MAE_HONG_SON, "/v1/centers?within=58", "query.within"),
        ("publisher", "00", "/v1/centers", "query.within"),
        ("lao", "00", "/v1/centers", "query.within"),
    ],
)
async def test_a_foreign_organization_is_out_of_reach(shared_registry, role, org, path, where):
    answer = await shared_registry.http.get(path, headers=shared_registry.as_(role, org))
    assert is_problem(answer, 403, "out-of-scope", where)


@pytest.mark.parametrize(
    ("path", "slug", "where"),
    [
        ("/v1/organizations/99", "organization-unknown", "path.code"),
        ("/v1/organizations/99/children", "organization-unknown", "path.code"),
        ("/v1/centers?within=99", "organization-unknown", "query.within"),
        ("/v1/centers/none", "center-unknown", "path.code"),
    ],
)
async def test_what_does_not_exist_is_told_apart(shared_registry, path, slug, where):
    assert is_problem(await shared_registry.http.get(path), 404, slug, where)


async def test_a_made_up_cursor_is_refused(shared_registry):
    assert is_problem(await shared_registry.http.get("/v1/centers?cursor=xyz"), 400, "bad-cursor", "query.cursor")


async def test_pages_follow_one_another_in_thai_order_without_gap_or_twin(registry, tmp_path):
    roll = generate(130)
    write_csv(roll, tmp_path / "roll.csv")
    name = await registry.new_round()
    await registry.send(name, (tmp_path / "roll.csv").read_bytes())
    seen: list[dict[str, str]] = []
    query: dict[str, object] = {"limit": 40}
    while query.get("cursor", "first"):
        page = (await registry.http.get("/v1/centers", params=query)).json()
        assert len(page["items"]) <= 40
        seen += page["items"]
        query["cursor"] = page["next"]
    assert {each["code"] for each in seen} == {row.code for row in roll.rows}
    assert len(seen) == 130
    names = [each["name"] for each in seen]
    assert names == thai_sorted(names)


async def test_rounds_are_listed_page_by_page(registry):
    names = sorted([await registry.new_round() for _ in range(3)])
    first = (await registry.http.get("/v1/rounds", params={"limit": 2})).json()
    rest = (await registry.http.get("/v1/rounds", params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["round"] for each in first["items"] + rest["items"]] == names
    assert rest["next"] is None
