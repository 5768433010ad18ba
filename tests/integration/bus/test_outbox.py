"""State and event are one write; what is written is announced, whoever dies in between."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel

from shared.bus import Bus, Outgoing
from shared.bus.relay import Relay
from shared.bus.sweeper import SWEEP_SECONDS, Sweeper
from shared.contracts.events import CenterChanged
from shared.contracts.topics import CENTERS
from shared.mongo import Aggregates, AlreadyThere, Backpressure, Conflict, Leases, NewEvent, OutboxEntry
from shared.mongo.aggregates import OUTBOX_CAP
from tests.world import World, eventually

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


class Plain(BaseModel):
    name: str


class Nobody:
    """A process that dies right after its write: nothing is announced."""

    grace = timedelta(0)

    def announce(self, outbox, aggregate, entries) -> None:
        pass


def event(code: str, name: str = "ศูนย์") -> NewEvent:
    return NewEvent(code, CenterChanged(code=code, name=name, lao="6580101", path=("00",), subdistrict="580101"))


@pytest.fixture
async def silent(world: World) -> Aggregates[Plain]:
    found = Aggregates(world.mongo("registry").documents("centers"), Plain, Nobody())
    await found.prepare()
    return found


async def test_state_version_and_event_are_written_together(silent):
    stored = await silent.create("c1", Plain(name="a"), [event("c1")], NOW)
    again = await silent.save(stored, Plain(name="b"), [event("c1"), event("c1")], NOW)
    document = await silent.documents.one({"_id": "c1"})
    assert (document["name"], document["version"], document["sequence"]) == ("b", 2, 3)
    assert [entry["sequence"] for entry in document["outbox"]] == [1, 2, 3]
    assert document["told"] == {"registry_centers": {"count": 3, "last": 3}}
    assert await silent.load("c1") == again


async def test_the_second_of_two_writers_is_refused_and_writes_nothing(silent):
    stored = await silent.create("c1", Plain(name="a"), [], NOW)
    await silent.save(stored, Plain(name="first"), [event("c1")], NOW)
    with pytest.raises(Conflict):
        await silent.save(stored, Plain(name="second"), [event("c1")], NOW)
    document = await silent.documents.one({"_id": "c1"})
    assert (document["name"], len(document["outbox"])) == ("first", 1)


async def test_of_fifty_racing_writers_exactly_one_wins_each_version(silent):
    stored = await silent.create("c1", Plain(name="0"), [], NOW)
    answers = await asyncio.gather(
        *(silent.save(stored, Plain(name=str(n)), [event("c1")], NOW) for n in range(50)), return_exceptions=True
    )
    assert sum(not isinstance(answer, Conflict) for answer in answers) == 1


async def test_an_id_is_given_once(silent):
    await silent.create("c1", Plain(name="a"), [], NOW)
    with pytest.raises(AlreadyThere):
        await silent.create("c1", Plain(name="b"), [event("c1")], NOW)
    assert (await silent.load("c1")).state.name == "a"


async def test_many_writes_at_once_name_those_that_lost(silent):
    assert await silent.create_many([(f"c{n}", Plain(name="a"), []) for n in range(4)], NOW) == set()
    loaded = await silent.load_many([f"c{n}" for n in range(4)])
    await silent.save(loaded["c2"], Plain(name="other"), [], NOW)
    missed = await silent.save_many([(s, Plain(name="mine"), [event(s.id)]) for s in loaded.values()], NOW)
    assert missed == {"c2"}
    assert (await silent.load("c2")).state.name == "other"
    assert (await silent.load("c3")).state.name == "mine"


async def test_writers_are_held_back_while_the_broker_is_away(silent):
    stored = await silent.create("c1", Plain(name="a"), [event("c1")] * OUTBOX_CAP, NOW)
    with pytest.raises(Backpressure):
        await silent.save(stored, Plain(name="b"), [event("c1")], NOW)
    document = await silent.documents.one({"_id": "c1"})
    assert (document["name"], len(document["outbox"])) == ("a", OUTBOX_CAP)


async def test_the_producer_is_idempotent_wherever_the_broker_has_it(world):
    """Apache Kafka has it (SARABAN_TEST_STACK=real); Tansu has no InitProducerId, and the local stack says so."""
    publisher = await world.publisher()
    assert publisher._producer
    numbered = publisher._producer._txn_manager is not None
    assert numbered == world.settings().kafka_idempotent == (world.stack.kind == "real")
    if numbered:
        assert publisher._producer._txn_manager.has_pid(), "the broker gave it an id"


async def test_what_is_written_is_announced_at_once_and_taken_out(world):
    bus = Bus(world.settings(roles="api"), "registry")
    centers = Aggregates(world.mongo("registry").documents("centers"), Plain, bus.relay)
    await centers.prepare()
    await bus.start()
    await centers.create_many([(f"c{n}", Plain(name="a"), [event(f"c{n}")]) for n in range(20)], datetime.now(UTC))

    async def empty() -> bool:
        return await centers.outbox.waiting() == 0

    await eventually(empty)
    await bus.stop()
    keys = sorted(record.key.decode() for record in await world.records(CENTERS))
    assert keys == sorted(f"c{n}" for n in range(20))
    subjects = {dict(record.headers)["ce_subject"].decode() for record in await world.records(CENTERS)}
    assert subjects == {f"centers/c{n}" for n in range(20)}


async def test_a_relay_gathers_what_comes_soon_after_a_batch_unless_it_is_full(world, monkeypatch):
    monkeypatch.setattr("shared.bus.relay.BATCH", 4)
    bus = Bus(world.settings(roles="api", relay_gather_ms=5_000), "registry")
    bus.relay._gather = 3_600  # what is gathered stays so, however slow the machine
    centers = Aggregates(world.mongo("registry").documents("centers"), Plain, bus.relay)
    await centers.prepare()
    await bus.start()
    batches, publish = [], bus.publisher.publish

    async def listened(records):
        batches.append([record.key.decode() for record in records])
        return await publish(records)

    monkeypatch.setattr(bus.publisher, "publish", listened)

    async def write(*codes: str) -> None:
        await centers.create_many([(code, Plain(name="a"), [event(code)]) for code in codes], datetime.now(UTC))

    async def batch(number: int) -> bool:
        return len(batches) >= number

    await write("first")
    await eventually(lambda: batch(1))
    await write("c1", "c2", "c3", "c4")
    await eventually(lambda: batch(2))
    for code in ("d1", "d2", "d3"):
        await write(code)
    await bus.stop()  # what was gathered is sent
    assert [sorted(codes) for codes in batches] == [["first"], ["c1", "c2", "c3", "c4"], ["d1", "d2", "d3"]]
    assert len(await world.records(CENTERS)) == 8


async def test_a_producer_whose_own_task_died_is_replaced(world, monkeypatch):
    publisher = await world.publisher()
    record = Outgoing(CENTERS.named(world.namespace), b"c1", b"{}", [])
    assert await publisher.publish([record]) == set()

    def fault(**_: object) -> None:
        raise RuntimeError("a fault of the library")

    monkeypatch.setattr(publisher._producer._message_accumulator, "drain_by_nodes", fault)
    assert await publisher.publish([record]) == {0}

    async def sends_again() -> bool:
        return not await publisher.publish([record])

    await eventually(sends_again)


async def test_a_sweeper_announces_what_a_dead_process_left_and_two_share_the_work(world, silent):
    stored = await silent.create("c1", Plain(name="a"), [event("c1", "1")], NOW)
    await silent.save(stored, Plain(name="b"), [event("c1", "2")], NOW)
    await silent.create_many([(f"d{n}", Plain(name="a"), [event(f"d{n}")]) for n in range(30)], NOW)
    leases = Leases(world.mongo("registry").documents("leases"))
    relay = Relay(await world.publisher(), "registry", world.namespace)
    one, two = (Sweeper(relay, leases, [silent.outbox], name) for name in ("one", "two"))
    swept = await asyncio.gather(one.sweep(datetime.now(UTC)), two.sweep(datetime.now(UTC)))
    while await silent.outbox.waiting():
        await one.sweep(datetime.now(UTC))
    records = await world.records(CENTERS)
    assert len(records) == 32, f"each once, as the leases promise: {swept}"
    of_c1 = [dict(record.headers)["ce_sequence"] for record in records if record.key == b"c1"]
    assert of_c1 == [b"1", b"2"]


async def test_a_newer_state_never_overtakes_one_that_a_dead_process_left_unpublished(world, silent):
    """Compaction keeps what lies last under a key: that must be the newest state."""
    await silent.create("c1", Plain(name="old"), [event("c1", "old")], NOW)
    bus = Bus(world.settings(roles="api"), "registry")
    await bus.start()
    centers = Aggregates(silent.documents, Plain, bus.relay)
    stored = await centers.load("c1")
    assert stored
    await centers.save(stored, Plain(name="new"), [event("c1", "new")], datetime.now(UTC))

    async def published() -> list[bytes]:
        return [dict(record.headers)["ce_sequence"] for record in await world.records(CENTERS)]

    await eventually(published)
    sweeper = Sweeper(bus.relay, Leases(world.mongo("registry").documents("leases")), [silent.outbox], "one")
    while await silent.outbox.waiting():
        await sweeper.sweep(datetime.now(UTC) + timedelta(minutes=1))
    await bus.stop()
    assert (await published())[-1] == b"2"


async def test_what_the_broker_did_not_take_goes_before_what_follows_it(world):
    bus = Bus(world.settings(roles="api"), "registry")
    centers = Aggregates(world.mongo("registry").documents("centers"), Plain, bus.relay)
    await centers.prepare()
    await bus.start()
    await bus.publisher.stop()  # the broker is away
    await centers.create("c1", Plain(name="1"), [event("c1", "1")], datetime.now(UTC))
    stored = await centers.load("c1")
    assert stored
    waiting = stored.unpublished[0].id

    async def given_up() -> bool:
        return waiting not in bus.relay._taken

    await eventually(given_up)
    await bus.publisher.start()
    await centers.save(stored, Plain(name="2"), [event("c1", "2")], datetime.now(UTC))

    async def empty() -> bool:
        return await centers.outbox.waiting() == 0

    await eventually(empty)
    await bus.stop()
    assert [dict(record.headers)["ce_sequence"] for record in await world.records(CENTERS)] == [b"1", b"2"]


async def test_a_sweeper_leaves_fresh_entries_to_their_writer(world):
    class Later(Nobody):
        grace = timedelta(minutes=5)

    fresh = Aggregates(world.mongo("registry").documents("centers"), Plain, Later())
    now = datetime.now(UTC)
    await fresh.create("c1", Plain(name="a"), [event("c1")], now)
    assert await fresh.outbox.slots_due(now) == set()
    assert await fresh.outbox.slots_due(now + timedelta(minutes=6)) != set()


class Stuck:
    """A database that takes the question and never answers."""

    name = "centers"

    async def slots_due(self, now: datetime) -> set[int]:
        await asyncio.Event().wait()
        return set()

    async def due(self, slot: int, now: datetime, limit: int) -> list[tuple[str, list[OutboxEntry]]]:
        return []

    async def pull(self, published) -> None:
        pass


async def test_a_sweeper_that_hangs_or_died_says_so(world, monkeypatch):
    bus = Bus(world.settings(roles="relay"), "registry")
    bus.sweep(Leases(world.mongo("registry").documents("leases")), [Stuck()])
    assert bus.problems() == [], "not started yet"
    await bus.start()
    assert bus.problems() == []
    monkeypatch.setattr("shared.bus.sweeper.SILENT_SECONDS", 0.2)

    async def problems() -> list[str]:
        return bus.problems()

    assert (await eventually(problems))[0].startswith("sweeper: silent for")
    assert bus._sweeper
    assert bus._sweeper.loop._task
    bus._sweeper.loop._task.cancel()

    async def dead() -> bool:
        return bus.problems() == ["sweeper: its task has died"]

    await eventually(dead)
    await bus.stop()
    assert bus.problems() == [], "stopped by its own process"


async def test_a_sweeper_with_nothing_to_do_is_well(world, silent, monkeypatch):
    monkeypatch.setattr("shared.bus.sweeper.SILENT_SECONDS", 3.0)
    bus = Bus(world.settings(roles="relay"), "registry")
    bus.sweep(Leases(world.mongo("registry").documents("leases")), [silent.outbox])
    await bus.start()
    assert bus._sweeper
    begun = bus._sweeper.loop._beat

    async def turned() -> bool:
        assert bus.problems() == []
        return bus._sweeper is not None and bus._sweeper.loop._beat > begun + 2 * SWEEP_SECONDS

    await eventually(turned)
    await bus.stop()


async def test_a_lease_changes_hands_only_when_it_ran_out_and_its_token_grows(world):
    leases = Leases(world.mongo("registry").documents("leases"))
    lasting = timedelta(seconds=30)
    first = await leases.take("slot", "one", NOW, lasting)
    assert first
    assert await leases.take("slot", "two", NOW, lasting) is None
    renewed = await leases.take("slot", "one", NOW + timedelta(seconds=10), lasting)
    assert renewed
    assert renewed.token == first.token
    second = await leases.take("slot", "two", NOW + timedelta(minutes=2), lasting)
    assert second
    assert second.token == first.token + 1
    await leases.give_back(first)
    assert await leases.take("slot", "one", NOW + timedelta(minutes=2), lasting) is None
