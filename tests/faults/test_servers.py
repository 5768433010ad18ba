"""The broker, the database and the object store die under load and come back; and the bus repeats and reorders."""

import asyncio

import pytest

from deploy.local.tools.letters import Letter, letters, redrive, settle_all
from shared.bus import Outgoing, Publisher, read_topic
from shared.contracts.topics import OBLIGATIONS, SUBMISSIONS, Topic, dead_letters
from shared.settings import CoreSettings, read
from tests.world import eventually


async def kill_and_restart_under_load(system, server: str, *, after: float) -> None:
    async def outage() -> None:
        await asyncio.sleep(after)
        await asyncio.to_thread(system.stack.kill, server)
        await asyncio.to_thread(system.stack.restart, server)

    outcome, _ = await asyncio.gather(system.round(roll=30, crowd=16), outage())
    assert [f"{story.person.code}: {story.trouble}" for story in outcome.troubles] == []
    assert await system.clean() == {}


@pytest.mark.campaign
@pytest.mark.timeout(400)
@pytest.mark.parametrize("after", [0.7, 6.0], ids=["while the roll comes in", "while reports come in"])
@pytest.mark.parametrize("server", ["kafka", "mongo", "s3"])
async def test_a_server_that_dies_under_load_loses_nothing(system, server, after):
    await kill_and_restart_under_load(system, server, after=after)


@pytest.mark.timeout(400)
async def test_the_database_dies_while_reports_come_in(system):
    await kill_and_restart_under_load(system, "mongo", after=5.0)


async def again(system, topic: Topic) -> int:
    """Publish every record of a topic once more, last first: duplicates, in the wrong order."""
    environment = system.stack.environment()
    name = topic.named("saraban")
    records = [record async for record in read_topic(environment["SARABAN_KAFKA_BOOTSTRAP"], [name])]
    publisher = Publisher(read(CoreSettings, environment), "echo")
    await publisher.start()
    await publisher.publish_all(
        [Outgoing(name, r.key, r.value, [(n, v or b"") for n, v in r.headers]) for r in reversed(records)]
    )
    await publisher.stop()
    return len(records)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("topic", [OBLIGATIONS, SUBMISSIONS], ids=lambda topic: topic.name)
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


@pytest.mark.timeout(300)
async def test_poison_between_good_records_stops_nobody(system):
    environment = system.stack.environment()
    publisher = Publisher(read(CoreSettings, environment), "poisoner")
    await publisher.start()
    name = OBLIGATIONS.named("saraban")
    poison = [
        Outgoing(name, b"p1", b"{", [("ce_id", None)]),  # type: ignore[list-item]
        Outgoing(name, b"p2", b"{", [("ce_id", b"\xff")]),
        Outgoing(name, b"p3", None, []),
        Outgoing(name, b"p4", b"x" * (1 << 20), []),
    ]
    await publisher.publish_all(poison * 3)
    outcome = await system.round()
    await publisher.publish_all(poison)
    await publisher.stop()
    assert outcome.troubles == []

    async def buried() -> bool:
        counts = []
        for service in ("credentials", "submissions", "notifier"):
            topic = dead_letters(service).named("saraban")
            counts.append(len([r async for r in read_topic(environment["SARABAN_KAFKA_BOOTSTRAP"], [topic])]))
        return all(count >= len(poison) * 4 for count in counts)

    assert await eventually(buried, within=60)
    gaps = await system.clean(but=frozenset({"dead letters"}))
    assert set(gaps) == {"dead letters"}, "everything else is whole, and the letters are named"
    found = await letters(environment["SARABAN_KAFKA_BOOTSTRAP"], "saraban")
    assert len(found) >= 3 * len(poison) * 4
    returned = await redrive(
        read(CoreSettings, environment), [one for one in found if one.said("dead_error") == "null_header"]
    )
    assert returned
    await settle_all(environment["SARABAN_KAFKA_BOOTSTRAP"], "saraban", found)

    async def back_again() -> list[Letter]:
        return await letters(environment["SARABAN_KAFKA_BOOTSTRAP"], "saraban")

    again = await eventually(back_again, within=60)
    old = {(one.service, one.number) for one in found}
    assert old.isdisjoint((one.service, one.number) for one in again), "the old ones are settled"

    async def settled_for_good() -> bool:
        rest = await letters(environment["SARABAN_KAFKA_BOOTSTRAP"], "saraban")
        await settle_all(environment["SARABAN_KAFKA_BOOTSTRAP"], "saraban", rest)
        return not rest

    assert await eventually(settled_for_good, within=90)
    assert await system.clean() == {}
