"""Any list goes out as a file: the same rows as the list, for the same eyes; and a roll comes back as it went."""

import csv
import io
import json
from typing import Any
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from services.registry.reading.exports import MEDIA_TYPES
from tests.integration.registry.conftest import in_days
from tests.integration.registry.reading.conftest import Library
from tests.integration.registry.test_bad_input import is_problem

FORMATS = ["xlsx", "csv", "geojson"]
LISTS = {
    "/v1/exports/centers": "/v1/centers",
    "/v1/exports/organizations": "/v1/organizations",
    "/v1/exports/rounds/half/obligations": "/v1/rounds/half/obligations",
    "/v1/exports/due": "/v1/due",
    "/v1/exports/orders": "/v1/orders",
    "/v1/exports/rounds/half/extensions": "/v1/rounds/half/extensions",
}
"""Clusters and plans go out in `test_clusters.py`, where there are some."""
CODE = {"/v1/rounds/half/obligations": "center", "/v1/orders": "id", "/v1/rounds/half/extensions": "id"}
HEADER = {
    "/v1/exports/organizations": "รหัสหน่วยงาน",
    "/v1/exports/orders": "รหัสคำสั่ง",
    "/v1/exports/rounds/half/extensions": "รหัสคำขอ",
}
MUST: dict[str, dict[str, Any]] = {"/v1/exports/due": {"fiscal_year": 2569}, "/v1/due": {"fiscal_year": 2569}}
"""What a list cannot be asked without."""


@pytest.fixture(scope="module", autouse=True)
async def decided(library: Library) -> None:
    """Orders about, and extensions for, centers of two provinces."""
    owing = await library.found("/v1/rounds/half/obligations", limit=500)
    first, second = owing[0], next(each for each in owing if each["path"][1] != owing[0]["path"][1])
    for each in (first, second):
        renaming = {"name": f"ศูนย์พัฒนาเด็กเล็ก {each['center']}", "reason": "ประกาศ"}
        given = await library.http.post(f"/v1/centers/{each['center']}/rename", json=renaming)
        assert given.status_code == 200, given.text
        wish = {"organization": each["path"][2], "deadline": in_days(40), "reason": "น้ำท่วม"}
        asked = await library.http.post("/v1/rounds/half/extensions", json=wish)
        assert asked.status_code == 201, asked.text


def rows(data: bytes, kind: str) -> list[dict[str, Any]]:
    """A sheet by its headers."""
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    header, *body = load_workbook(io.BytesIO(data)).worksheets[0].values
    return [dict(zip(header, each, strict=True)) for each in body]  # type: ignore[arg-type]


def codes(data: bytes, kind: str, path: str) -> list[str]:
    if kind == "geojson":
        return [each["id"] for each in json.loads(data)["features"]]
    return [each[HEADER.get(path, "รหัสศูนย์")] for each in rows(data, kind)]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("path", LISTS)
async def test_a_file_holds_the_list_in_its_order(library: Library, path: str, kind: str) -> None:
    answer = await library.get(path, format=kind, **MUST.get(path, {}))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(MEDIA_TYPES[kind])  # type: ignore[index]
    assert int(answer.headers["content-length"]) == len(answer.content)
    listed = await library.found(LISTS[path], limit=500, **MUST.get(path, {}))
    assert len(listed) > 1
    assert codes(answer.content, kind, path) == [each[CODE.get(LISTS[path], "code")] for each in listed]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "query",
    [
        {"q": "บ้าน"}, {"q": "โพธ์สีสุก"}, {"within": "58"}, {"round": "half", "state": "active"},
        {"bbox": "97,5,101,21", "round": "all"}, {"q": "nobody"},
    ],
    ids=str,
)  # fmt: skip
async def test_filters_are_those_of_the_list(library: Library, kind: str, query: dict[str, Any]) -> None:
    answer = await library.get("/v1/exports/centers", format=kind, **query)
    assert codes(answer.content, kind, "/v1/exports/centers") == await library.codes(**query, limit=500)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("path", [*LISTS, "/v1/exports/rounds/half/roll"])
