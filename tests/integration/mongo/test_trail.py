"""The audit trail on the real database: chains that hold under many writers."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.mongo import Mongo
from shared.mongo.trail import AuditTrail
from shared.security.audit import Break, Deed, verify
from tests.world import World

NOW = datetime(2025, 11, 1, 2, 0, 0, 123456, tzinfo=UTC)


class Nobody:
    """Publishes nothing."""

    grace = timedelta(hours=1)

    def announce(self, outbox, aggregate, entries) -> None:
        pass


def deed(detail: str = "", subject: str = "2569/c1", action: str = "credential.reveal") -> Deed:
    return Deed("someone", "center", action, subject, "allowed", detail)


@pytest.fixture
async def mongo(world: World) -> Mongo:
    return world.mongo("credentials")


@pytest.fixture
async def trail(mongo: Mongo) -> AuditTrail:
    made = AuditTrail(mongo, Nobody())
    await made.prepare()
    return made


async def test_entries_form_a_chain_that_holds(trail: AuditTrail) -> None:
    for number in range(4):
        await trail.enter("c1", deed(str(number)), NOW)
    links = await trail.chain("c1")
    assert [each.number for each in links] == [1, 2, 3, 4]
    assert verify("c1", links, head=links[-1].hash) == []


async def test_many_writers_in_many_processes_make_one_chain(mongo: Mongo, trail: AuditTrail) -> None:
    writers = [trail, *(AuditTrail(mongo, Nobody()) for _ in range(3))]
    await asyncio.gather(*(writer.enter("c1", deed(f"{n}"), NOW) for writer in writers for n in range(15)))
    links = await trail.chain("c1")
    assert len(links) == 60
    assert verify("c1", links) == []


async def test_one_deed_enters_many_chains_each_time_it_is_done(trail: AuditTrail) -> None:
    await trail.enter("c4", deed("earlier"), NOW)
    deeds = {f"c{n}": deed("archive") for n in range(10)}
    await asyncio.gather(trail.enter_each(deeds, NOW), trail.enter_each(deeds, NOW))
    for chain in deeds:
        links = await trail.chain(chain)
        assert [each.detail for each in links] == (["earlier"] if chain == "c4" else []) + ["archive", "archive"]
        assert verify(chain, links) == []


async def test_bulk_entries_are_made_once_however_often_they_are_begun(trail: AuditTrail, mongo: Mongo) -> None:
    await trail.enter("c3", deed("earlier", subject="2569/c3"), NOW)
    deeds = {f"c{n}": deed(subject=f"2569/c{n}", action="credential.seal") for n in range(10)}
    await trail.enter_once(deeds, NOW)
    await AuditTrail(mongo, Nobody()).enter_once(deeds, NOW)
    assert {name: len(await trail.chain(name)) for name in deeds} == {**dict.fromkeys(deeds, 1), "c3": 2}
    for name in deeds:
        assert verify(name, await trail.chain(name)) == []


async def test_bulk_and_single_entries_do_not_part_a_chain(trail: AuditTrail) -> None:
    await trail.enter("c1", deed("first"), NOW)
    await trail.enter_once({"c1": deed(action="credential.seal")}, NOW)
    await trail.enter("c1", deed("last"), NOW)
    assert verify("c1", await trail.chain("c1")) == []
    assert len(await trail.chain("c1")) == 3


async def test_an_entry_changed_in_the_database_breaks_its_chain(trail: AuditTrail, mongo: Mongo) -> None:
    for _ in range(3):
        await trail.enter("c1", deed(), NOW)
    await mongo.documents("audit").update({"chain": "c1", "number": 2}, {"$set": {"actor": "nobody"}})
    assert verify("c1", await trail.chain("c1")) == [Break("c1", 2, "hash-differs")]


async def test_entries_about_a_subject_come_in_pages(trail: AuditTrail) -> None:
    for number in range(5):
        await trail.enter(f"chain{number % 2}", deed(str(number)), NOW + timedelta(milliseconds=number // 2))
    first = await trail.about("2569/c1", None, 2)
    rest = await trail.about("2569/c1", first[-1][0], 10)
    assert sorted(each.detail for _, each in [*first, *rest]) == ["0", "1", "2", "3", "4"]


async def test_each_entry_waits_in_its_outbox_for_the_bus(trail: AuditTrail, mongo: Mongo) -> None:
    await trail.enter("c1", deed(), NOW)
    (stored,) = await mongo.documents("audit").find({})
    assert [(entry["topic"], entry["key"]) for entry in stored["outbox"]] == [("audit", "someone")]
