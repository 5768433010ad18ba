"""The register answers as its OpenAPI document says, whoever asks, and gives what it has."""

import asyncio

import httpx
import pytest

from services.registry.app import build
from services.registry.settings import RegistrySettings
from tests.contract.conformance import EXAMPLES, FEW, conform, listening, unread
from tests.contract.register import PROVINCE, few, fill
from tests.world import World


@pytest.mark.parametrize(
    ("role", "org"),
    [
        ("department", "00"),
        ("", ""),
        pytest.param("province", PROVINCE, marks=pytest.mark.campaign),
        pytest.param("center", few()[-1].code, marks=pytest.mark.campaign),
    ],
    ids=["department", "nobody", "province", "center"],
)
async def test_the_register_is_kept_as_documented(world: World, role: str, org: str) -> None:
    app = build(world.settings(RegistrySettings, roles="api,relay", cluster_workers=1))
    async with listening(app) as address:
        keeper = {"Authorization": f"Bearer {world.token('department', '00')}"}
        async with httpx.AsyncClient(base_url=address, headers=keeper, timeout=60) as http:
            register = await fill(world, http) if role else None
        headers = {"Authorization": f"Bearer {world.token(role, org)}"} if role else {}
        answered = await asyncio.to_thread(conform, address, headers, register, EXAMPLES if role else FEW)
    assert len(answered) == sum(len(operations) for operations in app.openapi()["paths"].values())
    if role == "department":
        assert list(unread(answered)) == ["GET /v1/audit/anchors/newest"], "that is for auditors and operators"
    await world.mongo("registry").drop()
