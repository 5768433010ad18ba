from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from deploy.local.stack import Stack
from services.submissions.app import build
from services.submissions.settings import SubmissionsSettings
from shared.blobs import Blobs
from shared.contracts.events import CenterChanged, ObligationChanged, RoundChanged
from tests.integration.blobs.sending import send
from tests.world import World, eventually, run_app

PATH = ("00", "58", "5801", "6580101")


class Office:
    """A center's office with a browser: everything it can do it does over HTTP.

    `center` and `other` owe a report in the open `round`, `idle` does not; `draft` is a round that is not open yet.
    """

    def __init__(self, world: World, http: httpx.AsyncClient, name: str) -> None:
        self.world, self.http = world, http
        self.round, self.draft = f"r{name}", f"d{name}"
        self.center, self.other, self.idle = f"{name}-1", f"{name}-2", f"{name}-3"
        self.tokens: dict[tuple[str, str], str] = {}
        self.deadline = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)

    def signed_in(self, role: str, org: str) -> dict[str, str]:
        token = self.tokens.setdefault((role, org), self.world.token(role, org))
        return {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, *, role: str = "center", org: str = "", **more: Any) -> Any:
        headers = {**self.signed_in(role, org or self.center), **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def open(self, data: bytes, *, center: str = "", **more: Any) -> Any:
        center = center or self.center
        body = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        path = f"/v1/rounds/{self.round}/centers/{center}/uploads"
        return await self.ask("POST", path, json=body, **{"org": center, **more})

    async def requests(self, upload: dict[str, Any], data: bytes, *numbers: int, org: str = "") -> Any:
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

    async def send_parts(self, upload: dict[str, Any], data: bytes, *numbers: int, org: str = "") -> None:
        answer = await self.requests(upload, data, *numbers, org=org)
        assert answer.status_code == 200, answer.text
        for part in answer.json()["parts"]:
            status, text = await send("PUT", part["url"], part["headers"], self.part(upload, data, part["number"]))
            assert status == 200, text

    async def complete(self, upload: dict[str, Any], *, org: str = "", **more: Any) -> Any:
        return await self.ask("POST", f"/v1/uploads/{upload['id']}/complete", org=org, **more)

    async def bring(self, data: bytes, *, center: str = "") -> dict[str, Any]:
        """Open, send, complete: the receipt."""
        opened = await self.open(data, center=center)
        assert opened.status_code in {200, 201}, opened.text
        await self.send_parts(opened.json(), data, org=center)
        completed = await self.complete(opened.json(), org=center)
        assert completed.status_code == 200, completed.text
        receipt: dict[str, Any] = completed.json()["receipt"]
        return receipt

    async def submission(self, center: str = "") -> dict[str, Any]:
        path = f"/v1/rounds/{self.round}/centers/{center or self.center}/submission"
        answer = await self.ask("GET", path, org=center)
        found: dict[str, Any] = answer.json()
        return found

    async def decided(self, center: str = "") -> dict[str, Any]:
        """The submission once nothing of it waits for inspection."""

        async def look() -> dict[str, Any] | None:
            found = await self.submission(center)
            return found if all(one["state"] != "received" for one in found["reports"]) else None

        found: dict[str, Any] | None = await eventually(look)
        assert found is not None
        return found

    async def tell(self, *events: tuple[str, int, Any]) -> None:
        """Publish as the registry would, and wait until the service knows it."""
        await self.world.publish("registry", *events)
        mongo = self.world.mongo("submissions")
        names: dict[type, str] = {RoundChanged: "rounds", CenterChanged: "centers", ObligationChanged: "obligations"}

        async def known() -> bool:
            for key, sequence, data in events:
                found = await mongo.documents(names[type(data)]).one({"_id": key})
                if found is None or found["sequence"] < sequence:
                    return False
            return True

        await eventually(known)


def round_(round_id: str, **changes: Any) -> RoundChanged:
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


async def introduce(office: Office) -> None:
    """What the registry announced: two rounds, three centers, who owes what."""
    codes = (office.center, office.other, office.idle)
    await office.tell(
        (office.round, 1, round_(office.round, deadline=office.deadline)),
        (office.draft, 1, round_(office.draft, state="draft")),
        *((code, 1, center(code)) for code in codes),
        *(
            (
                f"{office.round}/{code}",
                1,
                ObligationChanged(round=office.round, center=code, lao=PATH[-1], path=PATH, owed=code != office.idle),
            )
            for code in codes
        ),
    )


def settings_of(world: World, **changes: Any) -> SubmissionsSettings:
    quick = {
        "reconcile_seconds": 0.2, "deadline_seconds": 0.2, "inspection_wall_seconds": 5.0, "audit_anchor_seconds": 0.5,
    }  # fmt: skip
    return world.settings(SubmissionsSettings, **{**quick, **changes})


@pytest_asyncio.fixture(scope="module")
async def service(stack: Stack) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    """One running service for a module's tests, since joining its groups takes seconds; they differ by round and
    center.
    """
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    app = build(settings_of(world))
    async with (
        run_app(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://submissions") as http,
    ):
        yield world, http
    await world.close()


@pytest_asyncio.fixture
async def office(service: tuple[World, httpx.AsyncClient]) -> Office:
    found = Office(*service, secrets.token_hex(4))
    await introduce(found)
    return found


def connected(stack: Stack) -> Blobs:
    environment = stack.environment()
    secret = SecretStr(environment["SARABAN_S3_SECRET_KEY"])
    return Blobs(environment["SARABAN_S3_ENDPOINT"], environment["SARABAN_S3_ACCESS_KEY"], secret)


@pytest.fixture
def blobs(stack: Stack) -> Iterator[Blobs]:
    """The store as the service sees it."""
    found = connected(stack)
    yield found
    found.close()


@pytest.fixture(scope="module")
def blobs_of_module(stack: Stack) -> Iterator[Blobs]:
    """The same for a whole module."""
    found = connected(stack)
    yield found
    found.close()
