"""Every query of the notifier, as it went over the wire, has an index."""

from typing import Any

from pymongo.monitoring import CommandListener

from services.notifier.app import build
from shared.mongo import Mongo
from tests.integration.notifier.country import LAO, ROUND, Country, settings
from tests.integration.notifier.watching import Desk, Handled
from tests.plans import Asked
from tests.world import eventually

EXPLAINED = ("find", "aggregate", "count", "update", "delete", "findAndModify")

STORES = (
    "services.notifier.store",
    "services.notifier.knowledge",
)
"""Every query of these is asked here."""


class Wire(CommandListener):
    """Keeps one command of each shape."""

    def __init__(self) -> None:
        self.commands: dict[tuple[Any, ...], dict[str, Any]] = {}

    def started(self, event: Any) -> None:
        name = event.command_name
        if name in EXPLAINED:
            command = {key: value for key, value in event.command.items() if key not in IGNORED}
            self.commands.setdefault((name, event.command[name], *sorted(shape(command))), command)

    def succeeded(self, event: Any) -> None: ...
    def failed(self, event: Any) -> None: ...


IGNORED = {"lsid", "txnNumber", "$clusterTime", "$db", "writeConcern", "readConcern", "$readPreference", "ordered"}


def shape(value: Any, path: str = "") -> set[str]:
    """Which fields a command names, without what they hold."""
    if isinstance(value, dict):
        return {deeper for key, held in value.items() for deeper in shape(held, f"{path}.{key}")}
    if isinstance(value, list):
        return {deeper for held in value for deeper in shape(held, path)}
    return {path}


def stages(plan: Any) -> set[str]:
    if isinstance(plan, dict):
        own = {plan["stage"]} if isinstance(plan.get("stage"), str) else set()
        return own | {stage for key, held in plan.items() if key != "rejectedPlans" for stage in stages(held)}
    if isinstance(plan, list):
        return {stage for held in plan for stage in stages(held)}
    return set()


async def scans(mongo: Mongo, command: dict[str, Any], name: str) -> bool:
    if name in {"update", "delete"}:
        (command, first) = (dict(command), command[f"{name}s"][0])
        command[f"{name}s"] = [first]
    return "COLLSCAN" in stages(await mongo.explain(command))


async def test_every_query_uses_an_index(world, post, client, monkeypatch):
    asked = Asked(monkeypatch, *STORES)
    country, wire, handled = Country(world), Wire(), Handled(world)
    await country.organizations(LAO)
    await country.centers("c1", "c2")
    await country.round("draft")
    await country.obligations("c1", "c2")
    async with client(build(settings(world, post), listeners=[wire])) as http:

        async def ask(method: str, path: str, role: str, org: str, **more: Any) -> None:
            headers = {"Authorization": f"Bearer {world.token(role, org)}", "Idempotency-Key": "key-12345"}
            answer = await http.request(method, path, headers=headers, **more)
            assert answer.status_code < 300, answer.text

        await Desk(world).until(held=1)
        await country.round("open", sequence=2, obligations=2)
        await country.credentials("c1")
        await country.received("c1")
        await country.rejected("c1")
        await handled.until(projections=13, effects=5)
        await Desk(world).until(delivered=4)
        await ask("POST", "/v1/notices", "province", "58", json={"kind": "reminder", "round": ROUND})
        await Desk(world).until(delivered=6)
        await country.obligations("c3")  # one more of an LAO that was told already
        await handled.until(projections=14, effects=6)
        (opening,) = await Desk(world).all(recipient=LAO)
        await ask("POST", f"/v1/notices/{opening['notice']}/acknowledgements", "lao", LAO)
        for role, org in (("province", "58"), ("center", "c1"), ("operator", "00")):
            await ask("GET", "/v1/deliveries?recipient=c1", role, org)
            await ask("GET", f"/v1/deliveries?recipient=c1&notice={opening['notice']}", role, org)
        await ask("GET", f"/v1/deliveries?notice={opening['notice']}", "province", "58")
        await ask("GET", f"/v1/notices/{opening['notice']}", "province", "58")
        await ask("GET", f"/v1/rounds/{ROUND}/chase?limit=1", "province", "58")

        async def swept() -> bool:
            return any("outbox" in str(key) for key in wire.commands)

        await eventually(swept)
    mongo = world.mongo("notifier")
    assert len(wire.commands) > 25
    faults = [key for key, command in wire.commands.items() if await scans(mongo, command, str(key[0]))]
    assert not faults, faults
    assert asked.never() == []
    assert await scans(mongo, {"find": "deliveries", "filter": {"reason": "x"}}, "find")
