"""A process that dies while completing, at each step: whoever comes next finds what it left and finishes it.

The steps are undone in the database and the store by hand; the deaths themselves are the fault campaign's.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local.crowd.papers import paper
from services.submissions.receipts.signing import ReceiptSigner
from services.submissions.store import Store
from services.submissions.uploading.completion import Completed, Completion
from services.submissions.uploading.uploads import Uploads
from shared.blobs import Blobs, Multipart, NotFound, PartPlan, Place, Stored
from shared.mongo import Documents
from tests.integration.blobs.sending import send
from tests.integration.submissions.conftest import Office, settings_of
from tests.world import eventually

DATA = paper("a", 200_000)
HANG_UPS = 16
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
    (own,) = [one for one in found["uploads"] if one["id"] == upload["id"]]
    return Multipart(bucket, f"uploads/{upload['id']}.pdf", own["multipart"])


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


async def test_what_is_in_the_store_no_more_is_asked_for_again_and_counts_as_received_when_it_was(
    office: Office, blobs: Blobs
) -> None:
    upload = await begun(office)
    await blobs.abort_multipart(await multipart(office, upload))
    await missing(office, upload)
    await office.send_parts(upload, DATA)
    receipt = (await office.complete(upload)).json()["receipt"]
    assert datetime.fromisoformat(receipt["received_at"]) == BEGUN, "the moment its parts were whole"
    assert (await office.decided())["state"] == "accepted"


async def test_parts_that_the_store_lost_while_it_joined_them_are_asked_for_at_once(
    office: Office, blobs: Blobs
) -> None:
    """MinIO takes parts out of their list before it makes the object of them, and stops if it is hung up on."""
    upload: dict[str, Any] = (await office.open(DATA)).json()
    now = datetime.now(UTC).replace(microsecond=0)
    change = {"uploads.0.state": "completing", "uploads.0.completing_at": now, "due": now + timedelta(hours=1)}
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": change})
    before = await multipart(office, upload)
    await missing(office, upload)
    assert (await multipart(office, upload)).upload_id != before.upload_id, "MinIO joins nothing in one it broke off"
    assert (await office.open(DATA)).json()["id"] == upload["id"], "whoever begins anew goes on with it"
    await office.send_parts(upload, DATA)
    receipt = (await office.complete(upload)).json()["receipt"]
    assert datetime.fromisoformat(receipt["received_at"]) == now


async def test_old_addresses_do_not_fill_what_nobody_joins_any_more(office: Office) -> None:
    upload: dict[str, Any] = (await office.open(DATA)).json()
    (old,) = (await office.requests(upload, DATA)).json()["parts"]
    now = datetime.now(UTC)
    change = {"uploads.0.state": "completing", "uploads.0.completing_at": now, "due": now + timedelta(hours=1)}
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": change})
    await missing(office, upload)
    status, _ = await send("PUT", old["url"], old["headers"], DATA)
    assert status == 404


async def test_the_sweeper_gives_the_store_its_minutes_before_it_asks_for_parts_again(office: Office) -> None:
    upload: dict[str, Any] = (await office.open(DATA)).json()
    now = datetime.now(UTC)
    change = {"uploads.0.state": "completing", "uploads.0.completing_at": now, "due": now}
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": change})
    await asyncio.sleep(3.0)  # it looked, and found no parts
    assert await state(office, upload) == "completing"
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": {"uploads.0.completing_at": BEGUN}})
    await settled(office, upload, "open")


async def test_an_upload_that_the_store_has_forgotten_goes_on(office: Office, blobs: Blobs) -> None:
    """MinIO forgets what nobody finished for a day, if it is not told otherwise."""
    upload: dict[str, Any] = (await office.open(DATA)).json()
    await office.send_parts(upload, DATA)
    await blobs.abort_multipart(await multipart(office, upload))
    found = (await office.ask("GET", f"/v1/uploads/{upload['id']}")).json()
    assert (found["state"], [one["stored"] for one in found["parts"]]) == ("open", [False])
    assert found["expires_at"] == upload["expires_at"]
    await office.send_parts(found, DATA)
    await blobs.abort_multipart(await multipart(office, upload))
    answer = await office.complete(upload)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:saraban:problem:parts-missing")
    assert "ไม่ใช่ความผิดของผู้ส่ง" not in answer.json()["detail"], "it never was whole"
    await office.send_parts(upload, DATA)
    assert (await office.complete(upload)).status_code == 200


async def missing(office: Office, upload: dict[str, Any]) -> None:
    answer = await office.complete(upload)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:saraban:problem:parts-missing"), answer.text
    assert "ไม่ใช่ความผิดของผู้ส่ง" in answer.json()["detail"]
    found = (await office.ask("GET", f"/v1/uploads/{upload['id']}")).json()
    assert (found["state"], [one["stored"] for one in found["parts"]]) == ("open", [False])


async def test_a_store_that_is_hung_up_on_while_it_joins_parts_costs_nobody_a_report(
    office: Office, blobs: Blobs
) -> None:
    """As when a process is killed: at some of these moments MinIO loses the parts, at some neither stays."""
    answers = list[int]()
    while len(answers) < HANG_UPS or (office.world.stack.kind == "real" and 409 not in answers and len(answers) < 200):
        turn = len(answers)
        data = paper(f"cut {turn}", 20_000)
        upload = (await office.open(data)).json()
        await office.send_parts(upload, data)
        now = datetime.now(UTC).replace(microsecond=0)
        change = {"uploads.$.state": "completing", "uploads.$.completing_at": now, "due": now + timedelta(hours=1)}
        await documents(office).update({"uploads.id": upload["id"]}, {"$set": change})
        await hang_up(blobs, await multipart(office, upload), data, after=turn % HANG_UPS / HANG_UPS * 0.006)
        answer = await office.complete(upload)
        if answer.status_code == 503:  # neither parts nor object are shown: after some minutes
            now = BEGUN
            await documents(office).update({"uploads.id": upload["id"]}, {"$set": {"uploads.$.completing_at": BEGUN}})
            answer = await office.complete(upload)
        answers.append(answer.status_code)
        if answer.status_code == 409:
            await office.send_parts(upload, data)
            answer = await office.complete(upload)
        assert answer.status_code == 200, answer.text
        assert datetime.fromisoformat(answer.json()["receipt"]["received_at"]) == now, "the moment its parts were whole"
        await office.decided()  # what is written past the service must not meet a write of its own


async def hang_up(blobs: Blobs, there: Multipart, data: bytes, *, after: float) -> None:
    """Ask the store to join the one part that it has, and be gone `after` so many seconds."""
    (part,) = await blobs.list_parts(there)
    checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
    told = f"<PartNumber>1</PartNumber><ETag>{part.etag}</ETag><ChecksumSHA256>{checksum}</ChecksumSHA256>"
    body = f"<CompleteMultipartUpload><Part>{told}</Part></CompleteMultipartUpload>".encode()
    request = blobs._signer.sign(
        "POST",
        f"/{there.bucket}/{there.key}",
        query={"uploadId": there.upload_id},
        headers={"Content-Length": str(len(body))},
        now=datetime.now(UTC),
        lifetime=timedelta(minutes=1),
    )
    url = urlsplit(request.url)
    head = f"POST {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"

    def ask() -> None:
        with socket.create_connection((url.hostname, url.port)) as connection:
            connection.sendall(head.encode() + body)
            time.sleep(after)

    await asyncio.to_thread(ask)


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
