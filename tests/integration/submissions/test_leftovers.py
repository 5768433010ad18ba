"""What abandoned uploads leave in the store goes; what somebody may still need stays."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local.crowd.papers import paper
from services.submissions.files import PDF, key_in_store
from services.submissions.store import Store
from services.submissions.uploading.leftovers import Leftovers
from shared.blobs import Blobs, Multipart, NotFound, Place
from shared.mongo import Leases
from tests.integration.submissions.conftest import Office
from tests.integration.submissions.files import BROKEN
from tests.integration.submissions.test_recovery import Nobody, documents, multipart

LIFETIME = timedelta(days=3)
DATA = paper("a", 100_000)


@pytest.fixture
def quarantine(office: Office) -> str:
    return f"{office.world.namespace}-quarantine"


@pytest.fixture
def leftovers(office: Office, blobs: Blobs, quarantine: str) -> Leftovers:
    mongo = office.world.mongo("submissions")
    leases = Leases(mongo.documents("leases"))
    return Leftovers(
        Store(mongo, Nobody()).sweeps,
        blobs,
        leases,
        quarantine,
        every=timedelta(hours=1),
        unknown_after=LIFETIME,
        clock=lambda: datetime.now(UTC),
    )


async def standing(blobs: Blobs, upload: Multipart) -> bool:
    try:
        await blobs.list_parts(upload)
    except NotFound:
        return False
    return True


async def there(blobs: Blobs, place: Place) -> bool:
    try:
        await blobs.stat(place)
    except NotFound:
        return False
    return True


async def test_parts_of_a_process_that_died_before_its_record_go_when_nobody_can_come_back_for_them(
    leftovers: Leftovers, blobs: Blobs, quarantine: str
) -> None:
    nobodys = await blobs.create_multipart(quarantine, key_in_store(secrets.token_hex(16)), content_type=PDF)
    await leftovers.sweep(datetime.now(UTC) + LIFETIME - timedelta(hours=1))
    assert await standing(blobs, nobodys), "its record may be about to be written"
    await leftovers.sweep(datetime.now(UTC) + LIFETIME + timedelta(hours=1))
    assert not await standing(blobs, nobodys)


@pytest.mark.parametrize("state", ["aborted", "expired", "failed"])
async def test_parts_of_an_upload_that_has_ended_go_at_once(
    office: Office, leftovers: Leftovers, blobs: Blobs, state: str
) -> None:
    upload: dict[str, Any] = (await office.open(DATA)).json()
    await office.send_parts(upload, DATA)
    # As a process leaves it that dies between the database and the store.
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": {"uploads.0.state": state, "due": None}})
    left = await multipart(office, upload)
    assert await standing(blobs, left)
    await leftovers.sweep(datetime.now(UTC))
    assert not await standing(blobs, left)


async def test_parts_that_an_upload_names_no_more_go_when_they_are_old(
    office: Office, leftovers: Leftovers, blobs: Blobs
) -> None:
    upload: dict[str, Any] = (await office.open(DATA)).json()
    before = await multipart(office, upload)
    begun = await blobs.create_multipart(before.bucket, before.key, content_type=PDF)
    await leftovers.sweep(datetime.now(UTC))
    assert await standing(blobs, begun), "the record may be about to name it"
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": {"uploads.0.multipart": begun.upload_id}})
    await leftovers.sweep(datetime.now(UTC) + 2 * LIFETIME)
    assert not await standing(blobs, before)
    assert await standing(blobs, begun)


async def test_what_came_again_for_an_upload_that_was_received_goes_at_once(
    office: Office, leftovers: Leftovers, blobs: Blobs, quarantine: str
) -> None:
    """It was asked for again, and the first came to light after all."""
    await office.bring(BROKEN["a picture"][1]())  # what is sent back stays in quarantine
    (report,) = (await office.decided())["reports"]
    key = key_in_store(report["upload"])
    begun = await blobs.create_multipart(quarantine, key, content_type=PDF)
    second = await blobs.put(quarantine, key, DATA, content_type=PDF)
    await leftovers.sweep(datetime.now(UTC))
    assert not await standing(blobs, begun)
    assert not await there(blobs, second)
    found = await documents(office).one({"uploads.id": report["upload"]})
    assert found is not None
    assert await there(blobs, Place(quarantine, key, found["reports"][0]["quarantined"]))


async def test_an_upload_under_way_is_left_alone_however_late_it_is(
    office: Office, leftovers: Leftovers, blobs: Blobs
) -> None:
    upload: dict[str, Any] = (await office.open(DATA)).json()
    await office.send_parts(upload, DATA)
    await leftovers.sweep(datetime.now(UTC) + 2 * LIFETIME)
    assert await standing(blobs, await multipart(office, upload))
    assert (await office.complete(upload)).status_code == 200


async def test_the_quarantined_file_of_an_accepted_report_goes_and_the_accepted_one_stays(
    office: Office, leftovers: Leftovers, blobs: Blobs, quarantine: str
) -> None:
    await office.bring(DATA)
    (report,) = (await office.decided())["reports"]
    # As a process leaves it that dies before it takes the file out of quarantine.
    left = await blobs.put(quarantine, key_in_store(report["upload"]), DATA, content_type=PDF)
    found = await documents(office).one({"uploads.id": report["upload"]})
    assert found is not None
    await documents(office).update({"_id": found["_id"]}, {"$set": {"reports.0.quarantined": left.version}})
    assert (await leftovers.sweep(datetime.now(UTC)))["objects"] == 1
    assert not await there(blobs, left)
    kept = Place(f"{office.world.namespace}-accepted", key_in_store(report["upload"]), found["reports"][0]["kept"])
    assert await there(blobs, kept)


async def test_a_file_that_was_sent_back_stays(office: Office, leftovers: Leftovers, blobs: Blobs) -> None:
    await office.bring(BROKEN["a picture"][1]())
    (report,) = (await office.decided())["reports"]
    assert report["state"] == "rejected"
    await leftovers.sweep(datetime.now(UTC) + 2 * LIFETIME)
    found = await documents(office).one({"uploads.id": report["upload"]})
    assert found is not None
    version = found["reports"][0]["quarantined"]
    assert await there(blobs, Place(leftovers._quarantine, key_in_store(report["upload"]), version))


async def test_a_whole_object_that_no_record_knows_is_counted_and_never_taken_away(
    leftovers: Leftovers, blobs: Blobs, quarantine: str
) -> None:
    place = await blobs.put(quarantine, key_in_store(secrets.token_hex(16)), DATA, content_type=PDF)
    assert (await leftovers.sweep(datetime.now(UTC) + 10 * LIFETIME))["unknown"] >= 1
    assert await there(blobs, place)
    await blobs.delete(place)