@pytest.mark.parametrize(("role", "level"), [("province", 1), ("district", 2), ("lao", 3)])
async def test_no_file_holds_what_lies_elsewhere(library: Library, path: str, kind: str, role: str, level: int) -> None:
    org = library.centers[3]["path"][level]
    mine = library.reckoned(lambda each: org in each["path"])
    answer = await library.get(path, role, org, format=kind, **MUST.get(path, {}))
    found = codes(answer.content, kind, path)
    if path in {"/v1/exports/orders", "/v1/exports/rounds/half/extensions"}:
        assert len(found) < 2
        assert found == [each["id"] for each in await library.found(LISTS[path], role, org)]
    elif path == "/v1/exports/organizations":
        below = {code for each in library.centers if org in each["path"] for code in each["path"][level:]}
        assert set(found) == below
    else:
        assert set(found) <= mine
        assert found or level > 1
        if path == "/v1/exports/centers":
            assert set(found) == mine
    elsewhere = {each["email"] for each in library.centers if org not in each["path"]}
    assert not any(email and email.encode() in answer.content for email in elsewhere)


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_center_takes_itself_home(library: Library, kind: str) -> None:
    itself = library.centers[9]["code"]
    answer = await library.get("/v1/exports/centers", "center", itself, format=kind)
    assert codes(answer.content, kind, "") == [itself]
    assert itself in unquote(answer.headers["content-disposition"])


@pytest.mark.parametrize(
    ("path", "query"), [("/v1/exports/rounds/half/roll", {}), ("/v1/exports/centers", {"round": "half"})]
)
async def test_a_roll_comes_back_without_a_change(library: Library, path: str, query: dict[str, str]) -> None:
    before = await state(library)
    data = (await library.get(path, format="xlsx", **query)).content
    count = len(rows(data, "xlsx"))
    for dry_run in (True, False):
        answer = await library.http.post("/v1/rounds/half/roll", content=data, params={"dry_run": dry_run})
        assert answer.status_code == 200, answer.text
        report = answer.json()
        assert report["rows"]["accepted"] == report["rows"]["total"] == count > 100
        assert {key: number for key, number in report["changes"].items() if number} == {"centers_unchanged": count}
    assert await state(library) == before


async def state(library: Library) -> dict[str, int]:
    """The version of every node and obligation."""
    found = {}
    for name in ("centers", "organizations", "obligations"):
        for each in await library.mongo.documents(name).find({}, fields=["version"]):
            found[f"{name}/{each['_id']}"] = each["version"]
    return found


async def test_a_roll_as_csv_comes_back_too(library: Library) -> None:
    data = (await library.get("/v1/exports/rounds/all/roll", format="csv", within="58")).content
    answer = await library.http.post("/v1/rounds/all/roll", content=data, params={"dry_run": True})
    report = answer.json()
    assert report["rows"]["accepted"] == report["changes"]["centers_unchanged"] == len(rows(data, "csv")) > 0


async def test_files_are_named_in_thai(library: Library) -> None:
    answer = await library.get("/v1/exports/rounds/half/roll", "province", "58", format="xlsx")
    plain, _, thai = answer.headers["content-disposition"].partition("filename*=UTF-8''")
    assert plain.startswith('attachment; filename="roll-half-58-25')
    assert unquote(thai).startswith("บัญชีรายชื่อ half จังหวัดแม่ฮ่องสอน 25")
    assert thai.isascii()


async def test_people_read_dates_of_the_buddhist_era_and_machines_iso(library: Library) -> None:
    path = "/v1/exports/rounds/half/obligations"
    first = rows((await library.get(path, format="csv")).content, "csv")[0]
    assert "พ.ศ. ๒๕" in first["กำหนดส่ง"]
    assert "๒๕" in first["ตั้งแต่"]
    properties = json.loads((await library.get(path, format="geojson")).content)["features"][0]["properties"]
    assert properties["deadline"].endswith("+07:00")


