"""Who is due, and a proposal that goes back in as a roll."""

from typing import Any

import httpx
import pytest

from tests.integration.registry.conftest import Registry, in_days, open_registry
from tests.integration.registry.test_orders import PAI, get, give, row, slug
from tests.plans import Asked, Watch
from tests.unit.registry.files import as_csv, roll
from tests.world import run_app

STORES = ("services.registry.due.store",)
"""Every query of these is asked here."""

YEARS = {"n1": "", "n2": "", "o1": "2560", "o2": "2563", "d1": "2564", "e1": "2566"}
CHIANG_MAI = {"จังหวัด": "เชียงใหม่", "อำเภอ": "เมืองเชียงใหม่", "ตำบล": "ช้างเผือก", "รหัส อปท.": "6500101"}


def centers() -> bytes:
    rows = [row(code, ปีที่ประเมินล่าสุด=year) for code, year in YEARS.items()]
    return as_csv(roll(*rows, {"รหัสศูนย์": "x1", "ปีที่ประเมินล่าสุด": "2561", **CHIANG_MAI}))


@pytest.fixture(scope="module")
async def known(shared_registry):
    """The module's registry with seven centers of two provinces on a draft roll `due`, beside the two it has."""
    await shared_registry.new_round(round="due")
    answer = await shared_registry.send("due", centers())
    assert answer.json()["rows"]["rejected"] == 0, answer.text
    return shared_registry


async def codes(registry: Registry, **params: Any) -> list[str]:
    answer = await get(registry, "/v1/due", fiscal_year=2569, within=PAI, **params)
    return [item["code"] for item in answer["items"]]


async def test_who_is_due_the_longest_unassessed_first(known):
    assert await codes(known) == ["n1", "n2", "o1", "o2", "d1", "e1"]
    assert await codes(known, state="never") == ["n1", "n2"]
    assert await codes(known, state="overdue") == ["o1", "o2"]
    assert await codes(known, state="due") == ["d1"]
    assert await codes(known, state="early", round="due") == ["e1"]
    assert await codes(known, state="early", round="none") == []
    first = (await get(known, "/v1/due", fiscal_year=2569, within=PAI, state="overdue"))["items"][0]
    assert (first["due"], first["years_over"], first["standing"]) == (2565, 4, "overdue")
    assert "๔ ปี" in first["reason"]


