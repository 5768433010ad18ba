"""The consumer recipe on a real broker: neighbours of poison go on, nothing is skipped, nothing is committed early."""

import asyncio
from typing import Any

import pytest

from shared.bus import Bus, DeadLetterLimit, Outgoing
from shared.bus.envelope import MAX_EVENT_BYTES
from shared.bus.settled import settled
from shared.contracts.events import CenterChanged, RoundChanged
from shared.contracts.topics import CENTERS, CREDENTIALS, dead_letters
from shared.mongo import Projected, Projection
from tests.world import World, eventually


def center(code: str, name: str = "ศูนย์") -> CenterChanged:
    return CenterChanged(code=code, name=name, lao="6580101", path=("00",), subdistrict="580101")


class Reader:
    """A service that reads centers and remembers what it was given."""

    def __init__(self, world: World, limit: DeadLetterLimit | None = None, topics=(CENTERS,)) -> None:
        self.seen: list[tuple[str, int]] = []
        self.failures = 0
        self.bus = Bus(world.settings(), "submissions")
        self.consumer = self.bus.consume("projections", topics, self.handle, limit=limit)

    async def handle(self, batch) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        for event in batch.events:
            self.seen.append((event.envelope.key, event.envelope.sequence))
            if event.envelope.key == "refuse":
                batch.reject(event, "no_such_center", "code")

    async def wait_for(self, *keys: str) -> None:
        async def all_seen() -> bool:
            return set(keys) <= {key for key, _ in self.seen}

        await eventually(all_seen)


@pytest.fixture
async def reader(world):
    found = Reader(world)
    await found.bus.start()
    yield found
    await found.bus.stop()


def raw(world: World, key: bytes | None, value: bytes | None, **headers: bytes | None) -> Outgoing:
    good = {
        "ce_id": b"1",
        "ce_source": b"/saraban/registry",
        "ce_type": b"saraban.registry.center.changed.v1",
        "ce_specversion": b"1.0",
        "ce_subject": b"x",
        "ce_time": b"2026-11-01T09:00:00+07:00",
        "ce_sequence": b"1",
    }
    pairs = [(name, value) for name, value in {**good, **headers}.items()]
    return Outgoing(CENTERS.named(world.namespace), key, value, pairs)  # type: ignore[arg-type]


async def test_poison_goes_to_the_dead_letters_and_its_neighbours_are_processed(world, reader):
    body = center("x").model_dump_json().encode()
    poison = {
        "null_header": raw(world, b"p1", body, ce_id=None),
        "bad_header": raw(world, b"p2", body, ce_source=b"\xff\xfe"),
        "bad_json": raw(world, b"p3", b"{not json"),
        "wrong_schema": raw(world, b"p4", b'{"code": 7}'),
        "forged_source": raw(world, b"p5", body, ce_source=b"/saraban/notifier"),
        "oversized_value": raw(world, b"p6", b" " * (MAX_EVENT_BYTES + 1)),
        "bad_sequence": raw(world, b"p7", body, ce_sequence=b"many"),
        "empty_value": raw(world, b"p8", None),
    }
    sent: list[Outgoing] = []
    for n, record in enumerate(poison.values()):
        sent += [raw(world, f"good{n}".encode(), body), record]
    await world.send(*sent)
    await world.publish("registry", ("refuse", 1, center("refuse")), ("last", 1, center("last")))
    await reader.wait_for("refuse", "last", *(f"good{n}" for n in range(len(poison))))

    async def letters():
        found = await world.records(dead_letters("submissions"))
        return found if len(found) >= len(poison) + 1 else None

    by_fault = {dict(letter.headers)["dead_error"].decode(): letter for letter in await eventually(letters)}
    assert set(by_fault) == {*poison, "no_such_center"}
    kept = by_fault["bad_json"]
    assert (kept.key, kept.value) == (b"p3", b"{not json")
    assert dict(kept.headers)["dead_topic"].decode() == CENTERS.named(world.namespace)
    assert dict(kept.headers)["was_ce_type"] == b"saraban.registry.center.changed.v1"
    assert by_fault["oversized_value"].value is None
    assert reader.bus.problems() == []


async def test_a_handler_that_fails_for_a_while_loses_nothing(world, reader):
    reader.failures = 3
    await world.publish("registry", *((f"c{n}", 1, center(f"c{n}")) for n in range(20)))
    await reader.wait_for(*(f"c{n}" for n in range(20)))
    assert reader.bus.problems() == []


async def test_a_handler_that_never_recovers_stops_its_consumer_and_the_next_one_gets_everything(world, monkeypatch):
    monkeypatch.setattr("shared.bus.consumer.PATIENCE_SECONDS", 0.5)
    broken = Reader(world)
    broken.failures = 1_000_000
    await broken.bus.start()
    await world.publish("registry", *((f"c{n}", 1, center(f"c{n}")) for n in range(10)))

    async def gave_up() -> list[str]:
        return broken.bus.problems()

    problems = await eventually(gave_up)
    assert "ConnectionError" in problems[0]
    await broken.bus.stop()
    healthy = Reader(world)
    await healthy.bus.start()
    await healthy.wait_for(*(f"c{n}" for n in range(10)))
    await healthy.bus.stop()


