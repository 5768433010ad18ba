"""Imports what was handed in, and destroys each batch's key once it has served or its time is up."""

import asyncio
import os
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from joserfc.jwk import ECKey

from services.credentials.batches.importing import Importer
from services.credentials.batches.keys import BatchKeys
from services.credentials.batches.places import fetched, folder_of, kept_as
from services.credentials.batches.store import CHAIN, WAITING, Batch, BatchStore
from services.credentials.batches.verdicts import Row, read_lines, sort_out
from shared.blobs import Blobs, Place
from shared.contracts.topics import INBOUND_CREDENTIALS
from shared.failpoints import failpoint
from shared.loops import Loop
from shared.mongo import Leases
from shared.mongo.trail import AuditTrail
from shared.security.audit import Deed
from shared.security.publishers import Publishers
from shared.security.sealed_batches import BatchRefused, open_sealed, receive
from shared.telemetry import get_logger, span

log = get_logger()

CHUNK: Final = 250
LEASE: Final = timedelta(seconds=20)
LOOK_EVERY_S: Final = 1.0


class BatchOffice:
    """One process at a time works on a batch. What is cut off is taken up by the next, and nothing is sealed twice."""

    def __init__(
        self,
        batches: BatchStore,
        importer: Importer,
        keys: BatchKeys,
        blobs: Blobs,
        bucket: str,
        publishers: Publishers,
        trail: AuditTrail,
        leases: Leases,
        clock: Callable[[], datetime],
    ) -> None:
        self._batches, self._importer, self._keys = batches, importer, keys
        self._blobs, self._bucket, self._publishers = blobs, bucket, publishers
        self._trail, self._leases, self._clock = trail, leases, clock
        self._me = f"{os.getpid()}:{secrets.token_hex(4)}"
        self.loop = Loop("batches", self.work, rest_s=LOOK_EVERY_S)

    async def work(self) -> bool:
        """One pass: import what was handed in, destroy the keys of what never was. Whether there was anything."""
        worked = False
        for batch in await self._batches.waiting():
            lease = await self._leases.take(f"batch:{batch.batch}", self._me, self._clock(), LEASE)
            if lease is not None:
                try:
                    with span("credentials.batch", traceparent=batch.traceparent):
                        worked = await self._import(batch) or worked
                finally:
                    await self._leases.give_back(lease)
        for batch in await self._batches.overdue(self._clock()):
            await self._destroy(batch)
            await self._batches.change(batch.batch, ("open",), state="expired", ended_at=self._clock())
            log.info("credentials.batch.ended", batch=batch.batch, round=batch.round, state="expired", lines=0)
            worked = True
        return worked

    async def _import(self, batch: Batch) -> bool:
        """Whether it came to its end: False when another process has taken it over."""
        fault = batch.fault
        if batch.state != "imported":
            try:
                if not await self._read_and_seal(batch):
                    return False
            except BatchRefused as refused:
                fault = refused.fault.value
            counts = await self._batches.counts(batch.batch)
            await self._batches.change(batch.batch, WAITING, state="imported", fault=fault, counts=counts)
        failpoint("credentials.batch_imported")
        await self._destroy(batch)
        for place in await self._blobs.places(self._bucket, prefix=folder_of(batch.batch)):
            await self._blobs.delete(place)
        state = "refused" if fault else "done"
        ended = await self._batches.change(batch.batch, WAITING, state=state, ended_at=self._clock())
        lines = ended.lines if ended else 0
        log.info("credentials.batch.ended", batch=batch.batch, round=batch.round, state=state, lines=lines)
        return True

    async def _read_and_seal(self, batch: Batch) -> bool:
        rows, judged = sort_out(read_lines(await self._content(batch)))
        done = len(judged)
        await self._batches.change(batch.batch, WAITING, state="importing", lines=len(rows) + done, done=done)
        await self._batches.add_verdicts(batch.batch, judged, self._clock())
        for start in range(0, len(rows), CHUNK):
            if await self._leases.take(f"batch:{batch.batch}", self._me, self._clock(), LEASE) is None:
                return False
            chunk = rows[start : start + CHUNK]
            await self._take(batch, chunk)
            done += len(chunk)
            await self._batches.change(batch.batch, WAITING, done=done)
            self.loop.beat()
        return True

    async def _take(self, batch: Batch, chunk: list[Row]) -> None:
        known = await self._batches.judged(batch.batch, [row.number for row in chunk])
        left = [row for row in chunk if row.number not in known]
        judged = await self._importer.take(batch.round, batch.batch, batch.sent_by, left)
        failpoint("credentials.batch_sealed")
        await self._batches.add_verdicts(batch.batch, judged, self._clock())

    async def _content(self, batch: Batch) -> bytes:
        """What a batch seals: fetched, digested, its signature checked once more, opened. Raises BatchRefused."""
        text = await fetched(self._blobs, Place(self._bucket, kept_as(batch.batch, batch.digest)), batch.digest)
        return await asyncio.to_thread(self._opened, text, await self._keys.open(batch))

    def _opened(self, text: str, key: ECKey) -> bytes:
        received = receive(text, self._publishers, INBOUND_CREDENTIALS.name, self._clock())
        return open_sealed(received.envelope.sealed, key)

    async def _destroy(self, batch: Batch) -> None:
        """Destroy a batch's private key, in the database and in every copy of it, and say so in the trail."""
        if batch.key_destroyed_at is not None:
            return
        await self._keys.destroy(batch.batch)
        deed = Deed("saraban", "system", "batch.key_destroy", f"batch/{batch.batch}", "allowed", batch.round)
        await self._trail.enter(CHAIN, deed, self._clock())
        await self._batches.change(batch.batch, ("open", *WAITING), private=b"", key_destroyed_at=self._clock())
