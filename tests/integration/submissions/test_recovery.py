"""A process that dies while completing, at each step: whoever comes next finds what it left and finishes it.

The steps are undone in the database and the store by hand; the deaths themselves are the fault campaign's.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local.crowd.papers import paper
from services.submissions.receipts.signing import ReceiptSigner
from services.submissions.store import Store
from services.submissions.uploading.completion import Completed, Completion
from services.submissions.uploading.uploads import Uploads
from shared.blobs import Blobs, Multipart, NotFound, PartPlan, Place, Stored
from shared.mongo import Documents
from tests.integration.submissions.conftest import Office, settings_of
from tests.world import eventually

DATA = paper("a", 200_000)
BEGUN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def documents(office: Office) -> Documents:
    return office.world.mongo("submissions").documents("submissions")


async def begun(office: Office, *, due: datetime | None = None) -> dict[str, Any]:
    """An upload whose completion was begun, by a process that is no more. Without `due`, no sweeper looks yet."""
    upload: dict[str, Any] = (await office.open(DATA)).json()
    await office.send_parts(upload, DATA)
    later = datetime.now(UTC) + timedelta(hours=1)
    await documents(office).update(
        {"uploads.id": upload["id"]},
        {"$set": {"uploads.0.state": "completing", "uploads.0.completing_at": BEGUN, "due": due or later}},
    )
    return upload


async def multipart(office: Office, upload: dict[str, Any]) -> Multipart:
    found = await documents(office).one({"uploads.id": upload["id"]})
    assert found is not None
    bucket = f"{office.world.namespace}-quarantine"
    return Multipart(bucket, f"uploads/{upload['id']}.pdf", found["uploads"][0]["multipart"])


async def join(office: Office, blobs: Blobs, upload: dict[str, Any]) -> None:
    """What the process had done before it died."""
    there = await multipart(office, upload)
    plan = PartPlan(1, len(DATA), hashlib.sha256(DATA).hexdigest())
    await blobs.complete_multipart(there, [plan], await blobs.list_parts(there))


async def state(office: Office, upload: dict[str, Any]) -> str:
    answer = await office.ask("GET", f"/v1/uploads/{upload['id']}")
    found: str = answer.json()["state"]
    return found


async def settled(office: Office, upload: dict[str, Any], wanted: str) -> None:
    async def there() -> bool:
        return await state(office, upload) == wanted

    await eventually(there)


@pytest.mark.parametrize("joined", [False, True], ids=["before the parts were joined", "after the parts were joined"])
async def test_the_sender_asks_again_and_gets_its_receipt(office: Office, blobs: Blobs, joined: bool) -> None:
    upload = await begun(office)
    if joined:
        await join(office, blobs, upload)
    answer = await office.complete(upload)
    assert answer.status_code == 200, answer.text
    receipt = answer.json()["receipt"]
    assert datetime.fromisoformat(receipt["received_at"]) == BEGUN, "the moment its parts were whole"
    assert (await office.decided())["state"] == "accepted"


@pytest.mark.parametrize("joined", [False, True], ids=["before the parts were joined", "after the parts were joined"])
async def test_nobody_asks_again_and_the_sweeper_finishes_it(office: Office, blobs: Blobs, joined: bool) -> None:
    upload = await begun(office)
    if joined:
        await join(office, blobs, upload)
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": {"due": BEGUN}})
    await settled(office, upload, "received")
    (report,) = (await office.decided())["reports"]
    assert datetime.fromisoformat(report["received_at"]) == BEGUN
    assert (await documents(office).one({"uploads.id": upload["id"]}))["due"] is None  # type: ignore[index]


async def test_what_is_in_the_store_no_more_is_not_called_received(office: Office, blobs: Blobs) -> None:
    upload = await begun(office)
    await blobs.abort_multipart(await multipart(office, upload))
    answer = await office.complete(upload)
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:saraban:problem:upload-lost")
    assert "no fault of yours" in answer.json()["title_en"]
    failed = (await office.ask("GET", f"/v1/uploads/{upload['id']}")).json()
    assert (failed["state"], failed["reason"], failed["failure"]["code"]) == ("failed", "lost", "lost")
    assert "ส่งไฟล์เดิมอีกครั้ง" in failed["failure"]["sentence"]
    assert (await office.bring(DATA))["version"] == 1, "and the center can send it again"


async def test_what_a_slow_store_does_not_show_yet_is_not_called_lost(office: Office, blobs: Blobs) -> None:
    """Its parts are joined by a process that still waits for the store."""
    upload = await begun(office)
    there = await multipart(office, upload)
    await blobs.abort_multipart(there)
    now = datetime.now(UTC).replace(microsecond=0)
    moment = {"uploads.0.completing_at": now, "due": now - timedelta(minutes=1)}  # the sweeper looks, too
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": moment})
    answer = await office.complete(upload)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert await state(office, upload) == "completing"
    await blobs.put(there.bucket, there.key, DATA, content_type="application/pdf")
    await settled(office, upload, "received")
    receipt = (await office.complete(upload)).json()["receipt"]
    assert datetime.fromisoformat(receipt["received_at"]) == now, "the moment its parts were whole"


async def test_an_upload_that_nobody_finished_in_its_time_is_ended_and_its_parts_are_gone(
    office: Office, blobs: Blobs
) -> None:
    upload = (await office.open(DATA)).json()
    await office.send_parts(upload, DATA)
    there = await multipart(office, upload)
    await documents(office).update(
        {"uploads.id": upload["id"]}, {"$set": {"uploads.0.expires_at": BEGUN, "due": BEGUN}}
    )
    await settled(office, upload, "expired")

    async def gone() -> bool:
        try:
            await blobs.list_parts(there)
        except NotFound:
            return True
        return False

    await eventually(gone)
    answer = await office.complete(upload)
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:saraban:problem:upload-over")


class Watched(Blobs):
    """The store, and whether it was asked in vain for an object."""

    missed: asyncio.Event

    async def stat(self, place: Place) -> Stored:
        try:
            return await super().stat(place)
        except NotFound:
            self.missed.set()
            raise


class Nobody:
    """Leaves what is to be announced to the service's own sweeper."""

    grace = timedelta()

    def announce(self, outbox: Any, aggregate: str, entries: Any) -> None: ...


