"""The registry's trail is anchored as the vault's is, so a cut tail is missed here too."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from services.registry.settings import RegistrySettings
from shared.settings import load
from tests.integration.registry.conftest import Registry, in_days, open_registry
from tests.trails import copied, verify, without_the_newest
from tests.world import World, eventually, run_app


@pytest.fixture(scope="module")
async def kept(stack: Stack) -> AsyncIterator[Registry]:
    """A registry that anchors all the time, and in whose trail something stands."""
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    app = open_registry(world, audit_anchor_seconds=0.2)
    headers = {"Authorization": f"Bearer {world.token('department', '00', sub='somchai@department')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        found = Registry(world, http, world.mongo("registry"))
        for _ in range(2):
            await found.new_round(round="told-" + secrets.token_hex(3))
        name = await found.new_round(round="changed")
        for days in (20, 25):
            answer = await http.patch(f"/v1/rounds/{name}", json={"deadline": in_days(days)})
            assert answer.status_code == 200, answer.text
        yield found
    await world.close()


async def newest(registry: Registry) -> dict[str, Any]:
    answer = await registry.http.get("/v1/audit/anchors/newest", headers=registry.as_("auditor", "00"))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_cut_tail_of_its_trail_is_found(kept: Registry, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    await copied(kept.world, "registry", file)
    anchor = await newest(kept)
    noted = ("--key", f"registry={anchor['key']}", "--known", f"registry={anchor['number']}:{anchor['hash']}")
    assert verify(file, *noted)[0] == 0
    gone = without_the_newest(file, "registry/round/changed")
    code, said = verify(file, *noted)
    assert (code, f"{gone}: head-missing" in said) == (1, True)


async def test_a_note_of_one_service_counts_for_no_other(kept: Registry, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    await copied(kept.world, "registry", file)
    anchor = await newest(kept)
    note = f"{anchor['number']}:{anchor['hash']}"
    assert verify(file, "--known", f"submissions={note}")[0] == 1, "of submissions there is no anchor here"
    assert verify(file, "--known", f"registry={anchor['number']}:{'0' * 64}")[0] == 1
    assert verify(file, "--key", f"registry={'A' * 43}")[0] == 1
    assert verify(file, "--known", f"nobody={note}")[0] == 2


@pytest.mark.parametrize("role", ["department", "province", "district", "lao", "center", "assessor", "publisher"])
async def test_anchors_are_for_auditors_and_operators(kept: Registry, role: str) -> None:
    answer = await kept.http.get("/v1/audit/anchors/newest", headers=kept.as_(role, "00"))
    assert answer.status_code == 403


async def test_entries_past_their_time_are_removed_and_the_names_in_them(kept: Registry) -> None:
    """With a clock that is years ahead; the service itself removes once an hour, by its own."""
    from services.registry.app import clock
    from shared.mongo import Leases
    from shared.mongo.aggregates import Announcer
    from shared.mongo.anchoring import Anchoring
    from shared.mongo.trail import AuditTrail
    from shared.mongo.trail_keeper import TrailKeeper
    from shared.security.anchors import Signer
    from tests.integration.mongo.test_trail import Nobody

    nobody: Announcer = Nobody()
    trail = AuditTrail(kept.mongo, nobody)
    settings = kept.world.settings(RegistrySettings)
    signer = Signer.derived(settings.anchor_secret(), "registry")
    anchoring = Anchoring(kept.mongo, nobody, trail, "registry", lambda: signer)
    documents, people = kept.mongo.documents("audit"), kept.mongo.documents("people")

    async def anchored() -> bool:
        waiting = {"$or": [{"unanchored": True}, {"outbox": {"$ne": []}}]}
        return await documents.count({}) > 0 and await documents.count(waiting) == 0

    await eventually(anchored)
    assert await people.count({"_id": "somchai@department"}) == 1
    # Leases of its own: the service's keeper, which finds nothing old, would now and then take them first.
    leases, ahead = Leases(kept.mongo.documents("leases_ahead")), timedelta(days=settings.audit_days)
    for later in (ahead - timedelta(days=1), ahead + timedelta(days=1), ahead + timedelta(days=2)):
        now = clock() + later
        await TrailKeeper(anchoring, leases, lambda now=now: now, every_s=1, kept_days=settings.audit_days).keep()  # type: ignore[misc]
        gone = later > ahead
        assert (await documents.count({}) == 0) is gone
        assert (await people.count({"_id": "somchai@department"}) == 0) is (later > ahead + timedelta(days=1))


@pytest.mark.parametrize(("days", "starts"), [(89, False), (90, True), (730, True), (731, False)])
def test_a_retention_below_the_floor_or_above_the_ceiling_refuses_to_start(
    days: int, starts: bool, kept: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**kept.world.environment, "SARABAN_AUDIT_DAYS": str(days)}.items():
        monkeypatch.setenv(name, value)
    if starts:
        assert load(RegistrySettings).audit_days == days
        return
    with pytest.raises(SystemExit) as stopped:
        load(RegistrySettings)
    assert stopped.value.code == 2
    assert "SARABAN_AUDIT_DAYS is not usable" in capsys.readouterr().err
