"""A running registry in a world of its own, and what a test asks of it."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from services.registry.app import build
from services.registry.settings import RegistrySettings
from shared.mongo import Mongo
from tests.unit.registry.files import as_csv, roll
from tests.world import World, a_world, eventually, run_app

COLLECTIONS = ("rounds", "organizations", "centers", "obligations", "orders", "roll_requests")
TWO_CENTERS = as_csv(
    roll(
        {},
        {
            "รหัสศูนย์": "0000000002",
            "ชื่อศูนย์": "ศูนย์พัฒนาเด็กเล็กบ้านกุงไม้สัก",
            "รหัส อปท.": "6500101",
            "อปท.ต้นสังกัด": "เทศบาลตำบลช้างเผือก",
            "อีเมล อปท.": "l2@lao.example",
            "จังหวัด": "เชียงใหม่",
            "อำเภอ": "เมืองเชียงใหม่",
            "ตำบล": "ช้างเผือก",
        },
    )
)
"""One center in Mae Hong Son (58) and one in Chiang Mai (50)."""


@dataclass
class Registry:
    """The service as the department sees it; `as_` is it as somebody else does."""

    world: World
    http: httpx.AsyncClient
    mongo: Mongo

    def as_(self, role: str, org: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.world.token(role, org)}"}

    async def new_round(self, **changes: Any) -> str:
        """A round in draft, with an id of its own."""
        name = f"r{secrets.token_hex(4)}"
        body = {"round": name, "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(30)} | changes
        answer = await self.http.post("/v1/rounds", json=body)
        assert answer.status_code == 201, answer.text
        return str(body["round"])

    async def send(self, round_id: str, data: bytes, **options: Any) -> httpx.Response:
        return await self.http.post(f"/v1/rounds/{round_id}/roll", content=data, **options)

    async def state(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Version and event count of everything there is."""
        return {
            name: {
                found["_id"]: (found["version"], found["sequence"])
                for found in await self.mongo.documents(name).find({}, fields=["version", "sequence"])
            }
            for name in COLLECTIONS
        }

    async def announced(self) -> None:
        """Wait until nothing waits for publishing."""

        async def done() -> bool:
            waiting = [
                await self.mongo.documents(name).count({"outbox.due": {"$exists": True}})
                for name in (*COLLECTIONS, "audit", "roll_answers")
            ]
            return not any(waiting)

        await eventually(done)


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def open_registry(world: World, listeners: Sequence[Any] = (), **overrides: Any) -> Any:
    """The service. Without its consumers, unless `roles` says otherwise: a group takes a second to form."""
    return build(world.settings(RegistrySettings, **{"roles": "api,relay", **overrides}), listeners=listeners)


@pytest.fixture
async def registry(world: World) -> AsyncIterator[Registry]:
    """A registry that is empty."""
    async with _serving(world) as found:
        yield found


@pytest.fixture(scope="module")
async def shared_registry(stack: Stack) -> AsyncIterator[Registry]:
    """One registry for tests that leave it as they find it; its roll has two centers and an open round `stands`."""
    async with a_world(stack) as world, _serving(world) as found:
        await found.new_round(round="stands")
        assert (await found.send("stands", TWO_CENTERS)).status_code == 200
        assert (await found.http.post("/v1/rounds/stands/open")).status_code == 200
        await found.announced()
        yield found


@pytest.fixture(scope="module")
async def module_registry(stack: Stack) -> AsyncIterator[Registry]:
    """One registry for the tests of a module, each of which keeps to rounds of its own."""
    async with a_world(stack) as world, _serving(world) as found:
        yield found


@asynccontextmanager
async def _serving(world: World) -> AsyncIterator[Registry]:
    app = open_registry(world)
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    transport = httpx.ASGITransport(app)
    async with run_app(app), httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as http:
        yield Registry(world, http, world.mongo("registry"))
