"""A part's URL takes the part it was signed for and nothing else, whoever holds it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from shared.blobs import Blobs, Multipart, PartPlan
from tests.integration.blobs.sending import chunked, send

PDF = "application/pdf"
BODY = b"%PDF-1.7 " + b"A" * 5000
HOUR = timedelta(hours=1)

Request = tuple[str, dict[str, str], bytes]


def plan(body: bytes, number: int = 1) -> PartPlan:
    return PartPlan(number, len(body), hashlib.sha256(body).hexdigest())


def checksum(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != name}


OTHER = BODY[:-1] + b"B"

ATTACKS: dict[str, Callable[[str, dict[str, str]], Request]] = {
    "a bigger body": lambda url, h: (url, h | {"Content-Length": str(len(BODY) + 1)}, BODY + b"x"),
    "a smaller body": lambda url, h: (url, h | {"Content-Length": str(len(BODY) - 1)}, BODY[:-1]),
    "other bytes of the same length": lambda url, h: (url, h, OTHER),
    "other bytes with their own checksum": lambda url, h: (
        url,
        h | {"x-amz-checksum-sha256": checksum(OTHER)},
        OTHER,
    ),
    "another type": lambda url, h: (url, h | {"Content-Type": "text/html"}, BODY),
    "no type": lambda url, h: (url, without(h, "Content-Type"), BODY),
    "no checksum": lambda url, h: (url, without(h, "x-amz-checksum-sha256"), BODY),
    "no checksum and other bytes": lambda url, h: (url, without(h, "x-amz-checksum-sha256"), OTHER),
    "chunks instead of a length": lambda url, h: (
        url,
        without(h, "Content-Length") | {"Transfer-Encoding": "chunked"},
        chunked(BODY),
    ),
    "another part number": lambda url, h: (url.replace("partNumber=1", "partNumber=2"), h, BODY),
    "the object itself instead of a part": lambda url, h: (
        url.replace("partNumber=1&", "").replace("uploadId=", "x="),
        h,
        BODY,
    ),
    "a header taken out of the signed list": lambda url, h: (
        url.replace("%3Bx-amz-checksum-sha256", ""),
        without(h, "x-amz-checksum-sha256"),
        OTHER,
    ),
    "a longer life": lambda url, h: (url.replace("X-Amz-Expires=3600", "X-Amz-Expires=86400"), h, BODY),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_the_store_refuses(attack: str, blobs: Blobs, bucket: str, key: str) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    request = blobs.sign_part(upload, plan(BODY), content_type=PDF, now=datetime.now(UTC), lifetime=HOUR)
    url, headers, body = ATTACKS[attack](request.url, dict(request.headers))

    status, _ = await send("PUT", url, headers, body)

    assert not 200 <= status < 300
    assert await blobs.list_parts(upload) == ()
    assert (await send("PUT", request.url, request.headers, BODY))[0] == 200, "and takes the honest one after"


async def test_more_bytes_than_the_length_says_are_cut_off_not_stored(blobs: Blobs, bucket: str, key: str) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    request = blobs.sign_part(upload, plan(BODY), content_type=PDF, now=datetime.now(UTC), lifetime=HOUR)

    await send("PUT", request.url, request.headers, BODY + b"more")

    # Servers differ: one hangs up, one stores the honest beginning. None may keep a byte more.
    assert [part.size for part in await blobs.list_parts(upload)] in ([], [len(BODY)])


async def test_the_store_refuses_an_expired_url(blobs: Blobs, bucket: str, key: str) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    then = datetime.now(UTC) - timedelta(seconds=61)
    request = blobs.sign_part(upload, plan(BODY), content_type=PDF, now=then, lifetime=timedelta(minutes=1))
    status, _ = await send("PUT", request.url, request.headers, BODY)
    assert status == 403
    assert await blobs.list_parts(upload) == ()


async def test_a_url_used_again_changes_nothing_and_after_the_end_it_is_dead(
    blobs: Blobs, bucket: str, key: str
) -> None:
    upload = await blobs.create_multipart(bucket, key, content_type=PDF)
    request = blobs.sign_part(upload, plan(BODY), content_type=PDF, now=datetime.now(UTC), lifetime=HOUR)
    for _ in range(3):
        assert (await send("PUT", request.url, request.headers, BODY))[0] == 200
    stored = await blobs.list_parts(upload)
    assert [(part.number, part.size) for part in stored] == [(1, len(BODY))]

    done = await blobs.complete_multipart(upload, [plan(BODY)], stored)

    assert (await send("PUT", request.url, request.headers, BODY))[0] == 404
    assert (await blobs.fetch(done)).sha256 == plan(BODY).sha256


async def test_a_url_of_an_aborted_upload_is_dead(blobs: Blobs, bucket: str, key: str) -> None:
    upload: Multipart = await blobs.create_multipart(bucket, key, content_type=PDF)
    request = blobs.sign_part(upload, plan(BODY), content_type=PDF, now=datetime.now(UTC), lifetime=HOUR)
    await blobs.abort_multipart(upload)
    assert (await send("PUT", request.url, request.headers, BODY))[0] == 404
