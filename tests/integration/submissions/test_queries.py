"""Every query of the service finds its documents by an index."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from deploy.local.crowd.papers import paper
from services.submissions.app import build
from tests.integration.submissions.conftest import Office, introduce, settings_of
from tests.world import World, run_app

READS = {"find", "aggregate", "count", "distinct"}
WRITES = {"update": "updates", "delete": "deletes", "findAndModify": None}


class Watch(CommandListener):
    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in READS or event.command_name in WRITES:
            self.commands.append({"name": event.command_name, "command": dict(event.command)})

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


async def test_no_query_of_a_whole_life_reads_a_whole_collection(world: World) -> None:
    watch = Watch()
    app = build(settings_of(world), listeners=[watch])
    async with (
        run_app(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://submissions") as http,
    ):
        office = Office(world, http, secrets.token_hex(4))
        await introduce(office)
        key = {"Idempotency-Key": secrets.token_hex(8)}
        data = paper("a", 200_000)
        await office.open(data, headers=key)
        asked = f"/v1/rounds/{office.round}/centers/{office.center}/uploads/preflight"
        assert (await office.ask("POST", asked, json={"size": len(data)})).status_code == 200
        receipt = await office.bring(data)
        form = await office.ask("POST", f"/v1/rounds/{office.round}/centers/{office.center}/forms")
        assert (await office.http.post("/forms", data={"code": form.json()["code"]})).status_code == 200
        await office.bring(data[:5000], center=office.other)
        await office.decided()
        await office.decided(office.other)
        await office.ask("GET", f"/v1/receipts/{receipt['code']}")
        listing = f"/v1/rounds/{office.round}/submissions"
        for query in ({}, {"within": "5801"}, {"state": "accepted"}, {"limit": 1}):
            page = await office.ask("GET", listing, role="province", org="58", params=query)
            assert page.status_code == 200, page.text
        await office.ask("GET", listing, role="province", org="58", params={"cursor": page.json()["next"]})

    mongo = world.mongo("submissions")
    scanned = []
    for seen in watch.commands:
        for command in explainable(seen):
            plan = await mongo.explain(command)
            if "COLLSCAN" in stages(plan):
                scanned.append(command)
    assert scanned == []
    names = {str(seen["command"].get(seen["name"])) for seen in watch.commands}
    assert {"submissions", "rounds", "centers", "obligations", "leases", "idempotency"} <= names


def explainable(seen: dict[str, Any]) -> list[dict[str, Any]]:
    """The command without what belongs to its session; a bulk write one operation at a time."""
    command = {
        key: value
        for key, value in seen["command"].items()
        if not key.startswith("$") and key not in {"lsid", "txnNumber", "writeConcern", "readConcern"}
    }
    parts = WRITES.get(seen["name"])
    if parts is None:
        return [command]
    return [{**command, parts: [one]} for one in command[parts]]


def stages(plan: object) -> set[str]:
    if isinstance(plan, dict):
        own = {plan["stage"]} if isinstance(plan.get("stage"), str) else set()
        return own.union(*(stages(value) for value in plan.values()))
    if isinstance(plan, list):
        return set().union(*(stages(value) for value in plan))
    return set()