async def test_a_second_complete_waits_for_the_first_to_join_the_parts(office: Office, blobs: Blobs) -> None:
    upload = await begun(office)
    there = await multipart(office, upload)
    await blobs.abort_multipart(there)  # as the store looks between the end of the parts and the birth of the object
    store, settings = Store(office.world.mongo("submissions"), Nobody()), settings_of(office.world)
    watched = Watched(settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key)
    watched.missed = asyncio.Event()
    hour = timedelta(hours=1)
    uploads = Uploads(store, watched, settings.quarantine, lifetime=hour, url_lifetime=hour)
    second = Completion(store, watched, uploads, ReceiptSigner(settings.receipt_key_file))
    stored = await store.of_upload(upload["id"])
    assert stored is not None
    asked = asyncio.create_task(second.complete(stored.state, stored.state.uploads[0], datetime.now(UTC)))
    await asyncio.wait_for(watched.missed.wait(), 10)
    await blobs.put(there.bucket, there.key, DATA, content_type="application/pdf")
    assert isinstance(await asked, Completed)
    watched.close()
    assert (await office.decided())["state"] == "accepted"


async def test_of_many_completes_at_once_none_is_told_that_the_file_is_lost(office: Office) -> None:
    for number in range(6):
        data = paper(f"many {number}", 100_000)
        upload = (await office.open(data)).json()
        await office.send_parts(upload, data)
        answers = await asyncio.gather(*(office.complete(upload) for _ in range(8)))
        assert [answer.status_code for answer in answers] == [200] * 8, [answer.text for answer in answers]
        assert len({answer.json()["receipt"]["signed"] for answer in answers}) == 1
