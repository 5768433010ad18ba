"""Where a roll waits for its second person: what was read of it, packed, in pieces in the object store.

It is no copy of the file: cells that no rule asks for, hidden sheets and phone numbers are not in it. It is deleted as
soon as somebody decided. In memory lies one piece at a time.
"""

import asyncio
import contextlib
import gzip
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final

from services.registry.roll.loss import RollRequest
from services.registry.roll.spool import NotOurs, Spool
from shared.blobs import Blobs, NotFound, Place

PIECE: Final = 4 * 1024 * 1024
"""Bytes. A roll of 100,000 rows packs into three."""
_LEVEL: Final = 1


class GoneError(Exception):
    """It is not there, not whole, or of another version of this program."""


class WaitingRoom:
    """A bucket of its own, which keeps no versions: what is deleted is gone."""

    def __init__(self, blobs: Blobs, bucket: str) -> None:
        self._blobs, self._bucket = blobs, bucket

    async def prepare(self) -> None:
        """Make sure that the bucket stands."""
        await self._blobs.ensure_bucket(self._bucket, versions=False)

    async def put(self, request: str, spool: Spool) -> tuple[int, str]:
        """Store what was read; how many pieces it takes, and their digest. Done again, it stores the same."""
        sha, number = hashlib.sha256(), 0
        with tempfile.TemporaryDirectory() as folder:
            packed = await asyncio.to_thread(_pack, spool, Path(folder))
            with packed.open("rb") as file:
                while piece := await asyncio.to_thread(file.read, PIECE):
                    sha.update(piece)
                    await self._blobs.put(
                        self._bucket, _key(request, number), piece, content_type="application/octet-stream"
                    )
                    number += 1
        return number, sha.hexdigest()

    @asynccontextmanager
    async def open(self, request: RollRequest) -> AsyncIterator[Spool]:
        """What was read, once more. Raises `GoneError`."""
        with tempfile.TemporaryDirectory() as folder:
            packed, saved = Path(folder) / "packed", Path(folder) / "saved"
            with packed.open("wb") as file:
                await self._fetch(request, file)
            try:
                await asyncio.to_thread(_unpack, packed, saved, request.sha256)
                spool = Spool(saved)
            except NotOurs:
                raise GoneError from None
            try:
                yield spool
            finally:
                spool.close()

    async def _fetch(self, request: RollRequest, into: BinaryIO) -> None:
        for number in range(request.pieces):
            try:
                await self._blobs.fetch(Place(self._bucket, _key(request.id, number)), into)
            except NotFound:
                raise GoneError from None

    async def clear(self, request: RollRequest) -> None:
        """Delete it. Fine if it is gone; pieces that an unfinished storing left behind go too."""
        for place in await self._blobs.places(self._bucket, prefix=f"{request.id}/"):
            with contextlib.suppress(NotFound):
                await self._blobs.delete(Place(place.bucket, place.key))


def _key(request: str, number: int) -> str:
    return f"{request}/{number:05}"


def _pack(spool: Spool, folder: Path) -> Path:
    saved, packed = folder / "saved", folder / "packed"
    spool.save(saved)
    with saved.open("rb") as plain, gzip.GzipFile(packed, "wb", compresslevel=_LEVEL, mtime=0) as into:
        while chunk := plain.read(1 << 20):
            into.write(chunk)
    return packed


def _unpack(packed: Path, saved: Path, sha256: str) -> None:
    with packed.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise GoneError
    with gzip.open(packed, "rb") as plain, saved.open("wb") as into:
        while chunk := plain.read(1 << 20):
            into.write(chunk)