async def test_a_topic_is_not_drained_into_the_bin(world):
    careful = Reader(world, DeadLetterLimit(run=20))
    await careful.bus.start()
    await world.send(*(raw(world, b"p", b"{") for _ in range(60)))

    async def stopped() -> list[str]:
        return careful.bus.problems()

    problems = await eventually(stopped)
    assert "unreadable" in problems[0]
    await careful.bus.stop()
    assert len(await world.records(dead_letters("submissions"))) <= 20


async def test_a_letter_of_a_sensitive_topic_carries_no_bytes(world):
    reader = Reader(world, topics=(CREDENTIALS,))
    await reader.bus.start()
    leaked = raw(world, b"holder", b'{"password": "hunter2"')._replace(topic=CREDENTIALS.named(world.namespace))
    await world.send(leaked)

    async def letters():
        return await world.records(dead_letters("submissions"))

    (letter,) = await eventually(letters)
    assert letter.value is None
    assert b"hunter2" not in b"".join(value for _, value in letter.headers)
    await reader.bus.stop()


async def test_a_type_this_version_does_not_know_is_skipped(world, reader):
    body = center("x").model_dump_json().encode()
    await world.send(raw(world, b"new", body, ce_type=b"saraban.registry.center.painted.v1"))
    await world.publish("registry", ("after", 1, center("after")))
    await reader.wait_for("after")
    assert await world.records(dead_letters("submissions")) == []


async def test_two_members_share_the_partitions_and_a_leaving_one_loses_nothing(world):
    one, two = Reader(world), Reader(world)
    await asyncio.gather(one.bus.start(), two.bus.start())
    keys = [f"c{n}" for n in range(200)]
    await world.publish("registry", *((key, 1, center(key)) for key in keys[:100]))

    async def hundred() -> bool:
        return len({*one.seen, *two.seen}) >= 100

    await eventually(hundred)
    await one.bus.stop()
    await world.publish("registry", *((key, 1, center(key)) for key in keys[100:]))

    async def all_of_them() -> bool:
        return {key for key, _ in [*one.seen, *two.seen]} == set(keys)

    await eventually(all_of_them, within=60)
    await two.bus.stop()


async def test_only_the_places_that_records_came_from_are_committed(world, reader):
    await world.publish("registry", ("c1", 1, center("c1")))
    await reader.wait_for("c1")
    topic = CENTERS.named(world.namespace)

    async def committed() -> dict[tuple[str, int], int]:
        told = await settled(world.settings().kafka_bootstrap, reader.consumer.name, [topic])
        return {place: offset for place, offset in told.items() if offset}

    (record,) = await world.records(CENTERS)
    assert await eventually(committed) == {(topic, record.partition): 1}
    commits = []
    subscriber: Any = reader.bus._broker.subscribers[0]
    commit = subscriber.consumer.commit

    async def listened(places):
        commits.append({place.partition for place in places})
        await commit(places)

    subscriber.consumer.commit = listened
    await world.publish("registry", ("c1", 2, center("c1")))
    await eventually(lambda: asyncio.sleep(0, len(commits)))
    assert commits == [{record.partition}]


async def test_what_was_given_away_meanwhile_is_left_to_its_new_owner(world, monkeypatch):
    reader = Reader(world)
    await reader.bus.start()
    subscriber: Any = reader.bus._broker.subscribers[0]
    monkeypatch.setattr(subscriber.consumer, "assignment", frozenset)
    await world.publish("registry", ("c1", 1, center("c1")))
    await reader.wait_for("c1")
    await reader.bus.stop()
    assert reader.bus.problems() == []
    after = Reader(world)
    await after.bus.start()
    await after.wait_for("c1")
    await after.bus.stop()


async def test_a_projection_keeps_the_highest_sequence_in_any_order(world):
    projection = Projection(world.mongo("submissions").documents("centers"))
    await projection.apply([Projected("c1", 2, {"name": "new"}), Projected("c1", 1, {"name": "old"})])
    await projection.apply([Projected("c1", 1, {"name": "old"}), Projected("c2", 5, {"name": "only"})])
    await projection.apply([Projected("c2", 5, {"name": "again"}), Projected("c1", 3, {"name": "newest"})])
    found = {d["_id"]: (d["sequence"], d["name"]) async for d in projection.documents.each({})}
    assert found == {"c1": (3, "newest"), "c2": (5, "only")}


async def test_an_event_on_another_topic_than_its_own_is_refused(world, reader):
    later = RoundChanged(
        round="2569",
        fiscal_year=2569,
        academic_year=2567,
        deadline="2026-12-25T23:59:59+07:00",
        grace_minutes=0,
        state="open",
    )
    record = raw(world, b"r", later.model_dump_json().encode(), ce_type=b"saraban.registry.round.changed.v1")
    await world.send(record)

    async def letters():
        return await world.records(dead_letters("submissions"))

    (letter,) = await eventually(letters)
    assert dict(letter.headers)["dead_error"] == b"wrong_topic"
