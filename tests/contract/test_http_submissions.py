"""The service that takes reports answers as its OpenAPI document says, whoever asks, and gives what it has."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from deploy.local.crowd.papers import paper
from deploy.local.stack import Stack
from services.submissions.app import build
from tests.contract.conformance import EXAMPLES, FEW, conform, listening, unread
from tests.integration.submissions.conftest import Office, introduce, settings_of
from tests.world import World

ROLES = [("operator", "00"), ("assessor", "0"), ("center", ""), ("", "")]
"""A center is the one that sent the report."""
UNFILLED = {
    "GET /v1/rounds/{round}/framework",
    "GET /v1/rounds/{round}/centers/{center}/summary/draft",
    "GET /v1/rounds/{round}/centers/{center}/summary",
    "GET /v1/rounds/{round}/summaries/table",
    "GET /v1/audit/anchors/newest",
}
"""The round has no framework to sum reports up in, and nothing was entered in the trail that could be anchored."""
NOT_FOR = {"operator": {"GET /v1/rounds/{round}/archive"}, "assessor": {"GET /v1/audit"}}
"""Of those who read nearly all: what they may not."""


@dataclass
class Served:
    """A service with one report that was received and inspected."""

    address: str
    world: World
    operations: int
    center: str
    names: Mapping[str, str]

    def __call__(self, path: str) -> Mapping[str, str]:
        code = self.names["receipt"] if "/receipts/" in path else self.center
        return {**self.names, "code": code}


@pytest.fixture(scope="module")
async def served(stack: Stack) -> AsyncIterator[Served]:
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    app = build(settings_of(world))
    async with listening(app) as address:
        async with httpx.AsyncClient(base_url=address) as http:
            office = Office(world, http, "one")
            await introduce(office)
            data = paper("a", 20_000)
            upload = (await office.open(data)).json()
            await office.send_parts(upload, data)
            receipt = (await office.complete(upload)).json()["receipt"]
            await office.decided()
        names = {"round": office.round, "center": office.center, "receipt": receipt["code"], "upload": upload["id"]}
        yield Served(address, world, sum(map(len, app.openapi()["paths"].values())), office.center, names)
    await world.mongo("submissions").drop()
    await world.close()


@pytest.mark.parametrize(("role", "org"), ROLES)
async def test_reports_are_taken_as_documented(served: Served, role: str, org: str) -> None:
    token = served.world.token(role, org or served.center) if role else ""
    headers = {"Authorization": f"Bearer {token}"} if role else {}
    answered = await asyncio.to_thread(conform, served.address, headers, served, EXAMPLES if role else FEW)
    assert len(answered) == served.operations
    if role in NOT_FOR:
        assert set(unread(answered)) <= UNFILLED | NOT_FOR[role]
