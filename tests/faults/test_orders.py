"""kill -9 in the middle of an order: the tree is never left half moved, and every service learns where all is now."""

import itertools
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.crowd.campaign import DEPARTMENT
from shared.thai.calendar import now_in_bangkok
from tests.faults.arena import Arena
from tests.integration.registry.conftest import in_days
from tests.unit.registry.files import as_csv, roll
from tests.world import eventually

MANY = 450
"""Centers: three batches of an order."""

FEW = ["registry.after_move_batch:2"]
"""What `make test` dies at; the campaign dies everywhere."""

CAMPAIGN = [
    "registry.after_move_batch",
    "registry.after_move_batch:4",
    "registry.after_move_batch:7",
    "registry.before_order_done",
    "aggregate.before_write:4",
    "aggregate.after_write:5",
    "aggregate.after_write:8",
]

_serials = itertools.count(11)


class Ground:
    """An open round of its own, and two LAOs in two districts: many centers under one, one under the other."""

    def __init__(self, system: Arena) -> None:
        self.doors = system.doors
        self.round = f"k{secrets.token_hex(4)}"
        serial = next(_serials)
        self.full, self.other = f"65803{serial}", f"65801{serial}"
        self.centers = [f"{self.round}-{number:03}" for number in range(MANY)]

    async def ask(self, method: str, path: str, **request: Any) -> Any:
        return await self.doors.ask(DEPARTMENT, method, f"{self.doors.registry}{path}", **request)

    async def prepare(self) -> None:
        new = {"round": self.round, "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(30)}
        await self.ask("POST", "/v1/rounds", json=new)
        pai = {"อำเภอ": "ปาย", "ตำบล": "เวียงใต้", "รหัส อปท.": self.full, "อปท.ต้นสังกัด": f"อบต. {self.full}"}
        rows = [{"รหัสศูนย์": code, **pai} for code in self.centers]
        rows.append({"รหัสศูนย์": f"{self.round}-x", "รหัส อปท.": self.other, "อปท.ต้นสังกัด": f"อบต. {self.other}"})
        report = await self.ask("POST", f"/v1/rounds/{self.round}/roll", content=as_csv(roll(*rows)))
        assert report["rows"]["rejected"] == 0, report["reasons"]
        await self.ask("POST", f"/v1/rounds/{self.round}/open")

    async def ended(self, order: dict[str, Any]) -> dict[str, Any]:
        async def done() -> Any:
            found = await self.ask("GET", f"/v1/orders/{order['id']}")
            return found if found["state"] == "done" else None

        return dict(await eventually(done, within=60))

    async def owing(self, within: str) -> set[str]:
        found: set[str] = set()
        cursor: str | None = None
        while True:
            params = {"within": within, "state": "owed", "limit": 500, **({"cursor": cursor} if cursor else {})}
            page = await self.ask("GET", f"/v1/rounds/{self.round}/obligations", params=params)
            found |= {item["center"] for item in page["items"]}
            cursor = page["next"]
            if cursor is None:
                return found


async def survives(system: Arena, point: str, *, patient: bool) -> None:
    """Unless somebody is `patient`, the dead one's hand is taken off the tree before its fifteen seconds are over."""
    ground = Ground(system)
    await ground.prepare()
    deaths = len(system.died)
    today = now_in_bangkok().date().isoformat()
    async with system.dying("registry", point):
        order = await ground.ask(
            "POST",
            f"/v1/organizations/{ground.other}/merge",
            json={"sources": [ground.full], "effective": today, "reason": "ประกาศกระทรวงมหาดไทย"},
        )
        if not patient:
            await let_go(system, deaths)
        await ground.ended(order)
        assert len(system.died) == deaths + 1, f"the registry passed {point} alive: the point was never reached"
    children = (await ground.ask("GET", f"/v1/organizations/{ground.other}/centers?limit=500"))["items"]
    assert {center["code"] for center in children} >= set(ground.centers)
    assert {tuple(center["path"]) for center in children} == {("00", "58", "5801", ground.other)}
    assert await ground.owing(ground.other) >= set(ground.centers)
    assert await ground.owing(ground.full) == set()
    assert (await ground.ask("GET", f"/v1/organizations/{ground.full}"))["successor"] == ground.other
    assert await system.clean() == {}


async def let_go(system: Arena, deaths: int) -> None:
    async def died() -> bool:
        return len(system.died) > deaths

    await eventually(died)
    leases = system.insight.mongos["registry"].documents("leases")
    assert await leases.update({"_id": "tree"}, {"$set": {"until": datetime.fromtimestamp(0, UTC)}})


@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", FEW)
async def test_an_order_cut_off_is_carried_out(system, point):
    await survives(system, point, patient=False)


@pytest.mark.campaign
@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", CAMPAIGN)
async def test_an_order_cut_off_anywhere_is_carried_out(system, point):
    """The lease of the dead one runs out by itself."""
    await survives(system, point, patient=True)
