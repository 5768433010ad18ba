"""Where a batch is opened and handed in: each step checked, entered in the trail, stored, then answered."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal

from services.credentials.batches.keys import BatchKeys
from services.credentials.batches.places import fetched, kept_as
from services.credentials.batches.store import CHAIN, KEPT, Batch, BatchStore
from shared.blobs import Blobs, Place
from shared.contracts.topics import INBOUND_CREDENTIALS
from shared.mongo.trail import AuditTrail
from shared.security.audit import Deed
from shared.security.principals import Principal, Role
from shared.security.publishers import Publishers
from shared.security.sealed_batches import LEEWAY, BatchFault, BatchRefused, Received, receive
from shared.telemetry import current_traceparent

LIFE: Final = timedelta(hours=24)
"""How long a published key may be used: a working day, and the night after it."""


class UnknownBatchError(Exception):
    """No such batch was opened here."""


class BatchUsedError(Exception):
    """Its key has served for something else already."""


class BatchOverError(Exception):
    """Its time is up."""


class BatchDesk:
    """What is refused changes nothing. `work_waits` is called when something was taken in."""

    def __init__(
        self,
        batches: BatchStore,
        keys: BatchKeys,
        blobs: Blobs,
        bucket: str,
        publishers: Publishers,
        trail: AuditTrail,
        clock: Callable[[], datetime],
        work_waits: Callable[[], None],
    ) -> None:
        self._batches, self._keys, self._blobs, self._bucket = batches, keys, blobs, bucket
        self._publishers, self._trail, self._clock, self._work_waits = publishers, trail, clock, work_waits

    async def open(self, who: Principal, round_id: str, way: Literal["file", "events"]) -> Batch:
        """Publish a key for one batch of a round: for one file, or for events until its time is up."""
        now, batch = self._clock(), secrets.token_urlsafe(12)
        public, private = await self._keys.make(batch, round_id)
        opened = Batch(
            batch=batch,
            round=round_id,
            way=way,
            opened_by=who.subject,
            role=who.role.value,
            publisher=who.org if who.role is Role.PUBLISHER else "",
            public=public,
            private=private,
            opened_at=now,
            expires_at=now + LIFE,
            ends=now + KEPT,
        )
        await self._enter(who.subject, who.role.value, who.org, "batch.open", opened)
        await self._batches.add(opened)
        return opened

    async def take(self, text: str, round_id: str, who: Principal) -> Batch:
        """Take a sealed batch in. The same batch again is answered with what became of it, and changes nothing.

        Raises BatchRefused, BatchUsedError, BatchOverError, UnknownBatchError.
        """
        received = receive(text, self._publishers, INBOUND_CREDENTIALS.name, self._clock())
        batch = await self._fitting(received, round_id)
        deed = (who.subject, who.role.value, who.org)
        return await self._keep(text.encode(), batch, received.publisher.name, deed)

    async def take_offered(self, batch_id: str, round_id: str, place: Place, digest: str, sender: str) -> Batch:
        """Take a batch in that a signed event says lies in the object store, with this SHA-256; then delete it there.

        Raises BatchRefused, BatchUsedError, BatchOverError, UnknownBatchError, and what the store raises.
        """
        known = await self._batches.get(batch_id)
        if known is not None and known.digest and known.sent_by == sender:
            await self._clear(place, _same(known, digest).digest)
            return known
        text = await fetched(self._blobs, place, digest)
        received = receive(text, self._publishers, INBOUND_CREDENTIALS.name, self._clock())
        if (received.envelope.batch, received.publisher.name) != (batch_id, sender):
            raise BatchRefused(BatchFault.OTHER_BATCH)
        batch = await self._fitting(received, round_id)
        taken = await self._keep(text.encode(), batch, sender, (sender, "publisher", sender))
        await self._clear(place, digest)
        return taken

    async def _clear(self, place: Place, digest: str) -> None:
        """Delete what was taken in, wherever it still lies. Something else under that name is left alone."""
        try:
            await fetched(self._blobs, place, digest)
        except BatchRefused:
            return
        await self._blobs.delete(place)

    async def _fitting(self, received: Received, round_id: str) -> Batch:
        """The batch that an envelope names, if it is of this round, and this publisher's to fill, in its time."""
        batch = await self._known(received.envelope.batch)
        if received.envelope.round != round_id or batch.round != round_id:
            raise BatchRefused(BatchFault.OTHER_ROUND)
        if batch.publisher and batch.publisher != received.publisher.name:
            raise BatchRefused(BatchFault.UNKNOWN_SENDER)
        if batch.way != "file":
            raise BatchRefused(BatchFault.OTHER_BATCH)
        if received.envelope.at < batch.opened_at - LEEWAY:
            raise BatchRefused(BatchFault.NOT_ITS_TIME)
        return batch

    async def _keep(self, content: bytes, batch: Batch, sender: str, deed: tuple[str, str, str]) -> Batch:
        now, digest = self._clock(), hashlib.sha256(content).hexdigest()
        if batch.digest:
            return _same(batch, digest)
        if batch.state != "open" or now >= batch.expires_at:
            raise BatchOverError
        await self._blobs.put(self._bucket, kept_as(batch.batch, digest), content, content_type="application/jose")
        await self._enter(*deed, "batch.take", batch)
        taken = await self._batches.change(
            batch.batch,
            ("open",),
            state="received",
            received_at=now,
            sent_by=sender,
            digest=digest,
            size=len(content),
            traceparent=current_traceparent(),
        )
        if taken is None:  # somebody else handed one in at this moment
            return _same(await self._known(batch.batch), digest)
        self._work_waits()
        return taken

    async def _known(self, batch: str) -> Batch:
        found = await self._batches.get(batch)
        if found is None:
            raise UnknownBatchError
        return found

    async def _enter(self, actor: str, role: str, org: str, action: str, batch: Batch) -> None:
        deed = Deed(actor, role, action, f"batch/{batch.batch}", "allowed", batch.round, org)
        await self._trail.enter(CHAIN, deed, self._clock())


def _same(batch: Batch, digest: str) -> Batch:
    """The batch, if this is what was handed in for it. Raises BatchUsedError."""
    if batch.digest != digest:
        raise BatchUsedError
    return batch
