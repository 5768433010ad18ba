"""Every query of orders, rounds and the tree's past has an index."""

import httpx

from tests.integration.registry.conftest import TWO_CENTERS, in_days, open_registry
from tests.plans import Asked, Watch
from tests.world import run_app

STORES = ("services.registry.tree.store",)
"""Every query of these is asked here."""


async def a_year_of_orders(http: httpx.AsyncClient) -> None:
    """Every kind of order, and every question about the past."""
    said = {"reason": "ทดสอบ"}

    async def give(path: str, **body: object) -> None:
        answer = await http.post(path, json=said | body)
        assert answer.status_code in {200, 201}, f"{path}: {answer.text}"

    await http.post(
        "/v1/rounds", json={"round": "r", "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(9)}
    )
    await http.patch("/v1/rounds/r", json={"grace_minutes": 5})
    await http.post("/v1/rounds/r/roll", content=TWO_CENTERS)
    await http.post("/v1/rounds/r/open")
    await give("/v1/organizations", code="6580199", kind="lao", name="อบต. ใหม่", parent="5801")
    await give("/v1/centers", code="c9", name="ศูนย์ใหม่", lao="6580199", subdistrict="580101")
    await give("/v1/centers/c9/move", lao="6500101")
    await give("/v1/rounds/r/additions", centers=["c9"])
    await give("/v1/rounds/r/removals", centers=["c9"])
    await give("/v1/centers/0000000001/merge", sources=["0000000002"])
    await give("/v1/centers/c9/rename", name="ศูนย์เดิม")
    await give("/v1/centers/c9/close")
    await give("/v1/organizations/6580199/move", parent="5001")
    await give("/v1/organizations/6500101/merge", sources=["6580199"])
    await give("/v1/organizations/6580103/split", code="6580198", name="อบต. แยก", children=["0000000001"])
    for path in (
        "/v1/organizations/58?as_of=2024-01-01",
        "/v1/organizations/5801/children?as_of=2024-01-01",
        "/v1/organizations/6580103/centers?as_of=2024-01-01",
        "/v1/centers/0000000001?as_of=2024-01-01",
        "/v1/centers/0000000001/history",
        "/v1/organizations/6580199/history",
        "/v1/orders",
        "/v1/orders?within=58&limit=2",
        "/v1/exports/orders?format=csv",
        "/v1/rounds/r/snapshot?within=58",
        "/v1/rounds/r/extensions",
        "/v1/rounds/r/documents",
    ):
        assert (await http.get(path)).status_code == 200, path
    following = (await http.get("/v1/orders?limit=2")).json()["next"]
    assert (await http.get("/v1/orders", params={"cursor": following})).status_code == 200


async def test_no_query_reads_a_whole_collection(world, monkeypatch):
    watch, asked = Watch(), Asked(monkeypatch, *STORES)
    app = open_registry(world, [watch])
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        await a_year_of_orders(http)
    watched = {shape.split()[1] for shape in watch.commands}
    assert watched >= {"rounds", "organizations", "centers", "obligations", "orders", "audit", "leases"}
    assert await watch.scans(world.mongo("registry")) == []
    assert asked.never() == []
