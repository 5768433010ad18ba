"""Sealed credentials that come over the bus: each event is signed, and says whose it is; what it seals stays shut here
until it is sealed anew.

An event that can never be taken goes to the dead letters with a code and without its bytes.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from services.credentials.batches.desk import BatchDesk, BatchOverError, BatchUsedError, UnknownBatchError
from services.credentials.batches.importing import Importer
from services.credentials.batches.keys import BatchKeys
from services.credentials.batches.store import Batch, BatchStore
from services.credentials.batches.verdicts import Judged, Row, read_line
from services.credentials.store import CredentialsStore
from shared.blobs import Place
from shared.bus import Batch as Events
from shared.bus import Event
from shared.contracts.events import BatchSealed, CredentialSealed
from shared.contracts.topics import INBOUND_CREDENTIALS
from shared.security.publishers import Publishers
from shared.security.sealed_batches import BatchRefused, open_sealed

Sealed = Event[CredentialSealed]


class Inbound:
    """The handler of `inbound.credentials`. An event that comes again finds its holder's secret unchanged."""

    def __init__(
        self,
        store: CredentialsStore,
        batches: BatchStore,
        desk: BatchDesk,
        keys: BatchKeys,
        importer: Importer,
        publishers: Publishers,
        bucket: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._batches, self._desk, self._keys = store, batches, desk, keys
        self._importer, self._publishers, self._bucket, self._clock = importer, publishers, bucket, clock

    async def __call__(self, events: Events) -> None:
        for offered in events.of(BatchSealed):
            if code := await self._take_offered(offered):
                events.reject(offered, code)
        of_batch: defaultdict[str, list[Sealed]] = defaultdict(list)
        for sealed in events.of(CredentialSealed):
            of_batch[sealed.data.batch].append(sealed)
        for batch_id, those in of_batch.items():
            batch = await self._batches.get(batch_id)
            refused = {each.envelope.id: self._unfit(batch, each) for each in those}
            for each in those:
                if code := refused[each.envelope.id]:
                    events.reject(each, code)
            fit = [each for each in those if not refused[each.envelope.id]]
            if batch is not None and fit:
                await self._seal(events, batch, fit)

    async def _take_offered(self, offered: Event[BatchSealed]) -> str:
        """The code of a refusal, or nothing."""
        data, round_id = offered.data, offered.data.round
        if not await self._is_open(round_id):
            return "round_not_open"
        place = Place(self._bucket, data.object)
        try:
            await self._desk.take_offered(data.batch, round_id, place, data.sha256, self._sender(offered))
        except BatchRefused as refused:
            return refused.fault.value.replace("-", "_")
        except BatchUsedError:
            return "batch_used"
        except BatchOverError:
            return "batch_over"
        except UnknownBatchError:
            return "unknown_batch"
        return ""

    def _unfit(self, batch: Batch | None, event: Sealed) -> str:
        """Why an event's credential cannot be of this batch; nothing if it can."""
        if batch is None or batch.round != event.data.round or batch.way != "events":
            return "unknown_batch"
        if batch.publisher and batch.publisher != self._sender(event):
            return "unknown_sender"
        if batch.state != "open" or self._clock() >= batch.expires_at:
            return "batch_over"
        return ""

    async def _seal(self, events: Events, batch: Batch, those: Sequence[Sealed]) -> None:
        if not await self._is_open(batch.round):
            for each in those:
                events.reject(each, "round_not_open")
            return
        try:
            key = await self._keys.open(batch)
        except BatchRefused:
            for each in those:
                events.reject(each, "batch_over")
            return
        read = await asyncio.to_thread(lambda: [_opened(each, key) for each in those])
        rows: list[Row] = []
        for each, row in zip(those, read, strict=True):
            if isinstance(row, str):
                events.reject(each, row)
            else:
                rows.append(row)
        judged: list[Judged] = []
        for several in _one_of_each(rows):
            judged += await self._importer.take(batch.round, batch.batch, self._sender(those[0]), several)
        await self._batches.add_verdicts(batch.batch, judged, self._clock())
        counts = await self._batches.counts(batch.batch)
        await self._batches.change(batch.batch, ("open",), counts=counts, lines=sum(counts.values()))

    async def _is_open(self, round_id: str) -> bool:
        known = await self._store.round(round_id)
        return known is not None and known["state"] != "closed"

    def _sender(self, event: Event[CredentialSealed] | Event[BatchSealed]) -> str:
        """The publisher whose signature the bus has checked."""
        publisher = self._publishers.who(event.envelope.source, INBOUND_CREDENTIALS.name)
        return publisher.name if publisher else ""


def _opened(event: Sealed, key: object) -> Row | str:
    """The row in an event, or the code of why there is none."""
    try:
        content = open_sealed(event.data.sealed, key)  # type: ignore[arg-type]
    except BatchRefused as refused:
        return refused.fault.value.replace("-", "_")
    row = read_line(number_of(event.envelope.id), content)
    if isinstance(row, Judged):
        return "unreadable"
    if (row.kind, row.holder) != (event.data.kind, event.data.holder) or event.envelope.key != row.holder:
        return "other_holder"
    return row


def number_of(event_id: str) -> int:
    """The number under which an event's verdict stands: the same however often it comes."""
    return int.from_bytes(hashlib.sha256(event_id.encode()).digest()[:6], "big")


def _one_of_each(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in their order, in parts that name no holder twice: of two secrets the later one counts."""
    part: dict[str, Row] = {}
    for row in rows:
        if row.owner in part:
            yield list(part.values())
            part = {}
        part[row.owner] = row
    if part:
        yield list(part.values())
