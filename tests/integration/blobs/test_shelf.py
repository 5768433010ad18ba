"""One document in the object store, replaced by one writer at a time, without old copies."""

import asyncio
import secrets

import pytest
import pytest_asyncio

from shared.blobs import Blobs, Place, Refused, Shelf, TakenError
from tests.integration.blobs.conftest import Connect


@pytest_asyncio.fixture(scope="module")
async def plain(connect: Connect) -> str:
    """A bucket that keeps no versions."""
    name = f"t{secrets.token_hex(6)}"
    await connect().ensure_bucket(name, versions=False)
    return name


async def test_what_was_written_last_is_read_and_nothing_older_lies_there(blobs: Blobs, plain: str, key: str) -> None:
    shelf = Shelf(blobs, plain, key)
    assert await shelf.read() is None
    first = await shelf.replace(None, b"first")
    second = await shelf.replace(first, b"second")
    assert await shelf.read() == second
    assert second.content == b"second"
    assert len(await blobs.places(plain, prefix=f"{key}/")) == 1


async def test_of_many_writers_one_is_first_and_the_others_are_told(blobs: Blobs, plain: str, key: str) -> None:
    shelf = Shelf(blobs, plain, key)
    standing = await shelf.replace(None, b"start")
    for _ in range(5):
        answers = await asyncio.gather(
            *(shelf.replace(standing, secrets.token_bytes(20)) for _ in range(8)), return_exceptions=True
        )
        taken = [each for each in answers if isinstance(each, TakenError)]
        (standing,) = [each for each in answers if not isinstance(each, BaseException)]
        assert len(taken) == 7
        assert await shelf.read() == standing


async def test_what_a_dead_writer_left_behind_is_deleted_by_the_next_reader(blobs: Blobs, plain: str, key: str) -> None:
    shelf = Shelf(blobs, plain, key)
    first = await shelf.replace(None, b"first")
    # As a process leaves it that dies after the write and before it deletes.
    await blobs.put(plain, f"{key}/{first.number + 1:012d}", b"second", content_type="text/plain")
    standing = await shelf.read()
    assert standing
    assert standing.content == b"second"
    assert [place.key for place in await blobs.places(plain, prefix=f"{key}/")] == [f"{key}/{standing.number:012d}"]


async def test_a_repeat_of_ones_own_write_is_no_conflict(blobs: Blobs, plain: str, key: str) -> None:
    shelf = Shelf(blobs, plain, key)
    first = await shelf.replace(None, b"first")
    await shelf.replace(first, b"same")
    assert (await shelf.replace(first, b"same")).number == first.number + 1


async def test_a_bucket_that_keeps_versions_is_refused(blobs: Blobs, bucket: str) -> None:
    with pytest.raises(Refused, match="BucketKeepsVersions"):
        await Shelf(blobs, bucket, "ring").prepare()


async def test_only_new_does_not_overwrite(blobs: Blobs, plain: str, key: str) -> None:
    await blobs.put(plain, key, b"one", content_type="text/plain", only_new=True)
    with pytest.raises(Refused, match="PreconditionFailed"):
        await blobs.put(plain, key, b"two", content_type="text/plain", only_new=True)
    assert (await blobs.fetch(Place(plain, key))).size == 3
