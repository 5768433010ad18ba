"""Every query that the registry sends has an index."""

import httpx

from services.registry.store import RegistryStore
from shared.contracts.events import RollEntry
from shared.contracts.topics import ROLL_ANSWERS
from shared.http import write_cursor
from shared.thai.calendar import now_in_bangkok
from tests.integration.registry.conftest import TWO_CENTERS, in_days, open_registry
from tests.plans import Asked, Silent, Watch
from tests.unit.registry.files import SOUND, as_csv, roll
from tests.world import eventually, run_app

ENTRY = {
    "name": SOUND["ชื่อศูนย์"],
    "lao_code": SOUND["รหัส อปท."],
    "lao_name": SOUND["อปท.ต้นสังกัด"],
    "subdistrict": SOUND["ตำบล"],
    "district": SOUND["อำเภอ"],
    "province": SOUND["จังหวัด"],
}

STORES = (
    "services.registry.store",
    "services.registry.roll.store",
)
"""Every query of these is asked here."""


async def a_whole_life(http: httpx.AsyncClient) -> None:
    """Every route, so that every query of the store goes over the wire."""
    body = {"round": "r", "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(9)}
    await http.post("/v1/rounds", json=body, headers={"Idempotency-Key": "once-and-again"})
    await http.post("/v1/rounds/r/roll?dry_run=true", content=TWO_CENTERS)
    await http.post("/v1/rounds/r/roll", content=TWO_CENTERS)
    await http.post("/v1/rounds/r/open")
    renamed = await http.post("/v1/rounds/r/roll?part=true", content=as_csv(roll({"ชื่อศูนย์": "ศูนย์ใหม่"})))
    assert renamed.status_code == 200
    await a_loss_and_its_second_person(http)
    for path in (
        "/v1/rounds",
        "/v1/rounds/r",
        "/v1/organizations/58",
        "/v1/organizations/58/children",
        "/v1/centers",
        "/v1/centers?within=58&round=r",
        "/v1/centers?q=%E0%B8%9A",
        "/v1/centers/0000000001",
        "/v1/organizations/6580103/centers",
        "/v1/exports/rounds/r/extensions?format=csv",
    ):
        assert (await http.get(path)).status_code == 200, path


async def a_loss_and_its_second_person(http: httpx.AsyncClient) -> None:
    """A roll that waits, is looked at and withdrawn, and a few who leave."""
    await http.post(
        "/v1/rounds", json={"round": "d", "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(9)}
    )
    await http.post("/v1/rounds/d/roll", content=TWO_CENTERS)
    waiting = await http.post("/v1/rounds/d/roll", content=as_csv(roll({})))
    assert waiting.status_code == 202
    request = f"/v1/rounds/d/roll/requests/{waiting.json()['request']['id']}"
    moment = "2025-01-01T00:00:00+07:00"
    following = f"/v1/rounds/d/roll/requests?cursor={write_cursor(f'{moment}|x')}"
    for path in ("/v1/rounds/d/roll/requests", following, request, f"{request}/report"):
        assert (await http.get(path)).status_code == 200, path
    assert (await http.post(f"{request}/withdraw")).status_code == 200


async def test_no_query_reads_a_whole_collection(world, monkeypatch):
    watch, asked = Watch(), Asked(monkeypatch, *STORES)
    app = open_registry(world, [watch], roles="api,consumer,relay", roll_loss_share=0.1)
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        await a_whole_life(http)
        entry = RollEntry(round="r", code="c9", **ENTRY)
        await world.publish_signed(("c9", 1, entry))
        await eventually(lambda: world.records(ROLL_ANSWERS))
        store = RegistryStore(world.mongo("registry", listeners=[watch]), Silent(), now_in_bangkok)
        assert await store.organization("58"), "asked by extensions and exports"
        assert await store.center("0000000001")
    watched = {shape.split()[1] for shape in watch.commands}
    assert watched >= {
        "rounds",
        "organizations",
        "centers",
        "obligations",
        "idempotency",
        "roll_requests",
        "roll_answers",
    }
    assert await watch.scans(world.mongo("registry")) == []
    assert asked.never() == []