async def test_a_map_has_points_and_no_addresses(library: Library) -> None:
    data = (await library.get("/v1/exports/centers", format="geojson")).content
    assert b"@" not in data
    by_code = {each["code"]: each for each in library.centers}
    for feature in json.loads(data)["features"]:
        center = by_code[feature["id"]]
        point = feature["geometry"] and feature["geometry"]["coordinates"]
        assert point == ([center["longitude"], center["latitude"]] if center["latitude"] is not None else None)


async def test_an_organization_stands_in_the_middle_of_its_centers(library: Library) -> None:
    data = (await library.get("/v1/exports/organizations", format="geojson", kind="province")).content
    for feature in json.loads(data)["features"]:
        points = [c["latitude"] for c in library.centers if feature["id"] in c["path"] and c["latitude"] is not None]
        if points:
            assert feature["geometry"]["coordinates"][1] == pytest.approx(sum(points) / len(points), abs=1e-5)
        else:
            assert feature["geometry"] is None


@pytest.mark.parametrize(
    ("path", "status", "slug", "where"),
    [
        ("/v1/exports/centers", 422, "invalid-request", "query.format"),
        ("/v1/exports/centers?format=pdf", 422, "invalid-request", "query.format"),
        ("/v1/exports/centers?format=csv&limit=5", 422, "invalid-request", "query.limit"),
        ("/v1/exports/centers?format=csv&bbox=x", 422, "bad-map-box", "query.bbox"),
        ("/v1/exports/centers?format=csv&within=99", 404, "organization-unknown", "query.within"),
        ("/v1/exports/due?format=csv", 422, "invalid-request", "query.fiscal_year"),
        ("/v1/exports/due?format=csv&fiscal_year=2569&withn=58", 422, "invalid-request", "query.withn"),
        ("/v1/exports/due?format=csv&fiscal_year=2569&within=99", 404, "organization-unknown", "query.within"),
        ("/v1/exports/orders?format=csv&within=99", 404, "organization-unknown", "query.within"),
        ("/v1/exports/rounds/none/extensions?format=csv", 404, "round-unknown", "path.round"),
        ("/v1/exports/rounds/none/clusters?format=csv", 404, "round-unknown", "path.round"),
        ("/v1/exports/rounds/none/plans?format=csv", 404, "round-unknown", "path.round"),
        ("/v1/exports/rounds/half/plans/none/clusters?format=csv", 404, "plan-unknown", "path.plan"),
        ("/v1/exports/rounds/none/roll?format=csv", 404, "round-unknown", "path.round"),
        ("/v1/exports/rounds/none/obligations?format=csv", 404, "round-unknown", "path.round"),
        ("/v1/rounds/none/obligations", 404, "round-unknown", "path.round"),
    ],
)
async def test_what_cannot_be_exported_says_why(
    library: Library, path: str, status: int, slug: str, where: str
) -> None:
    assert is_problem(await library.get(path), status, slug, where)


async def test_who_is_released_is_listed_apart(library: Library) -> None:
    owed = await library.found("/v1/rounds/half/obligations", limit=500)
    released = owed[4]["center"]
    documents = library.mongo.documents("obligations")
    await documents.update({"_id": f"half/{released}"}, {"$set": {"owed": False}})
    try:
        left = await library.found("/v1/rounds/half/obligations", limit=3)
        assert [each["center"] for each in left] == [each["center"] for each in owed if each["center"] != released]
        (gone,) = await library.found("/v1/rounds/half/obligations", state="released")
        assert (gone["center"], gone["owed"]) == (released, False)
        elsewhere = next(each["path"][1] for each in owed if each["path"][1] != gone["path"][1])
        assert await library.found("/v1/rounds/half/obligations", "province", elsewhere, state="released") == []
    finally:
        await documents.update({"_id": f"half/{released}"}, {"$set": {"owed": True}})
