"""Records that nobody can read lie between good ones: they are buried, the others go on, and no death loses either."""

from collections import Counter

import pytest

from deploy.local.tools.letters import Letter, letters, redrive, settle_only
from shared.bus import Envelope, Outgoing, Publisher
from shared.bus.envelope import encode
from shared.contracts.topics import CLUSTERS, OBLIGATIONS, Service, Topic, source_of
from shared.settings import CoreSettings, read
from tests.faults.arena import Arena
from tests.world import eventually

READERS: tuple[Service, ...] = ("credentials", "submissions", "notifier")
"""Who reads obligations; the notifier twice."""

CAMPAIGN = ["dead.before_publish", "dead.after_publish", "dead.after_publish:2"]


def headed(topic: Topic, key: str, value: bytes) -> Outgoing:
    """A record whose headers are those of a good event of the registry."""
    kind = {OBLIGATIONS: "obligation", CLUSTERS: "cluster"}[topic]
    envelope = Envelope(
        f"poison-{key}",
        f"saraban.registry.{kind}.changed.v1",
        source_of("registry"),
        "organizations/00",  # which is there: that nothing vanished is not what this is about
        "2026-11-01T09:00:00+07:00",
        1,
        None,
        key,
        value,
    )
    return encode(envelope, topic.named("saraban"))


def poison(topic: Topic) -> dict[str, Outgoing]:
    """One record for each way to be unreadable, by the name of the fault."""
    name = topic.named("saraban")
    return {
        "null_header": Outgoing(name, b"p1", b"{", [("ce_specversion", b"1.0"), ("ce_id", None)]),  # type: ignore[list-item]
        "bad_header": Outgoing(name, b"p2", b"{", [*headed(topic, "p2", b"{").headers[1:], ("ce_id", b"\xff")]),
        "missing_header": Outgoing(name, b"p3", b"{", []),
        "empty_value": Outgoing(name, b"p4", None, []),
        "oversized_value": Outgoing(name, b"p5", b"x" * ((1 << 20) + 1), []),
        "bad_json": headed(topic, "p6", b'{"round": '),
        "wrong_schema": headed(topic, "p7", b'{"round": 2569, "center": ["not", "a", "code"]}'),
    }


class Letterbox:
    """The letters of a running system."""

    def __init__(self, system: Arena) -> None:
        self.settings = read(CoreSettings, system.stack.environment())

    async def publish(self, *records: Outgoing) -> None:
        publisher = Publisher(self.settings, "poisoner")
        await publisher.start()
        try:
            await publisher.publish_all(records)
        finally:
            await publisher.stop()

    async def open(self) -> list[Letter]:
        return await letters(self.settings.kafka_bootstrap, "saraban")

    async def faults(self, service: Service) -> Counter[str]:
        return Counter(one.said("dead_error") for one in await self.open() if one.service == service)

    async def settle_until_quiet(self) -> None:
        async def quiet() -> bool:
            rest = await self.open()
            await settle_only(self.settings, rest)
            return not rest

        assert await eventually(quiet, within=90)


def kind_of(letter: Letter) -> tuple[str, str, str]:
    """What it is, wherever it lies."""
    return letter.service, letter.said("dead_error"), letter.whence


@pytest.mark.timeout(300)
async def test_poison_between_good_records_stops_nobody(system):
    box, kinds = Letterbox(system), poison(OBLIGATIONS)
    await box.publish(*kinds.values(), *kinds.values())
    outcome = await system.round()
    await box.publish(*kinds.values())
    assert outcome.troubles == []

    async def buried() -> bool:
        found = [await box.faults(service) for service in READERS]
        return all(faults[kind] >= 3 for faults in found for kind in kinds)

    assert await eventually(buried, within=60)
    gaps = await system.clean(but=frozenset({"dead letters"}))
    assert set(gaps) == {"dead letters"}, "everything else is whole, and the letters are named"

    found = await box.open()
    back = [one for one in found if one.said("dead_error") == "bad_json"]
    left = [one for one in found if one not in back]
    assert await redrive(box.settings, back) == len(back)
    await settle_only(box.settings, back, left)

    async def back_again() -> list[Letter]:
        return [one for one in await box.open() if one.said("dead_error") == "bad_json"]

    again = await eventually(back_again, within=60)
    assert {(one.service, one.number) for one in back}.isdisjoint((one.service, one.number) for one in again)
    still = Counter(map(kind_of, [one for one in await box.open() if one.said("dead_error") != "bad_json"]))
    assert still == Counter(map(kind_of, left)), "these stayed open, each once"
    await box.settle_until_quiet()
    assert await system.clean() == {}


async def survives(system: Arena, point: str) -> None:
    """The letter is written, the process dies before the batch is committed: it is written again, and none is lost."""
    box, kinds = Letterbox(system), poison(CLUSTERS)
    deaths = len(system.died)
    async with system.dying("submissions", point):
        await box.publish(*kinds.values())
        if ":" in point:

            async def some() -> int:
                return sum((await box.faults("submissions")).values())

            await eventually(some, within=60)
            await box.publish(*kinds.values())

        async def dead() -> bool:
            return len(system.died) == deaths + 1

        await eventually(dead, within=60)

    async def buried() -> bool:
        return set(await box.faults("submissions")) == set(kinds)

    assert await eventually(buried, within=90)
    outcome = await system.round()
    assert outcome.troubles == []
    await box.settle_until_quiet()
    assert await system.clean() == {}


@pytest.mark.campaign
@pytest.mark.timeout(300)
@pytest.mark.parametrize("point", CAMPAIGN)
async def test_a_reader_that_dies_anywhere_at_the_grave_buries_again(system, point):
    await survives(system, point)
