"""The notifier answers as its OpenAPI document says, whoever asks."""

import asyncio

import pytest

from services.notifier.app import build
from services.notifier.settings import NotifierSettings
from tests.contract.conformance import conform, listening
from tests.world import World


@pytest.mark.parametrize(
    ("role", "org"),
    [
        ("department", "00"),
        ("", ""),
        pytest.param("lao", "6580101", marks=pytest.mark.campaign),
        pytest.param("center", "0", marks=pytest.mark.campaign),
    ],
)
async def test_notices_are_told_of_as_documented(world: World, role: str, org: str) -> None:
    headers = {"Authorization": f"Bearer {world.token(role, org)}"} if role else {}
    app = build(world.settings(NotifierSettings, roles="api"))
    async with listening(app) as address:
        answered = await asyncio.to_thread(conform, address, headers)
    assert len(answered) == sum(len(operations) for operations in app.openapi()["paths"].values())
    await world.mongo("notifier").drop()
