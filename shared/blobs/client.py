"""The object store, asynchronously: plain S3, every failure typed, every byte that counts digested here."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from minio import Minio
from minio.commonconfig import CopySource
from minio.retention import Retention
from urllib3 import BaseHTTPResponse

from shared.blobs.errors import NotFound, Unavailable, translated
from shared.blobs.keeping import Keeping
from shared.blobs.multipart import Multiparts
from shared.blobs.posting import Posting
from shared.blobs.presign import SignedRequest
from shared.blobs.slots import Slot
from shared.blobs.values import Fetched, Lock, Place, Stored

CHUNK = 1024 * 1024
"""Bytes read at a time."""


class Blobs(Multiparts, Keeping, Posting):
    """Buckets and objects. What fails raises `Unavailable`, `NotFound` or `Refused`, never an error of
    minio's.
    """

    async def probe(self, bucket: str, *, within: float = 3.0) -> None:
        """Returns if the store answers for `bucket` within so many seconds; else `NotFound` or
        `Unavailable`.
        """
        try:
            async with asyncio.timeout(within):
                there = await self._call("probe", lambda: self._client.bucket_exists(bucket))
        except TimeoutError as error:
            raise Unavailable("probe", "timeout") from error
        if not there:
            raise NotFound("probe", "NoSuchBucket")

    async def put(self, bucket: str, key: str, data: bytes, *, content_type: str, only_new: bool = False) -> Place:
        """Stores a small object from memory; when it returns, the store has it durably.

        With `only_new` it is `Refused` (`PreconditionFailed`) where the key is taken; of many writers at once one gets
        it.
        """
        headers: dict[str, str | list[str] | tuple[str]] = {"Content-Type": content_type}
        if only_new:
            headers["If-None-Match"] = "*"

        def put() -> Place:
            # put_object() would split the data and start threads of its own.
            done = self._client._put_object(bucket, key, data, headers)  # noqa: SLF001
            return Place(bucket, key, done.version_id)

        return await self._call("put", put)

    async def stat(self, place: Place) -> Stored:
        """What the store says of an object, without its bytes."""
        return await self._call("stat", lambda: self._stat(place))

    async def copy(self, source: Place, bucket: str, key: str, *, lock: Lock | None = None) -> Place:
        """Copies within the store, bytes and type. Done twice, it leaves a second version of the same
        bytes. A `lock` must be given again: SeaweedFS 4.48 gives copies none of their bucket's.
        """

        def copy() -> Place:
            origin = CopySource(source.bucket, source.key, version_id=source.version)
            place = Place(bucket, key, self._client.copy_object(bucket, key, origin).version_id)
            if lock is not None:
                until = Retention(lock.mode, datetime.now(UTC) + timedelta(days=lock.days))
                self._client.set_object_retention(bucket, key, until, version_id=place.version)
            return place

        return await self._call("copy", copy)

    async def delete(self, place: Place) -> None:
        """Removes that version for good; without one, hides the object behind a marker. Fine if
        it is gone.
        """
        await self._call(
            "delete",
            lambda: self._client.remove_object(place.bucket, place.key, version_id=place.version),
        )

    async def fetch(self, place: Place, into: BinaryIO | None = None) -> Fetched:
        """Reads the whole object in one thread, writes it to `into` if given, and says what was read.

        After an error `into` holds a beginning of the object: start again with an empty one.
        """

        def fetch() -> Fetched:
            digest, size = hashlib.sha256(), 0
            download = _Download(self._client, place)
            try:
                download.open()
                while chunk := download.read():
                    digest.update(chunk)
                    size += len(chunk)
                    if into is not None:
                        into.write(chunk)
            finally:
                download.close()
            return Fetched(size, digest.hexdigest())

        return await self._call("fetch", fetch)

    async def places(self, bucket: str, *, prefix: str | None = None) -> list[Place]:
        """Every version of every object of a bucket, in memory: for tools that look at all of it.

        With a `prefix`, the objects whose keys begin so, as they are now.
        """

        def places() -> list[Place]:
            found = self._client.list_objects(bucket, prefix, recursive=True, include_version=prefix is None)
            return [Place(bucket, str(one.object_name), one.version_id) for one in found if not one.is_delete_marker]

        return await self._call("places", places)

    @asynccontextmanager
    async def reading(self, place: Place) -> AsyncIterator[AsyncIterator[bytes]]:
        """`async with blobs.reading(place) as chunks: async for chunk in chunks` gives the bytes in order,
        at most `CHUNK` at a time. At most half of the connections serve such streams; others wait their turn.
        """
        async with self._slots.stream() as slot:
            download = _Download(self._client, place)
            try:
                with _translated():
                    await slot.run(download.open)
                yield _chunks(slot, download)
            finally:
                slot.when_idle(download.close)

    def sign_get(
        self, place: Place, *, now: datetime, lifetime: timedelta, answer: Mapping[str, str] | None = None
    ) -> SignedRequest:
        """A download by whoever holds it. `answer` overrides headers of the answer by their S3 names
        ("response-content-disposition": "attachment"). The store isn't asked, not even if the object is
        there.
        """
        query = dict(answer or {})
        if place.version:
            query["versionId"] = place.version
        return self._signer.sign(
            "GET", f"/{place.bucket}/{place.key}", query=query, headers={}, now=now, lifetime=lifetime
        )


class _Download:
    """One GET, whose connection is given back whole when all was read and dropped otherwise."""

    def __init__(self, client: Minio, place: Place) -> None:
        self._client, self._place = client, place
        self._response: BaseHTTPResponse | None = None

    def open(self) -> None:
        self._response = self._client.get_object(self._place.bucket, self._place.key, version_id=self._place.version)

    def read(self) -> bytes:
        if self._response is None:
            raise ValueError("read before open")
        # The stored bytes, whatever Content-Encoding they claim.
        return self._response.read(CHUNK, decode_content=False)

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response.release_conn()


async def _chunks(slot: Slot, download: _Download) -> AsyncIterator[bytes]:
    while True:
        with _translated():
            chunk = await slot.run(download.read)
        if not chunk:
            return
        yield chunk


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise translated("reading", error) from error
