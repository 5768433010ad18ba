"""What a round keeps in the object store: its documents, and the snapshot of its opening."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.registry.rounds.parts import RoundDocument, Snapshot
from services.registry.rounds.snapshot import MEDIA_TYPE, Frozen
from shared.blobs import Blobs, NotFound, Place


class Papers:
    """One bucket, whose objects are never written over: a key holds the digest of its bytes."""

    def __init__(self, blobs: Blobs, bucket: str) -> None:
        self._blobs, self._bucket = blobs, bucket

    async def prepare(self) -> None:
        """Make sure that the bucket stands."""
        await self._blobs.ensure_bucket(self._bucket)

    async def keep(self, document: RoundDocument, data: bytes) -> RoundDocument:
        """Store a document's bytes; durable when it returns."""
        place = await self._blobs.put(self._bucket, document.key, data, content_type=document.media_type)
        return document.model_copy(update={"version": place.version})

    async def keep_snapshot(self, round_id: str, frozen: Frozen) -> tuple[str, str | None]:
        """Store a snapshot; its key and version."""
        key = f"rounds/{round_id}/snapshots/{frozen.sha256}.ndjson"
        place = await self._blobs.put(self._bucket, key, frozen.data, content_type=MEDIA_TYPE)
        return key, place.version

    async def forget(self, document: RoundDocument) -> None:
        """Remove a document's bytes for good. Fine if they are gone."""
        try:
            await self._blobs.delete(self._place(document))
        except NotFound:
            return

    @asynccontextmanager
    async def reading(self, paper: RoundDocument | Snapshot) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of a paper, in order, a piece at a time."""
        async with self._blobs.reading(self._place(paper)) as pieces:
            yield pieces

    def _place(self, paper: RoundDocument | Snapshot) -> Place:
        return Place(self._bucket, paper.key, paper.version)
