"""The broker, the database and the object store die under load and come back; and the bus repeats and reorders."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from pydantic import ValidationError

from shared.bus import Incoming, Outgoing, Publisher, read_topic
from shared.bus.envelope import decode
from shared.contracts.events import EVENT_TYPES
from shared.contracts.topics import OBLIGATIONS, SUBMISSIONS, Topic
from shared.failures import BadData
from shared.settings import CoreSettings, read
from tests.world import eventually


async def kill_and_restart_under_load(system, server: str, moment: Callable[[], Awaitable[None]], **size: int) -> None:
    async def outage() -> None:
        await moment()
        await asyncio.to_thread(system.stack.kill, server)
        await asyncio.to_thread(system.stack.restart, server)

    outcome, _ = await asyncio.gather(system.round(**size), outage())
    assert [f"{story.person.code}: {story.trouble}" for story in outcome.troubles] == []
    assert await system.clean() == {}


@pytest.mark.campaign
@pytest.mark.timeout(400)
@pytest.mark.parametrize("after", [0.7, 6.0], ids=["while the roll comes in", "while reports come in"])
@pytest.mark.parametrize("server", ["kafka", "mongo", "s3"])
async def test_a_server_that_dies_under_load_loses_nothing(system, server, after):
    await kill_and_restart_under_load(system, server, lambda: asyncio.sleep(after), roll=30, crowd=16)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("server", ["kafka", "mongo", pytest.param("s3", marks=pytest.mark.campaign)])
async def test_a_server_that_dies_while_the_first_reports_come_in_loses_nothing(system, server):
    submissions = system.insight.mongos["submissions"].documents("submissions")
    before = await submissions.count({"reports": {"$ne": []}})

    async def reports_come_in() -> None:
        async def first() -> bool:
            return bool(await submissions.count({"reports": {"$ne": []}}) > before)

        await eventually(first, within=120)

    await kill_and_restart_under_load(system, server, reports_come_in)


@pytest.mark.timeout(120)
async def test_services_that_use_the_object_store_are_not_ready_while_it_hangs(system):
    services = {name: system.stack.servers[name].address for name in ("registry", "credentials", "submissions")}

    async def ready(http: httpx.AsyncClient) -> dict[str, tuple[int, str]]:
        answers = {name: await http.get(f"{address}/readyz") for name, address in services.items()}
        return {name: (each.status_code, each.json()["checks"]["objects"]) for name, each in answers.items()}

    async with httpx.AsyncClient(timeout=20) as http:

        async def all_ready() -> bool:
            return set((await ready(http)).values()) == {(200, "ok")}

        async def none_ready() -> bool:
            return set((await ready(http)).values()) == {(503, "no answer in time")}

        await eventually(all_ready)
        system.stack.pause("s3")
        try:
            await eventually(none_ready)  # a thread of it may finish what it had in hand
        finally:
            system.stack.resume("s3")
        await eventually(all_ready)


def readable(record: Incoming) -> bool:
    try:
        envelope = decode(record)
        EVENT_TYPES[envelope.type].validate(envelope.data)
    except (BadData, ValidationError):
        return False
    return True


async def again(system, topic: Topic) -> int:
    """Publish every event of a topic once more, last first: duplicates, in the wrong order.

    What other tests spoiled stays out: it would be buried again.
    """
    environment = system.stack.environment()
    name = topic.named("saraban")
    bootstrap = environment["SARABAN_KAFKA_BOOTSTRAP"]
    records = [record async for record in read_topic(bootstrap, [name]) if readable(record)]
    publisher = Publisher(read(CoreSettings, environment), "echo")
    await publisher.start()
    await publisher.publish_all(
        [Outgoing(name, r.key, r.value, [(n, v or b"") for n, v in r.headers]) for r in reversed(records)]
    )
    await publisher.stop()
    return len(records)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "topic", [pytest.param(OBLIGATIONS, marks=pytest.mark.campaign), SUBMISSIONS], ids=lambda one: one.name
)
async def test_duplicates_in_the_wrong_order_change_nothing(system, topic):
    await system.round()
    notifier = system.insight.mongos["notifier"]
    submissions = system.insight.mongos["submissions"].documents("submissions")
    before = await notifier.documents("deliveries").count({})
    decided = {d["_id"]: d["sequence"] async for d in submissions.each({}, fields=["sequence"])}
    assert await again(system, topic)
    # A round of its own comes after the echo in every partition it touches: once it is through, so is the echo.
    await system.round()
    mine = {
        d["_id"]: d["sequence"] async for d in submissions.each({"_id": {"$in": list(decided)}}, fields=["sequence"])
    }
    assert mine == decided
    causes = [d["cause"] + d["kind"] + d["recipient"] async for d in notifier.documents("deliveries").each({})]
    assert len(causes) == len(set(causes)) > before
    assert await system.clean() == {}
