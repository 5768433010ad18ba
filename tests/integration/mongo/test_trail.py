"""The audit trail on the real database: chains that hold under many writers."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.events import AuditAnchored
from shared.mongo import Mongo
from shared.mongo.anchoring import Anchoring
from shared.mongo.people import People
from shared.mongo.trail import AuditTrail
from shared.security.anchors import HEADS_EACH, Signer
from shared.security.audit import Break, Deed, verify
from shared.security.ledger import Findings, Ledger
from tests.plans import Watch
from tests.world import World

SIGNER = Signer(b"a" * 32)
NOW = datetime(2025, 11, 1, 2, 0, 0, 123456, tzinfo=UTC)


class Nobody:
    """Publishes nothing."""

    grace = timedelta(hours=1)

    def announce(self, outbox, aggregate, entries) -> None:
        pass


def deed(detail: str = "", subject: str = "2569/c1", action: str = "credential.reveal", actor: str = "someone") -> Deed:
    return Deed(actor, "center", action, subject, "allowed", detail)


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


async def test_bulk_entries_that_two_processes_begin_at_once_are_made_once(trail: AuditTrail, mongo: Mongo) -> None:
    deeds = {f"c{n}": deed(subject=f"2569/c{n}", action="credential.erase") for n in range(20)}
    others = [trail, *(AuditTrail(mongo, Nobody()) for _ in range(4))]
    await asyncio.gather(*(one.enter_once(deeds, NOW) for one in others))
    assert {name: len(await trail.chain(name)) for name in deeds} == dict.fromkeys(deeds, 1)


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
    assert [(entry["topic"], entry["key"]) for entry in stored["outbox"]] == [("audit", stored["actor"])]


async def test_an_entry_names_its_actor_by_a_reference_that_leads_to_the_name(trail: AuditTrail, mongo: Mongo) -> None:
    first, second = await trail.enter("c1", deed(), NOW), await trail.enter("c2", deed("again"), NOW)
    assert first.actor == second.actor
    assert "someone" not in repr(await mongo.documents("audit").find({}))
    assert await trail.people.name_of(first.actor) == "someone"


async def test_a_person_forgotten_leaves_chains_that_hold_and_references_that_lead_nowhere(
    trail: AuditTrail, mongo: Mongo
) -> None:
    before = await trail.enter("c1", deed(), NOW)
    assert await trail.people.forget(before.actor)
    after = await trail.enter("c1", deed("again"), NOW)
    assert verify("c1", await trail.chain("c1"), head=after.hash) == []
    assert after.actor != before.actor
    assert await trail.people.name_of(before.actor) is None
    assert not await trail.people.forget(before.actor)


async def test_many_processes_give_one_person_one_reference(mongo: Mongo, trail: AuditTrail) -> None:
    registers = [People(mongo) for _ in range(8)]
    given = await asyncio.gather(*(register.references([f"person-{n}" for n in range(20)]) for register in registers))
    assert all(each == given[0] for each in given)
    assert len(set(given[0].values())) == 20


@pytest.fixture
async def anchoring(mongo: Mongo, trail: AuditTrail) -> Anchoring:
    made = Anchoring(mongo, Nobody(), trail, "credentials", lambda: SIGNER)
    await made.prepare()
    return made


async def verified(mongo: Mongo, **options: Any) -> Findings:
    """What an offline verification of everything that was told finds."""
    ledger = Ledger()
    for name in ("audit", "anchors"):
        async for document in mongo.documents(name).each({}):
            for told in document["outbox"]:
                if told["type"].endswith("anchored.v1"):
                    ledger.anchor("credentials", AuditAnchored.model_validate_json(told["data"]))
                elif name == "audit":
                    ledger.enter("credentials", document)
    return ledger.findings(keys={"credentials": SIGNER.key}, **options)


async def test_every_entry_is_anchored_once_and_a_cut_tail_is_missed(
    trail: AuditTrail, anchoring: Anchoring, mongo: Mongo
) -> None:
    for number in range(6):
        await trail.enter(f"c{number % 2}", deed(str(number)), NOW)
    assert await anchoring.anchor(NOW) == 2
    assert await anchoring.anchor(NOW) == 0
    await trail.enter("c1", deed("later"), NOW)
    assert await anchoring.anchor(NOW) == 1
    found = await verified(mongo)
    assert (found.breaks, found.entries, found.anchors, found.unanchored) == ([], 7, 2, 0)
    await mongo.documents("audit").delete({"chain": "c1", "number": 4})
    assert [each.fault for _, each in (await verified(mongo)).breaks] == ["head-missing"]


async def test_more_chains_than_an_anchor_holds_take_several(
    trail: AuditTrail, anchoring: Anchoring, mongo: Mongo
) -> None:
    await trail.enter_each({f"c{n}": deed(subject=f"2569/c{n}") for n in range(HEADS_EACH + 10)}, NOW)
    assert await anchoring.anchor(NOW) == HEADS_EACH + 10
    found = await verified(mongo)
    assert (found.breaks, found.anchors, found.unanchored) == ([], 2, 0)


async def test_two_processes_that_anchor_at_once_make_one_chain_of_anchors(
    trail: AuditTrail, anchoring: Anchoring, mongo: Mongo
) -> None:
    others = [anchoring, *(Anchoring(mongo, Nobody(), trail, "credentials", lambda: SIGNER) for _ in range(3))]
    for number in range(5):
        await trail.enter(f"c{number}", deed(), NOW)
        await asyncio.gather(*(each.anchor(NOW) for each in others))
    await anchoring.anchor(NOW)
    found = await verified(mongo)
    assert (found.breaks, found.unanchored) == ([], 0)


async def test_entries_past_their_time_go_in_first_parts_and_the_rest_still_holds(
    trail: AuditTrail, anchoring: Anchoring, mongo: Mongo
) -> None:
    for day in range(10):
        await trail.enter("c1", deed(str(day)), NOW + timedelta(days=day))
        await trail.enter("c2", deed(str(day)), NOW)
    await anchoring.anchor(NOW)
    await mongo.documents("audit").update_all({}, {"$set": {"outbox": []}})  # the bus has them
    assert await anchoring.remove_older(NOW + timedelta(days=3.5), NOW) == 4 + 10
    assert await anchoring.remove_older(NOW + timedelta(days=3.5), NOW) == 0
    assert [each.number for each in await trail.chain("c1")] == [5, 6, 7, 8, 9, 10]
    assert await trail.chain("c2") == []
    fresh = AuditTrail(mongo, Nobody())
    assert (await fresh.enter("c2", deed("after"), NOW)).number == 11
    await fresh.enter_each({"c1": deed("bulk"), "c2": deed("bulk")}, NOW)
    ledger = Ledger()
    async for document in mongo.documents("audit").each({}):
        ledger.enter("credentials", document)
    async for document in mongo.documents("anchors").each({}):
        ledger.anchor("credentials", AuditAnchored.model_validate(document))
    findings = ledger.findings(keys={"credentials": SIGNER.key})
    assert (findings.breaks, findings.entries) == ([], 9)


async def test_what_the_bus_has_not_or_no_anchor_names_is_not_removed(trail: AuditTrail, anchoring: Anchoring) -> None:
    await trail.enter("c1", deed(), NOW)
    assert await anchoring.remove_older(NOW + timedelta(days=1), NOW) == 0
    await anchoring.anchor(NOW)
    assert await anchoring.remove_older(NOW + timedelta(days=1), NOW) == 0
    assert len(await trail.chain("c1")) == 1


async def test_a_name_goes_with_its_last_entry_and_stays_for_who_acts_again(
    trail: AuditTrail, anchoring: Anchoring, mongo: Mongo
) -> None:
    for name in ("gone", "stays", "returns"):
        await trail.enter(f"of-{name}", deed(actor=name), NOW)
    await trail.enter("of-stays", deed("later", actor="stays"), NOW + timedelta(days=9))
    await anchoring.anchor(NOW)
    await mongo.documents("audit").update_all({}, {"$set": {"outbox": []}})
    assert await anchoring.remove_older(NOW + timedelta(days=5), NOW + timedelta(days=5)) == 3
    assert await anchoring.forget_names(NOW + timedelta(days=5)) == 0, "somebody may be about to use a reference"
    again = await AuditTrail(mongo, Nobody()).enter("of-returns", deed("again", actor="returns"), NOW)
    assert await anchoring.forget_names(NOW + timedelta(days=6)) == 1
    names = {each["_id"] for each in await mongo.documents("people").find({})}
    assert names == {"stays", "returns"}
    assert await trail.people.name_of(again.actor) == "returns"
    assert await mongo.documents("people").count({"leaving": {"$exists": True}}) == 0


async def test_whoever_is_forgotten_while_they_act_gets_a_new_reference(mongo: Mongo) -> None:
    """The mark is seen, but the name is gone before it can be taken off."""
    here, there = People(mongo), People(mongo)
    before = (await here.references(["someone"]))["someone"]
    await here.may_leave([before], NOW)
    update = there._documents.update

    async def forgotten_first(*asked: Any, **options: Any) -> int:
        assert await here.leave(before, NOW + timedelta(hours=1)) == 1
        return await update(*asked, **options)

    there._documents.update = forgotten_first  # type: ignore[method-assign]
    after = (await there.references(["someone"]))["someone"]
    assert after != before
    assert await there.name_of(after) == "someone"


async def test_what_anchors_removes_and_forgets_reads_no_whole_collection(world: World) -> None:
    watch = Watch()
    watched = world.mongo("credentials", listeners=[watch])
    trail = AuditTrail(watched, Nobody())
    anchoring = Anchoring(watched, Nobody(), trail, "credentials", lambda: SIGNER)
    await trail.prepare()
    await anchoring.prepare()
    await trail.enter("c1", deed(actor="gone"), NOW)
    await trail.enter("c1", deed(actor="stays"), NOW)
    await trail.enter("c2", deed("later", actor="stays"), NOW + timedelta(days=9))
    await anchoring.anchor(NOW)
    await watched.documents("audit").update({"_id": "c1#00000001"}, {"$set": {"outbox": []}})
    await watched.documents("audit").update({"_id": "c1#00000002"}, {"$set": {"outbox": []}})
    assert await anchoring.remove_older(NOW + timedelta(days=5), NOW) == 2
    await People(watched).references(["stays"])
    assert await anchoring.forget_names(NOW + timedelta(days=5)) == 1
    names = {" ".join(command.split()[:2]) for command in watch.commands}
    assert {"find audit", "aggregate audit", "delete audit", "find people", "update people"} <= names
    assert await watch.scans(world.mongo("credentials")) == []
