"""Parts become one object, once, whatever is dropped on the way."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from shared.blobs import SMALLEST_PART, Blobs, Multipart, NotFound, PartPlan, Place, Refused
from tests.integration.blobs.conftest import Connect
from tests.integration.blobs.sending import send

PDF = "application/pdf"


def plans(*bodies: bytes) -> list[PartPlan]:
    return [PartPlan(number, len(body), hashlib.sha256(body).hexdigest()) for number, body in enumerate(bodies, 1)]


async def send_part(blobs: Blobs, upload: Multipart, plan: PartPlan, body: bytes) -> None:
    request = blobs.sign_part(upload, plan, content_type=PDF, now=datetime.now(UTC), lifetime=timedelta(hours=1))
    status, text = await send("PUT", request.url, request.headers, body)
    assert status == 200, text


async def test_parts_sent_in_any_order_are_joined_by_number(blobs: Blobs, bucket: str, key: str) -> None:
    bodies = (os.urandom(SMALLEST_PART), os.urandom(SMALLEST_PART), b"the end")
    planned = plans(*bodies)
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    for number in (3, 1, 2):
        await send_part(blobs, upload, planned[number - 1], bodies[number - 1])

    stored = await blobs.list_parts(upload)
    assert [(part.number, part.size) for part in stored] == [(p.number, p.size) for p in planned]
    assert all(part.sha256 in {None, p.sha256} for part, p in zip(stored, planned, strict=True))

    done = await blobs.complete_multipart(upload, planned, stored)
    whole = b"".join(bodies)
    told = await blobs.stat(done)
    assert (told.place, told.size, told.content_type) == (done, len(whole), PDF)
    assert (await blobs.fetch(done)).sha256 == hashlib.sha256(whole).hexdigest()


async def test_completing_again_after_a_lost_answer_gives_the_same_object(blobs: Blobs, bucket: str, key: str) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    planned = plans(b"%PDF-1.7")
    await send_part(blobs, upload, planned[0], b"%PDF-1.7")
    stored = await blobs.list_parts(upload)

    first = await blobs.complete_multipart(upload, planned, stored)
    again = await blobs.complete_multipart(upload, planned, stored)

    assert first == again
    assert first.version
    with pytest.raises(NotFound):
        await blobs.list_parts(upload)


async def test_a_missing_part_is_refused_and_nothing_is_joined(blobs: Blobs, bucket: str, key: str) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    first, second = os.urandom(SMALLEST_PART), b"second"
    planned = plans(first, second)
    await send_part(blobs, upload, planned[0], first)

    with pytest.raises(Refused):
        await blobs.complete_multipart(upload, planned, await blobs.list_parts(upload))
    with pytest.raises(NotFound):
        await blobs.stat(Place(bucket, key))


async def test_the_store_itself_refuses_to_join_under_another_checksum(blobs: Blobs, bucket: str, key: str) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    planned = plans(b"one two three")
    await send_part(blobs, upload, planned[0], b"one two three")
    (stored,) = await blobs.list_parts(upload)
    lie = PartPlan(1, planned[0].size, hashlib.sha256(b"four").hexdigest())
    told = type(stored)(stored.number, stored.size, stored.etag, None)

    with pytest.raises(Refused):
        await blobs.complete_multipart(upload, [lie], [told])


async def test_an_aborted_upload_cannot_be_completed_and_may_be_aborted_again(
    blobs: Blobs, bucket: str, key: str
) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    planned = plans(b"body")
    await send_part(blobs, upload, planned[0], b"body")
    stored = await blobs.list_parts(upload)
    await blobs.abort_multipart(upload)
    await blobs.abort_multipart(upload)

    with pytest.raises(NotFound):
        await blobs.complete_multipart(upload, planned, stored)


async def test_aborting_after_completion_leaves_the_object(blobs: Blobs, bucket: str, key: str) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    planned = plans(b"body")
    await send_part(blobs, upload, planned[0], b"body")
    done = await blobs.complete_multipart(upload, planned, await blobs.list_parts(upload))
    await blobs.abort_multipart(upload)
    assert (await blobs.stat(done)).size == 4


async def test_what_was_begun_and_neither_completed_nor_aborted_is_listed_page_by_page(
    connect: Connect, blobs: Blobs
) -> None:
    bucket = f"t{secrets.token_hex(6)}"
    await connect().ensure_bucket(bucket)
    begun = [await blobs.create_multipart(bucket, f"uploads/{n}.pdf", content_type="application/pdf") for n in range(7)]
    await blobs.abort_multipart(begun[3])
    for page in (2, 1_000):
        found = await blobs.unfinished(bucket, page=page)
        assert {one.multipart for one in found} == {one for one in begun if one is not begun[3]}
        assert all(one.at is not None and abs(datetime.now(UTC) - one.at) < timedelta(minutes=5) for one in found)
