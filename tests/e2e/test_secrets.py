"""Planted secrets are found nowhere they should not be, and the search finds what was planted on purpose."""

import base64

import pytest
from pydantic import SecretStr

from deploy.local.crowd.office import Office, Person
from shared.blobs import Blobs
from shared.bus import read_topic
from shared.contracts.topics import all_topics
from tests.e2e.canary import Canaries, Sighting, collections, disguises, files

CONTROL = "Saraban-Control-7f3k"


@pytest.fixture(scope="package")
async def secrets_known(finished) -> list[str]:
    """The passwords of two offices that had not claimed yet, as only their holders saw them, and two bearer tokens."""
    busy = {story.person.code for story in finished.outcome.stories}
    centers = finished.insight.mongos["registry"].documents("centers")
    idle = [d async for d in centers.each({}) if d["_id"] not in busy][:2]
    known = []
    for center in idle:
        person = Person(center["_id"], center["email"], "plain")
        _, password = await Office(finished.doors, finished.outcome.round, person, seed=1).claim()
        known += [password, await finished.doors.bearer("center", person.code)]
    assert len(set(known)) == 4
    return known


async def search(finished, canaries: Canaries) -> list[Sighting]:
    environment = finished.stack.environment()
    found: list[Sighting] = []
    topics = [topic.named("saraban") for topic in all_topics()]
    async for record in read_topic(environment["SARABAN_KAFKA_BOOTSTRAP"], topics):
        headers = b"\0".join(name.encode() + b"=" + (value or b"") for name, value in record.headers)
        found += canaries.sightings(
            f"topic {record.topic}", b"\0".join((record.key or b"", headers, record.value or b""))
        )
    async for place, document in collections(finished.insight.mongos.values()):
        found += canaries.sightings(place, document)
    blobs = Blobs(
        environment["SARABAN_S3_ENDPOINT"],
        environment["SARABAN_S3_ACCESS_KEY"],
        SecretStr(environment["SARABAN_S3_SECRET_KEY"]),
    )
    for bucket in ("saraban-quarantine", "saraban-accepted"):
        for held in await blobs.places(bucket):
            async with blobs.reading(held) as chunks:
                found += canaries.sightings(f"object {held.key}", b"".join([chunk async for chunk in chunks]))
    # Logs, traces, mails, core dumps, the object store's and the database's own files.
    for place, content in files(finished.folder, "*"):
        found += canaries.sightings(place, content)
    found += canaries.sightings("traces", finished.traces.read_bytes())
    return found


async def test_no_planted_secret_is_anywhere(finished, secrets_known):
    assert await search(finished, Canaries(secrets_known)) == []


@pytest.mark.parametrize("disguise", sorted({name for name, _ in disguises(CONTROL)}))
def test_the_search_sees_through_every_disguise(disguise):
    needle = dict(disguises(CONTROL))[disguise]
    assert list(Canaries([CONTROL]).sightings("here", b"before " + needle + b" after"))


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_base64_is_seen_at_any_offset(before):
    hidden = base64.b64encode(before + CONTROL.encode() + b" and more")
    assert list(Canaries([CONTROL]).sightings("here", hidden))


async def test_the_search_finds_what_was_planted_on_purpose(finished):
    """In a topic's compressed batch, a collection, an object and a log: otherwise an empty result proves nothing."""
    from shared.bus import Outgoing, Publisher
    from shared.contracts.topics import NOTICES
    from shared.settings import CoreSettings, read

    environment = finished.stack.environment()
    publisher = Publisher(read(CoreSettings, environment), "control")
    await publisher.start()
    hidden = base64.b64encode(b"x" + CONTROL.encode())
    await publisher.publish_all([Outgoing(NOTICES.named("saraban"), b"control", b"{" + hidden * 50 + b"}", [])])
    await publisher.stop()
    planted = finished.insight.mongos["notifier"].documents("control")
    await planted.insert({"_id": "control", "note": CONTROL.encode().hex()})
    (finished.folder / "logs" / "control.log").write_text(f'{{"event": "{CONTROL}"}}\n', encoding="utf-8")
    blobs = Blobs(
        environment["SARABAN_S3_ENDPOINT"],
        environment["SARABAN_S3_ACCESS_KEY"],
        SecretStr(environment["SARABAN_S3_SECRET_KEY"]),
    )
    await blobs.put("saraban-quarantine", "control", CONTROL.encode("utf-16-le"), content_type="text/plain")
    places = {sighting.place.split(" ")[0] for sighting in await search(finished, Canaries([CONTROL]))}
    assert {"topic", "collection", "object", "file"} <= places
