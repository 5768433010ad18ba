"""A plan goes on where a killed process left it. A file of its own: it runs beside the other tests of clusters."""

import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from services.registry.app import build
from services.registry.settings import RegistrySettings
from tests.integration.registry.clustering import Clustering, codes, process
from tests.world import World, run_app

DEATHS = [("registry.province_solved:2", "registry.clusters_decided")]
"""Where the planning process dies, and where the one that adopts does."""
MORE_DEATHS = [
    ("registry.plan_prepared", "registry.clusters_decided:2"),
    ("registry.province_solved", "aggregate.after_write:2"),
]


@pytest.mark.campaign
@pytest.mark.parametrize(("planning", "adopting"), DEATHS)
async def test_a_plan_outlives_the_processes_that_work_on_it(world: World, planning: str, adopting: str) -> None:
    """The leases of the dead are ended by hand, and whoever took over the planning dies in adopting."""
    await outlives(world, planning, adopting, patient=False)


@pytest.mark.campaign
@pytest.mark.parametrize(("planning", "adopting"), MORE_DEATHS)
async def test_a_plan_outlives_them_wherever_they_die(world: World, planning: str, adopting: str) -> None:
    """The leases of the dead run out by themselves."""
    await outlives(world, planning, adopting, patient=True)


async def outlives(world: World, planning: str, adopting: str, *, patient: bool) -> None:
    app = build(world.settings(RegistrySettings, roles="api"))
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        round_ = await Clustering.opened(world, http)
        plan = await round_.start()
        await dead(world, await process(world, failpoints=planning), patient)
        assert (await round_.plan(plan))["state"] == "running"
        unwanted = await round_.start()
        await round_.ask("POST", f"/plans/{unwanted}/cancel")
        heir = await process(world, failpoints="" if patient else adopting)
        async with leaving(heir, stays=not patient):
            assert (await round_.ended(plan))["totals"]["gap"] <= 0.001
            assert (await round_.ended(unwanted))["state"] == "cancelled"
        await round_.ask("POST", f"/plans/{plan}/adopt", 202)
        await dead(world, await process(world, failpoints=adopting) if patient else heir, patient)
        assert (await round_.plan(plan))["adoption"] == "adopting"
        async with leaving(await process(world, failpoints="")):
            await round_.adopted(plan)
        found = await round_.clusters()
        assert sorted(code for one in found.values() for code in one["members"]) == sorted(codes("50") | codes("58"))


async def dead(world: World, doomed: Process, patient: bool) -> None:
    """It dies where it was told to; unless somebody is patient, what it held of plans is free at once."""
    assert await doomed.wait() == -signal.SIGKILL
    if not patient:
        leases = world.mongo("registry").documents("leases")
        await leases.update_all(
            {"_id": {"$gte": "plans/", "$lt": "plans0"}}, {"$set": {"until": datetime.fromtimestamp(0, UTC)}}
        )


@asynccontextmanager
async def leaving(process: Process, *, stays: bool = False) -> AsyncIterator[None]:
    """A process that ends when this does; with `stays`, only when this fails."""
    try:
        yield
    except BaseException:
        stays = False
        raise
    finally:
        if not stays:
            process.terminate()
            await process.wait()
