"""Planted secrets are found nowhere they should not be, and the search finds what was planted on purpose."""

import base64
import json
import random
from pathlib import Path

import pytest

from deploy.local.process import of_stack
from shared.bus import Outgoing, Publisher, read_topic
from shared.contracts.topics import NOTICES, all_topics
from shared.settings import CoreSettings, read
from tests.e2e.canary import (
    LARGE,
    STEP,
    Canaries,
    Secret,
    Sighting,
    collections,
    crash,
    disguises,
    dumps,
    files,
    memory,
    objects,
)
from tests.e2e.conftest import CONTROL
from tests.e2e.planting import store_of

OTHERS = ("registry", "submissions", "notifier")


@pytest.fixture(scope="package")
async def control(finished) -> None:
    """The control in every kind of place: a topic's compressed batch, a collection, an object of a bucket that nobody
    names, a log, a trace, a core dump. In the memory of the services it is since their start."""
    publisher = Publisher(read(CoreSettings, finished.stack.environment()), "control")
    await publisher.start()
    hidden = base64.b64encode(b"x" + CONTROL.encode())
    await publisher.publish_all([Outgoing(NOTICES.named("saraban"), b"control", b"{" + hidden * 50 + b"}", [])])
    await publisher.stop()
    notifier = finished.insight.mongos["notifier"].documents("control")
    await notifier.insert({"_id": "control", "note": CONTROL.encode().hex()})
    (finished.folder / "logs" / "control.log").write_text(f'{{"event": "{CONTROL}"}}\n', encoding="utf-8")
    with finished.traces.open("a", encoding="utf-8") as traces:
        traces.write(json.dumps({"trace_id": "control", "service": "control", "name": CONTROL}) + "\n")
    blobs = store_of(finished.stack)
    await blobs.ensure_bucket("control-of-nobody")
    await blobs.put("control-of-nobody", "control", CONTROL.encode("utf-16-le"), content_type="text/plain")
    blobs.close()
    crash(finished.crashes, CONTROL)


@pytest.fixture(scope="package")
async def sighted(finished, planted, control) -> list[Sighting]:
    """Everything that one search for everything finds."""
    canaries = Canaries([*planted.secrets, Secret("control", CONTROL)], planted.numbers)
    found: list[Sighting] = []
    # First what only this moment has.
    for service in OTHERS:
        for place, held in memory(finished.stack.pid(service), service, canaries.longest):
            found += canaries.sightings(place, held)
    topics = [topic.named("saraban") for topic in all_topics()]
    async for record in read_topic(finished.stack.environment()["SARABAN_KAFKA_BOOTSTRAP"], topics):
        headers = b"\0".join(name.encode() + b"=" + (value or b"") for name, value in record.headers)
        whole = b"\0".join((record.key or b"", headers, record.value or b""))
        found += canaries.sightings(f"topic {record.topic}", whole)
    async for place, document in collections(finished.insight.mongos.values()):
        found += canaries.sightings(place, document)
    blobs = store_of(finished.stack)
    async for place, content in objects(blobs):
        found += canaries.sightings(place, content)
    blobs.close()
    # Logs, mails, the object store's and the database's own files.
    for place, content in files(finished.folder, "*"):
        found += canaries.sightings(place, content)
    working = {Path(f"/proc/{run.pid}/cwd").readlink() for run in of_stack(finished.folder)}
    for place, content in dumps(working):
        found += canaries.sightings(place, content)
    found += canaries.sightings("traces", finished.traces.read_bytes())
    return found


async def test_no_planted_secret_is_anywhere(sighted):
    meant = ("master key", "raw", "file secrets/master-key")
    assert meant in sighted, "a secret is found where it is meant to be"
    assert [each for each in sighted if each.kind != "control" and each != meant] == []


async def test_the_search_finds_what_was_planted_on_purpose_in_every_kind_of_place(sighted):
    places = {sighting.place for sighting in sighted if sighting.kind == "control"}
    kinds = {place.split(" ")[0] for place in places}
    assert kinds == {"topic", "collection", "object", "file", "dump", "traces", "memory"}
    assert {f"memory {service}" for service in OTHERS} <= places
    assert {"object control-of-nobody/control", "file logs/control.log"} <= places


@pytest.mark.parametrize("disguise", sorted({name for name, _ in disguises(CONTROL)}))
def test_the_search_sees_through_every_disguise(disguise):
    needle = dict(disguises(CONTROL))[disguise]
    assert list(Canaries([Secret("control", CONTROL)]).sightings("here", b"before " + needle + b" after"))


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_base64_is_seen_at_any_offset(before):
    hidden = base64.b64encode(before + CONTROL.encode() + b" and more")
    assert list(Canaries([Secret("control", CONTROL)]).sightings("here", hidden))


def test_a_large_haystack_is_seen_through_at_every_place():
    canaries, word = Canaries([Secret("control", CONTROL)]), CONTROL.encode()
    hay = random.Random(7).randbytes(STEP + 3 * LARGE)
    assert not list(canaries.sightings("here", hay))
    for at in (0, 1, LARGE, STEP - 3, STEP - 1, STEP, STEP + 1, len(hay) - len(word)):
        with_it = hay[:at] + word + hay[at + len(word) :]
        assert {each.kind for each in canaries.sightings("here", with_it)} == {"control"}, at


@pytest.mark.parametrize(
    ("held", "there"),
    [
        (b'{"code": "123456"}', True),
        (b'{"log": "{\\"code\\": \\"123456\\"}"}', True),
        (b"event='mail' code='123456' x", True),
        (b"code=123456", True),
        (b"\x02n\0\x07\0\0\x00123456\0", True),
        (b"amount 99123456.07", False),
        (b'"580101", 1234567', False),
    ],
)
def test_a_short_code_is_seen_where_it_is_a_whole_value(held, there):
    assert bool(list(Canaries([], ["123456"]).sightings("here", held))) is there
