"""Every question that the lists put to the database has an index, whichever way it is answered."""

import httpx

from services.registry.reading.conditions import drivers, gram_driver
from services.registry.reading.filters import Box, Filter
from services.registry.reading.words import understand
from services.registry.store import RegistryStore
from shared.thai.calendar import now_in_bangkok
from tests.integration.registry.conftest import open_registry
from tests.integration.registry.reading.conftest import country, fill
from tests.plans import Asked, Silent, Watch
from tests.world import World, run_app

PATHS = [
    "/v1/centers", "/v1/centers?within=58&round=r&state=active", "/v1/centers?state=closed&round=r",
    "/v1/centers?bbox=97,5,106,21", "/v1/centers?bbox=98,5,98.1,21&q=บ้าน", "/v1/centers?q=sp-0", "/v1/centers?q=บ",
    "/v1/centers?q=โพธิ์ศรีสุข", "/v1/centers?q=โพธ์สีสุก", "/v1/centers?q=กุดจิก จ.แม่ฮ่องสอน", "/v1/centers/sp-01",
    "/v1/organizations", "/v1/organizations?kind=lao&q=ปางหมู", "/v1/organizations?within=58", "/v1/organizations/58",
    "/v1/organizations/58/children", "/v1/rounds/r/obligations", "/v1/rounds/r/obligations?state=released&within=58",
    "/v1/exports/centers?format=csv", "/v1/exports/organizations?format=geojson",
    "/v1/exports/rounds/r/roll?format=xlsx", "/v1/exports/rounds/r/obligations?format=csv",
]  # fmt: skip

STORES = (
    "services.registry.reading.store",
    "services.registry.reading.obligation_store",
)
"""Every query of these is asked here."""


async def test_no_list_reads_a_whole_collection(world: World, monkeypatch) -> None:
    watch, asked = Watch(), Asked(monkeypatch, *STORES)
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    app = open_registry(world, [watch])
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        await fill(http, "r", country(20))
        assert (await http.post("/v1/rounds/r/open")).status_code == 200
        for path in PATHS:
            answer = await http.get(path)
            assert answer.status_code == 200, (path, answer.text)
            cursor = answer.json().get("next") if "exports" not in path else None
            assert cursor is None or (await http.get(path, params={"cursor": cursor})).status_code == 200
        await each_way(world, watch)
    assert len(watch.commands) > 30
    assert await watch.scans(world.mongo("registry")) == []
    assert asked.never() == []


async def each_way(world: World, watch: Watch) -> None:
    """What a country of twenty centers never takes: every index, for every kind of question."""
    store = RegistryStore(world.mongo("registry", listeners=[watch]), Silent(), now_in_bangkok)
    asked = understand("หนองบัว เชียงใหม่")
    for nodes, wanted in (
        (store.center_lists, Filter("00", round="r", state="closed", box=Box(97, 5, 106, 21))),
        (store.center_lists, Filter("00", box=Box(97, 5, 98, 21))),
        (store.organization_lists, Filter("00", "organizations", kind="lao", state="closed")),
        (store.organization_lists, Filter("58", "organizations", parent="58")),
    ):
        for driver in [*drivers(wanted), gram_driver(asked.grams[0])]:
            await nodes.in_order(wanted, driver, "ก", 10, None)
            await nodes.in_order(wanted, driver, "ก", 10, None, asked)
            await nodes.holding(wanted, driver, asked, None)
            await nodes.alike(wanted, driver, asked, None)
