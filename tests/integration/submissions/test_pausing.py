"""A center begins on one day and goes on the next: what it brought is there, its old addresses are dead."""

import hashlib
from datetime import UTC, datetime, timedelta

from deploy.local.crowd.papers import paper
from services.submissions.files import PDF
from shared.blobs import Blobs, PartPlan
from tests.integration.blobs.sending import send
from tests.integration.submissions.conftest import Office
from tests.integration.submissions.test_recovery import documents, multipart

BIG = 12_000_000
"""Bytes: three parts."""


async def test_after_a_day_the_old_addresses_are_dead_and_fresh_ones_go_on(office: Office, blobs: Blobs) -> None:
    data, yesterday = paper("big", BIG), datetime.now(UTC) - timedelta(days=1)
    upload = (await office.open(data)).json()
    await office.send_parts(upload, data, 1)
    second = office.part(upload, data, 2)
    old = blobs.sign_part(
        await multipart(office, upload),
        PartPlan(2, len(second), hashlib.sha256(second).hexdigest()),
        content_type=PDF,
        now=yesterday,
        lifetime=timedelta(hours=1),
    )
    times = {"uploads.0.opened_at": yesterday, "uploads.0.expires_at": yesterday + timedelta(hours=72)}
    await documents(office).update({"uploads.id": upload["id"]}, {"$set": times})

    assert (await send("PUT", old.url, dict(old.headers), second))[0] == 403
    again = await office.open(data)
    assert (again.status_code, again.json()["id"]) == (200, upload["id"])
    assert [part["stored"] for part in again.json()["parts"]] == [True, False, False]
    await office.send_parts(upload, data, 2, 3)
    completed = await office.complete(upload)
    assert completed.status_code == 200, completed.text
    assert completed.json()["receipt"]["sha256"] == hashlib.sha256(data).hexdigest()