async def test_the_list_pages_without_gap_or_repeat(known):
    seen: list[str] = []
    cursor = None
    while True:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        page = await get(known, "/v1/due", fiscal_year=2569, within=PAI, limit=2, **more)
        seen += [item["code"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["n1", "n2", "o1", "o2", "d1", "e1"]
    bad = await known.http.get("/v1/due?fiscal_year=2569&cursor=WzEsICJ4eXx5Il0")
    assert (bad.status_code, slug(bad)) == (400, "bad-cursor")


async def test_each_officer_sees_the_own_part(known):
    counts = await get(known, "/v1/due/counts", fiscal_year=2569, headers=known.as_("lao", PAI))
    assert {name: counts[name] for name in ("never", "overdue", "due", "early")} == {
        "never": 2,
        "overdue": 2,
        "due": 1,
        "early": 1,
    }
    await get(known, "/v1/due", expect=403, fiscal_year=2569, within="50", headers=known.as_("province", "58"))


async def test_a_proposal_is_ranked_explained_and_changes_nothing(known):
    before = await known.state()
    answer = await known.http.post("/v1/rounds/due/proposal", json={"capacity": 4, "within": "5803"})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert [entry["code"] for entry in said["entries"]] == ["n1", "n2", "o1", "o2"]
    assert (said["unused"], said["there"]["early"]) == (0, 1)
    assert all(entry["reason"] and entry["reason_en"] for entry in said["entries"])
    assert await known.state() == before
    whole = (await known.http.post("/v1/rounds/due/proposal", json={"capacity": 100, "within": "5803"})).json()
    assert (len(whole["entries"]), whole["unused"]) == (5, 95)
    early = {"capacity": 100, "within": "5803", "include_early": True}
    assert len((await known.http.post("/v1/rounds/due/proposal", json=early)).json()["entries"]) == 6


async def test_who_owes_in_an_open_round_is_not_proposed_for_another(known):
    """The shared registry's round `stands` is open, and its two centers owe there."""
    on_it = {item["center"] for item in (await get(known, "/v1/rounds/stands/obligations"))["items"]}
    body = {"capacity": 100, "include_early": True}
    said = (await known.http.post("/v1/rounds/due/proposal", json=body)).json()
    assert on_it
    assert on_it.isdisjoint(entry["code"] for entry in said["entries"])
    assert said["owing_elsewhere"] == len(on_it)
    itself = (await known.http.post("/v1/rounds/stands/proposal", json=body)).json()
    assert on_it <= {entry["code"] for entry in itself["entries"]}
    assert itself["owing_elsewhere"] == 0


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
async def test_a_proposal_goes_back_in_as_a_roll(known, kind):
    name = await known.new_round()
    made = await known.http.post(f"/v1/rounds/{name}/proposal?format={kind}", json={"capacity": 3, "within": "5803"})
    assert made.status_code == 200, made.text
    assert made.headers["content-disposition"].endswith(f".{kind}")
    read = (await known.send(name, made.content)).json()
    assert (read["rows"]["accepted"], read["rows"]["rejected"], read["changes"]["listed"]) == (3, 0, 3), read
    assert read["changes"]["centers_added"] == 0
    on_it = await get(known, "/v1/centers", round=name, within="5803")
    assert {item["code"] for item in on_it["items"]} == {"n1", "n2", "o1"}


async def test_who_may_ask_for_a_proposal(known):
    for role, org, status in [("assessor", "00", 200), ("province", "58", 403), ("center", "n1", 403)]:
        answer = await known.http.post("/v1/rounds/due/proposal", json={"capacity": 1}, headers=known.as_(role, org))
        assert answer.status_code == status, role
    assert (await known.http.post("/v1/rounds/none/proposal", json={"capacity": 1})).status_code == 404
    assert (await known.http.post("/v1/rounds/due/proposal", json={"capacity": 0})).status_code == 422


async def test_a_closed_center_is_nobodys_to_select(known):
    await give(known, "/v1/centers", code="gone", name="ศูนย์ทดสอบ", lao=PAI, subdistrict="580301")
    assert "gone" in await codes(known, state="never")
    await give(known, "/v1/centers/gone/close")
    assert "gone" not in await codes(known)


async def test_no_query_of_the_rule_reads_a_whole_collection(world, monkeypatch):
    watch, asked = Watch(), Asked(monkeypatch, *STORES)
    app = open_registry(world, [watch])
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        body = {"round": "r", "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(9)}
        await http.post("/v1/rounds", json=body)
        await http.post("/v1/rounds/r/roll", content=centers())
        await http.post("/v1/rounds", json=body | {"round": "open"})
        await http.post("/v1/rounds/open/roll", content=centers())
        assert (await http.post("/v1/rounds/open/open")).status_code == 200
        for state in ("", "&state=never", "&state=overdue", "&state=due", "&state=early&round=r"):
            page = (await http.get(f"/v1/due?fiscal_year=2569&limit=1{state}")).json()
            if page["next"]:
                more = await http.get(f"/v1/due?fiscal_year=2569&limit=5{state}&cursor={page['next']}")
                assert more.status_code == 200
        assert (await http.get("/v1/due/counts?fiscal_year=2569")).status_code == 200
        assert (await http.get("/v1/exports/due?format=csv&fiscal_year=2569")).status_code == 200
        made = await http.post("/v1/rounds/r/proposal?format=csv", json={"capacity": 5})
        assert made.status_code == 200
    assert await watch.scans(world.mongo("registry")) == []
    assert asked.never() == []
