"""A round of some sixty centers in two provinces, and what a test asks about its clusters."""

import math
import os
import secrets
import sys
from asyncio.subprocess import DEVNULL, Process, create_subprocess_exec
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from deploy.local.roll.generator import COLUMNS, RollRow, generate
from services.registry.settings import RegistrySettings
from shared.contracts.events import ClusterChanged
from shared.contracts.topics import CLUSTERS
from tests.integration.registry.conftest import in_days
from tests.unit.registry.files import as_csv, roll
from tests.world import World, eventually

PROVINCES = ("50", "58")
EACH = (35, 26)
NO_POINT = 2
"""Centers whose coordinates are left out; others of their district have some."""


@cache
def rows() -> tuple[RollRow, ...]:
    """The same centers every time, by code."""
    found: dict[str, list[RollRow]] = defaultdict(list)
    for row in generate(10_002).rows:
        found[row.lao_code[1:3]].append(row)
    return tuple(row for code, many in zip(PROVINCES, EACH, strict=True) for row in found[code][:many])


def sheet() -> bytes:
    """They as a file; the first ones have no coordinates."""
    lines = [
        row._asdict() | ({"latitude": "", "longitude": ""} if n < NO_POINT else {}) for n, row in enumerate(rows())
    ]
    return as_csv([COLUMNS, *(tuple(line.values()) for line in lines)])


def lattice(side: int) -> bytes:
    """A roll of centers that lie on a lattice, two kilometers from each other."""
    wide = 0.02 / math.cos(math.radians(19))
    points = [(19 + 0.02 * north, 97.9 + wide * east) for north in range(side) for east in range(side)]
    return as_csv(
        roll(
            *(
                {"รหัสศูนย์": f"{at:03}", "ละติจูด": f"{latitude:.6f}", "ลองจิจูด": f"{longitude:.6f}"}
                for at, (latitude, longitude) in enumerate(points)
            )
        )
    )


def codes(province: str) -> set[str]:
    return {row.code for row in rows() if row.lao_code[1:3] == province}


@dataclass
class Clustering:
    """One round of the registry behind `http`."""

    world: World
    http: httpx.AsyncClient
    round: str

    @classmethod
    async def opened(cls, world: World, http: httpx.AsyncClient, file: bytes | None = None) -> "Clustering":
        name = f"c{secrets.token_hex(4)}"
        new = {"round": name, "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(30)}
        assert (await http.post("/v1/rounds", json=new)).status_code == 201
        sent = await http.post(f"/v1/rounds/{name}/roll", content=file or sheet())
        assert sent.json()["rows"]["rejected"] == 0, sent.text
        assert (await http.post(f"/v1/rounds/{name}/open")).status_code == 200
        return cls(world, http, name)

    async def ask(self, method: str, path: str, status: int = 200, **request: Any) -> Any:
        answer = await self.http.request(method, f"/v1/rounds/{self.round}{path}", **request)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    async def start(self, **wish: Any) -> str:
        return str((await self.ask("POST", "/clusters", 202, json=wish))["plan"])

    async def plan(self, plan: str) -> dict[str, Any]:
        return dict(await self.ask("GET", f"/plans/{plan}"))

    async def ended(self, plan: str) -> dict[str, Any]:
        async def so() -> Any:
            found = await self.plan(plan)
            return found if found["state"] not in {"waiting", "running"} else None

        return dict(await eventually(so, within=90))

    async def adopt(self, plan: str) -> dict[str, Any]:
        await self.ask("POST", f"/plans/{plan}/adopt", 202)
        return await self.adopted(plan)

    async def adopted(self, plan: str) -> dict[str, Any]:
        async def so() -> Any:
            found = await self.plan(plan)
            return found if found["adoption"] == "adopted" else None

        return dict(await eventually(so, within=60))

    async def clusters(self, within: str | None = None) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        cursor: str | None = None
        while True:
            params = {"limit": 7, **({"within": within} if within else {}), **({"cursor": cursor} if cursor else {})}
            page = await self.ask("GET", "/clusters", params=params)
            found |= {one["cluster"]: one for one in page["items"]}
            cursor = page["next"]
            if cursor is None:
                return found

    async def told(self) -> dict[str, ClusterChanged]:
        """What stands on the bus of this round, the newest of each cluster."""
        newest: dict[str, tuple[int, ClusterChanged]] = {}
        for record in await self.world.records(CLUSTERS):
            said = ClusterChanged.model_validate_json(record.value or b"")
            sequence = int(dict(record.headers)["ce_sequence"] or 0)
            if said.round == self.round and sequence >= newest.get(said.cluster, (0, said))[0]:
                newest[said.cluster] = sequence, said
        return {name: said for name, (_, said) in newest.items()}


async def process(world: World, *, failpoints: str) -> Process:
    """A registry as a process of its own that works on plans, and dies where it is told to."""
    settings = world.settings(RegistrySettings)
    chosen = settings.model_dump(exclude={"mongo_url", "s3_secret_key", "roles", "failpoints"}, exclude_none=True)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        **world.environment,
        **{f"SARABAN_{name.upper()}": str(value) for name, value in chosen.items()},
        "SARABAN_HTTP_PORT": "0",
        "SARABAN_FAILPOINTS": failpoints,
        "SARABAN_ROLES": "relay",
    }
    return await create_subprocess_exec(
        sys.executable, "-m", "services.registry", env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
