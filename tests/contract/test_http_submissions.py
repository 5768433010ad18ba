"""The service that takes reports answers as its OpenAPI document says, whoever asks."""

import asyncio

import pytest

from services.submissions.app import build
from services.submissions.settings import SubmissionsSettings
from tests.contract.conformance import conform, listening
from tests.integration.submissions.conftest import center, round_
from tests.world import World


@pytest.mark.parametrize(("role", "org"), [("operator", "00"), ("assessor", "0"), ("center", "0"), ("", "")])
async def test_reports_are_taken_as_documented(world: World, role: str, org: str) -> None:
    # The names that made-up requests like best, so that some get further than "no such round".
    await world.publish("registry", ("0", 1, round_("0")), ("0", 1, center("0")))
    headers = {"Authorization": f"Bearer {world.token(role, org)}"} if role else {}
    app = build(world.settings(SubmissionsSettings, roles="api"))
    async with listening(app) as address:
        count = await asyncio.to_thread(conform, address, headers)
    assert count == sum(len(operations) for operations in app.openapi()["paths"].values())
    await world.mongo("submissions").drop()
