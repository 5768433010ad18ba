"""A registry with a few hundred centers for everybody who only reads, and what a list must hold by plain reckoning."""

import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from deploy.local.roll.generator import generate
from deploy.local.stack import Stack
from shared.mongo import Mongo
from tests.integration.registry.conftest import in_days, open_registry
from tests.unit.registry.files import HEADERS, as_csv, row
from tests.world import World, run_app

Center = dict[str, Any]
SPECIAL = {
    "sp-01": "ศูนย์พัฒนาเด็กเล็กบ้านโพธิ์ศรีสุข",
    "sp-02": "ศูนย์พัฒนาเด็กเล็กโรงเรียนบ้านโพธิ์ศรีสุข",
    "sp-03": "ศูนย์พัฒนาเด็กเล็กวัดใหม่โพธิ์ศรีสุขเหนือ",
    "sp-04": "ศูนย์พัฒนาเด็กเล็กชุมชนกุดจิกสามัคคี",
    "sp-05": "ศูนย์พัฒนาเด็กเล็ก",
}


@dataclass
class Library:
    """A registry as its readers see it. `centers` is what it holds."""

    http: httpx.AsyncClient
    world: World
    mongo: Mongo
    centers: list[Center] = field(default_factory=list)

    def as_(self, role: str, org: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.world.token(role, org)}"}

    async def get(self, path: str, role: str = "department", org: str = "00", **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query or None, headers=self.as_(role, org))

    async def found(
        self, path: str = "/v1/centers", role: str = "department", org: str = "00", **query: Any
    ) -> list[Center]:
        """All pages of a list."""
        items: list[Center] = []
        while True:
            answer = await self.get(path, role, org, **query)
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            if answer.json()["next"] is None:
                return items
            query["cursor"] = answer.json()["next"]

    async def codes(self, **query: Any) -> list[str]:
        return [center["code"] for center in await self.found(**query)]

    def reckoned(self, holds: Callable[[Center], bool]) -> set[str]:
        """The codes of the centers of which this is true."""
        return {center["code"] for center in self.centers if holds(center)}


async def fill(http: httpx.AsyncClient, round_id: str, rows: list[tuple[object, ...]]) -> None:
    body = {"round": round_id, "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(30)}
    assert (await http.post("/v1/rounds", json=body)).status_code == 201
    answer = await http.post(f"/v1/rounds/{round_id}/roll", content=as_csv([HEADERS, *rows]))
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"]["rejected"] == 0, answer.text


def country(count: int, seed: int = 1) -> list[tuple[object, ...]]:
    """Rows of a generated roll, and some with names of their own."""
    drawn = [
        row(
            {
                "รหัสศูนย์": each.code, "ชื่อศูนย์": each.name, "อปท.ต้นสังกัด": each.lao_name, "รหัส อปท.": each.lao_code,
                "ตำบล": each.subdistrict, "อำเภอ": each.district, "จังหวัด": each.province, "ละติจูด": each.latitude,
                "ลองจิจูด": each.longitude, "อีเมล": each.email, "อีเมล อปท.": each.lao_email,
                "ปีที่ประเมินล่าสุด": each.last_assessed or "",
            }
        )
        for each in generate(count, seed).rows
    ]  # fmt: skip
    special = [row({"รหัสศูนย์": code, "ชื่อศูนย์": name, "ละติจูด": "", "ลองจิจูด": ""}) for code, name in SPECIAL.items()]
    return [*drawn, *special]


@pytest.fixture(scope="module")
async def library(stack: Stack) -> AsyncIterator[Library]:
    """Some 260 centers on the round `all`, half of them on `half`, which is open; some are closed."""
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    headers = {"Authorization": f"Bearer {world.token('department', '00')}"}
    app = open_registry(world)
    async with (
        run_app(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers) as http,
    ):
        rows = country(260)
        await fill(http, "all", rows)
        await fill(http, "half", rows[::2])
        assert (await http.post("/v1/rounds/half/open")).status_code == 200
        here = Library(http, world, world.mongo("registry"))
        documents = here.mongo.documents("centers")
        listed = set(await here.codes(round="half"))
        for code in sorted(set(await here.codes()) - listed)[:12]:
            await documents.update({"_id": code}, {"$set": {"state": "closed"}})
        here.centers = await here.found()
        yield here
    await world.close()
