"""Buckets that keep what they were given, and files put into them."""

import asyncio
import base64
import hashlib
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import BinaryIO, Final

from minio.commonconfig import ENABLED
from minio.error import InvalidResponseError, S3Error
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.versioningconfig import VersioningConfig

from shared.blobs.connection import Connection
from shared.blobs.errors import NotFound, Refused
from shared.blobs.values import Lock, Place, Written

_AT_ONCE: Final = timedelta(minutes=10)
"""How long a request of this room's own stays good: it is sent at once, but clocks differ."""


class Keeping(Connection):
    """Make a bucket, put a file."""

    async def ensure_bucket(self, bucket: str, *, versions: bool = True, lock: Lock | None = None) -> None:
        """The bucket is there and keeps versions, or none at all (`Refused` where it does all the same).

        Safe at every start and from many processes at once. With `lock`, no new version in it can be deleted for so
        long; `Refused` where the bucket was made without, since S3 locks only what was made for it.
        """

        def ensure() -> None:
            if not self._client.bucket_exists(bucket):
                with _ours_already_is_fine():
                    self._client.make_bucket(bucket, object_lock=lock is not None)
            keeps = self._client.get_bucket_versioning(bucket).status == ENABLED
            if keeps and not versions:
                raise Refused("ensure_bucket", "BucketKeepsVersions")
            if versions and not keeps:
                self._client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
            if lock is not None:
                self._lock(bucket, lock)

        # SeaweedFS may deny for a moment a bucket that another process has just made.
        for wait in (0.1, 0.2, 0.4, 0.8, 1.6):
            with suppress(NotFound):
                return await self._call("ensure_bucket", ensure)
            await asyncio.sleep(wait)
        return await self._call("ensure_bucket", ensure)

    def _lock(self, bucket: str, lock: Lock) -> None:
        wanted = ObjectLockConfig(lock.mode, lock.days, DAYS)
        try:
            stands = self._client.get_object_lock_config(bucket)
        except S3Error as error:
            if error.code != "ObjectLockConfigurationNotFoundError":
                raise
            raise Refused("ensure_bucket", "made without object lock") from error
        if (stands.mode, stands.duration) != (wanted.mode, wanted.duration):
            self._client.set_object_lock_config(bucket, wanted)

    async def put_file(self, bucket: str, key: str, file: BinaryIO, *, content_type: str) -> Written:
        """Stores a file (one with a descriptor, read through it and not copied) and says what was stored, and where.

        The store checks the SHA-256 that is sent along; when this returns, it has the object durably.
        """

        def put() -> Written:
            size = os.fstat(file.fileno()).st_size
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
                sha256 = hashlib.sha256(data).hexdigest()
                return Written(self._put_signed(bucket, key, data, sha256, content_type), size, sha256)

        return await self._call("put_file", put)

    def _put_signed(self, bucket: str, key: str, data: memoryview, sha256: str, content_type: str) -> Place:
        """As minio's own PUT, which would digest the whole body once more."""
        request = self._inside.sign(
            "PUT",
            f"/{bucket}/{key}",
            query={},
            headers={
                "Content-Length": str(len(data)),
                "Content-Type": content_type,
                "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(),
            },
            now=datetime.now(UTC),
            lifetime=_AT_ONCE,
        )
        answer = self._http.urlopen("PUT", request.url, body=data, headers=dict(request.headers))
        if answer.status != HTTPStatus.OK:
            if "xml" in answer.headers.get("content-type", "") and answer.data:
                raise S3Error.fromxml(answer)
            raise InvalidResponseError(answer.status, answer.headers.get("content-type"), None)
        return Place(bucket, key, answer.headers.get("x-amz-version-id"))


@contextmanager
def _ours_already_is_fine() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise
