from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio

from services.submissions.app import build
from services.submissions.settings import SubmissionsSettings
from shared.contracts.events import CenterChanged, ObligationChanged, RoundChanged
from tests.integration.blobs.sending import send
from tests.world import World, eventually, run_app

PATH = ("00", "58", "5801", "6580101")
CENTER, OTHER, IDLE = "58010001", "58010002", "58010003"
"""Two that owe a report, and one that does not."""


class Office:
    """A center's office with a browser: everything it can do it does over HTTP."""

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        self.world, self.http = world, http
        self.tokens: dict[tuple[str, str], str] = {}

    def signed_in(self, role: str = "center", org: str = CENTER) -> dict[str, str]:
        token = self.tokens.setdefault((role, org), self.world.token(role, org))
        return {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, *, role: str = "center", org: str = CENTER, **more: Any) -> Any:
        headers = {**self.signed_in(role, org), **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def open(self, data: bytes, *, center: str = CENTER, round_: str = "2569", **more: Any) -> Any:
        body = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return await self.ask(
            "POST", f"/v1/rounds/{round_}/centers/{center}/uploads", json=body, **{"org": center, **more}
        )

    async def requests(self, upload: dict[str, Any], data: bytes, *numbers: int, org: str = CENTER) -> Any:
        """Declare these parts (all by default) and get their requests."""
        parts = [
            {"number": one["number"], "sha256": hashlib.sha256(self.part(upload, data, one["number"])).hexdigest()}
            for one in upload["parts"]
            if not numbers or one["number"] in numbers
        ]
        return await self.ask("POST", f"/v1/uploads/{upload['id']}/parts", json={"parts": parts}, org=org)

    def part(self, upload: dict[str, Any], data: bytes, number: int) -> bytes:
        start = (number - 1) * upload["part_size"]
        return data[start : start + upload["part_size"]]

    async def send_parts(self, upload: dict[str, Any], data: bytes, *numbers: int, org: str = CENTER) -> None:
        answer = await self.requests(upload, data, *numbers, org=org)
        assert answer.status_code == 200, answer.text
        for part in answer.json()["parts"]:
            status, text = await send("PUT", part["url"], part["headers"], self.part(upload, data, part["number"]))
            assert status == 200, text

    async def complete(self, upload: dict[str, Any], *, org: str = CENTER, **more: Any) -> Any:
        return await self.ask("POST", f"/v1/uploads/{upload['id']}/complete", org=org, **more)

    async def bring(self, data: bytes, *, center: str = CENTER) -> dict[str, Any]:
        """Open, send, complete: the receipt."""
        opened = await self.open(data, center=center)
        assert opened.status_code in {200, 201}, opened.text
        await self.send_parts(opened.json(), data, org=center)
        completed = await self.complete(opened.json(), org=center)
        assert completed.status_code == 200, completed.text
        receipt: dict[str, Any] = completed.json()["receipt"]
        return receipt

    async def submission(self, center: str = CENTER) -> dict[str, Any]:
        answer = await self.ask("GET", f"/v1/rounds/2569/centers/{center}/submission", org=center)
        found: dict[str, Any] = answer.json()
        return found

    async def decided(self, center: str = CENTER) -> dict[str, Any]:
        """The submission once nothing of it waits for inspection."""

        async def look() -> dict[str, Any] | None:
            found = await self.submission(center)
            return found if all(one["state"] != "received" for one in found["reports"]) else None

        return await eventually(look)  # type: ignore[return-value]


def round_(round_id: str = "2569", **changes: Any) -> RoundChanged:
    facts = {
        "round": round_id,
        "fiscal_year": 2569,
        "academic_year": 2567,
        "deadline": datetime.now(UTC) + timedelta(days=1),
        "grace_minutes": 60,
        "state": "open",
    }
    return RoundChanged(**{**facts, **changes})


def center(code: str, path: tuple[str, ...] = PATH) -> CenterChanged:
    return CenterChanged(code=code, name="ศพด. บ้านสวน", lao=path[-1], path=path, subdistrict="580101")


async def tell_registry_facts(world: World, *more: tuple[str, int, Any]) -> None:
    """What the registry would have announced: two rounds, three centers, who owes what."""
    owed = [
        (f"2569/{code}", 1, ObligationChanged(round="2569", center=code, lao=PATH[-1], path=PATH, owed=code != IDLE))
        for code in (CENTER, OTHER, IDLE)
    ]
    await world.publish(
        "registry",
        ("2569", 1, round_()),
        ("2570", 1, round_("2570", state="draft")),
        *((code, 1, center(code)) for code in (CENTER, OTHER, IDLE)),
        *owed,
        *more,
    )


def settings_of(world: World, **changes: Any) -> SubmissionsSettings:
    quick = {"reconcile_seconds": 0.2, "inspection_wall_seconds": 5.0}
    return world.settings(SubmissionsSettings, **{**quick, **changes})


async def knows_the_registry(world: World) -> None:
    mongo = world.mongo("submissions")
    owing = mongo.documents("obligations")
    centers = mongo.documents("centers")
    rounds = mongo.documents("rounds")

    async def known() -> bool:
        return await owing.count({}) == 3 and await centers.count({}) == 3 and await rounds.count({}) == 2

    await eventually(known)


@pytest_asyncio.fixture
async def office(world: World) -> AsyncIterator[Office]:
    await tell_registry_facts(world)
    app = build(settings_of(world))
    async with (
        run_app(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://submissions") as http,
    ):
        await knows_the_registry(world)
        yield Office(world, http)
