"""A register with one of everything, so that made-up requests find something."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from deploy.local.roll.generator import COLUMNS, RollRow
from tests.integration.registry.clustering import Clustering, codes, rows
from tests.integration.registry.conftest import TWO_CENTERS, in_days
from tests.unit.registry.files import as_csv, roll
from tests.world import World

PROVINCE = "58"
EACH = 4
"""Centers of each province: one cluster."""


@dataclass(frozen=True)
class Register:
    """Names of what there is. `__call__` gives those that the parameters of a path may have."""

    round: str
    plan: str
    cluster: str
    center: str
    organization: str
    document: str
    extension: str
    order: str
    draft: str
    waiting: str
    """A roll of the draft that waits for its second person."""

    def __call__(self, path: str) -> Mapping[str, str]:
        names = {"round": self.round, "plan": self.plan, "province": PROVINCE}
        ids = {
            "/clusters/": self.cluster,
            "/documents/": self.document,
            "/extensions/": self.extension,
            "/v1/orders/": self.order,
        }
        if "/roll/requests" in path:
            return {"round": self.draft, "id": self.waiting}
        code = self.center if path.startswith("/v1/centers/") else self.organization
        return names | {"code": code, "id": next((name for part, name in ids.items() if part in path), "")}


async def fill(world: World, http: httpx.AsyncClient) -> Register:
    """An open round with a document, clusters, an extension that was asked for; an order; a roll that waits."""
    chosen = few()
    round_ = await Clustering.opened(world, http, as_csv([COLUMNS, *map(tuple, chosen)]))
    plan = await round_.start()
    await round_.ended(plan)
    await round_.adopt(plan)
    letter = await round_.ask("POST", "/documents?name=letter.pdf&kind=letter", 201, content=b"%PDF-1.7\n%%EOF\n")
    wish = {"organization": PROVINCE, "deadline": in_days(40), "reason": "น้ำท่วม"}
    asked = await round_.ask("POST", "/extensions", 201, json=wish)
    center = chosen[-1]
    renaming = {"name": "ศูนย์พัฒนาเด็กเล็กบ้านใหม่", "reason": "ประกาศ"}
    order = await http.post(f"/v1/centers/{center.code}/rename", json=renaming)
    new = {"round": "draft", "fiscal_year": 2570, "academic_year": 2568, "deadline": in_days(90)}
    assert (await http.post("/v1/rounds", json=new)).status_code == 201
    await http.post("/v1/rounds/draft/roll", content=TWO_CENTERS)
    waiting = await http.post("/v1/rounds/draft/roll", content=as_csv(roll({})))
    assert waiting.status_code == 202, waiting.text
    return Register(
        round=round_.round,
        plan=plan,
        cluster=next(iter(await round_.clusters(PROVINCE))),
        center=center.code,
        organization=center.lao_code[1:5],
        document=letter["id"],
        extension=asked["id"],
        order=order.json()["id"],
        draft="draft",
        waiting=waiting.json()["request"]["id"],
    )


def few() -> list[RollRow]:
    """A few centers of two provinces, those of `PROVINCE` last."""
    return [row for province in ("50", PROVINCE) for row in rows() if row.code in sorted(codes(province))[:EACH]]
