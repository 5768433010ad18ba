"""What was accepted stays: a bucket whose versions nobody deletes for a time."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import tempfile

import pytest
import pytest_asyncio

from shared.blobs import Blobs, Lock, Place, Refused
from tests.integration.blobs.conftest import Connect

LOCK = Lock("COMPLIANCE", 2)


@pytest_asyncio.fixture(scope="module")
async def locked(connect: Connect) -> str:
    name = f"t{secrets.token_hex(6)}"
    await connect().ensure_bucket(name, lock=LOCK)
    return name


async def test_a_version_in_a_locked_bucket_cannot_be_deleted(blobs: Blobs, locked: str, key: str) -> None:
    place = await blobs.put(locked, key, b"kept", content_type="text/plain")
    with pytest.raises(Refused):
        await blobs.delete(place)
    assert (await blobs.fetch(place)).size == 4


async def test_what_is_copied_into_a_locked_bucket_is_kept_too(
    blobs: Blobs, bucket: str, locked: str, key: str
) -> None:
    source = await blobs.put(bucket, key, b"kept", content_type="text/plain")
    place = await blobs.copy(source, locked, key, lock=LOCK)
    with pytest.raises(Refused):
        await blobs.delete(place)
    assert (await blobs.fetch(place)).size == 4


async def test_without_a_version_a_delete_hides_the_object_and_the_version_stays(
    blobs: Blobs, locked: str, key: str
) -> None:
    place = await blobs.put(locked, key, b"kept", content_type="text/plain")
    await blobs.delete(Place(locked, key))
    assert (await blobs.fetch(place)).size == 4


async def test_starting_again_and_at_once_changes_nothing(connect: Connect, locked: str) -> None:
    await asyncio.gather(*(connect().ensure_bucket(locked, lock=LOCK) for _ in range(3)))


async def test_a_lock_cannot_be_had_for_a_bucket_that_was_made_without(blobs: Blobs, bucket: str) -> None:
    with pytest.raises(Refused, match="without object lock"):
        await blobs.ensure_bucket(bucket, lock=LOCK)


async def test_a_file_is_stored_as_it_is_and_its_digest_told(blobs: Blobs, bucket: str, key: str) -> None:
    body = os.urandom(3_000_001)
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.flush()
        written = await blobs.put_file(bucket, key, file, content_type="application/pdf")
    assert (written.size, written.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    read = await blobs.fetch(written.place)
    assert (read.size, read.sha256) == (written.size, written.sha256)
    assert (await blobs.stat(written.place)).content_type == "application/pdf"
    assert written.place.version
    again = await blobs.stat(Place(bucket, key))
    assert again.place == written.place


async def test_a_file_for_a_locked_bucket_is_kept(blobs: Blobs, locked: str, key: str) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"kept")
        file.flush()
        written = await blobs.put_file(locked, key, file, content_type="application/pdf")
    with pytest.raises(Refused):
        await blobs.delete(written.place)
