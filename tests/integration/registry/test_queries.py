"""Every query that the registry sends has an index."""

import httpx

from tests.integration.registry.conftest import TWO_CENTERS, in_days, open_registry
from tests.plans import Watch
from tests.unit.registry.files import as_csv, roll
from tests.world import run_app


async def a_whole_life(http: httpx.AsyncClient) -> None:
    """Every route, so that every query of the store goes over the wire."""
    body = {"round": "r", "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(9)}
    await http.post("/v1/rounds", json=body, headers={"Idempotency-Key": "once-and-again"})
    await http.post("/v1/rounds/r/roll?dry_run=true", content=TWO_CENTERS)
    await http.post("/v1/rounds/r/roll", content=TWO_CENTERS)
    await http.post("/v1/rounds/r/open")
    await http.post("/v1/rounds/r/roll", content=as_csv(roll({"ชื่อศูนย์": "ศูนย์ใหม่"})))
    for path in (
        "/v1/rounds",
        "/v1/rounds/r",
        "/v1/organizations/58",
        "/v1/organizations/58/children",
        "/v1/centers",
        "/v1/centers?within=58&round=r",
        "/v1/centers?q=%E0%B8%9A",
        "/v1/centers/0000000001",
    ):
        assert (await http.get(path)).status_code == 200, path


async def test_no_query_reads_a_whole_collection(world):
    watch = Watch()
    app = open_registry(world, [watch])
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        await a_whole_life(http)
    watched = {shape.split()[1] for shape in watch.commands}
    assert watched >= {"rounds", "organizations", "centers", "obligations", "idempotency"}
    assert await watch.scans(world.mongo("registry")) == []
