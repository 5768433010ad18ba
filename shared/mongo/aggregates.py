"""Aggregates: state, version and unpublished events in one document and one atomic write.

A document is the model's own fields beside `_id`, `version`, `sequence`, `stamp`, `told` and `outbox`. State and event
cannot part, because the server writes both or neither, without a transaction. `told` counts what was ever announced on
each topic and remembers the last sequence there, so that a reconciliation can tell a lost event from a compacted one.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar
from zlib import crc32

from pydantic import BaseModel

from shared.contracts.events import TYPE_OF_MODEL
from shared.failpoints import failpoint
from shared.mongo.documents import Document, Documents, UpdateOne
from shared.mongo.outbox import SLOTS, Outbox, OutboxEntry, told
from shared.telemetry import current_traceparent

State = TypeVar("State", bound=BaseModel)

RESERVED = frozenset({"_id", "version", "sequence", "stamp", "told", "outbox"})
OUTBOX_CAP = 256
"""More unpublished events than this in one aggregate means that the broker is away: writers must wait."""


class Conflict(Exception):  # noqa: N818
    """Somebody else wrote the aggregate first: load it again and decide again."""


class AlreadyThere(Exception):  # noqa: N818
    """An aggregate with this id exists."""


class Backpressure(Exception):  # noqa: N818
    """The aggregate's events could not be published for long; nothing was written. Try again later."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that a command caused. Its type and topic follow from the model of `data`.

    `traceparent` continues the trace of what caused it; by default the current one.
    """

    key: str
    data: BaseModel
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Stored(Generic[State]):
    """An aggregate as it was read: hand it back to `save` with the new state.

    `unpublished` are the events that still lay in its outbox then: they go to the broker before newer ones.
    """

    id: str
    version: int
    sequence: int
    state: State
    unpublished: tuple[OutboxEntry, ...] = field(default=(), compare=False, repr=False)


class Announcer(Protocol):
    """Who publishes new entries right after their write (the relay), or nobody."""

    grace: timedelta

    def announce(self, outbox: Outbox, aggregate: str, entries: Sequence[OutboxEntry]) -> None:
        """Take the entries for publishing, in their order; skip those taken before. Must not wait; may drop them
        (a sweeper finds them when due).
        """


class Aggregates(Generic[State]):
    """One collection of aggregates of one model.

    Every write is a compare-and-set on `version`; it raises `Conflict` when another writer was first.
    `now` comes from the caller, so that a rule and its record agree on the time. `derive` gives fields that are
    written with every state and read by queries alone; an old document has them from its next write.
    """

    def __init__(
        self,
        documents: Documents,
        model: type[State],
        announcer: Announcer,
        derive: Callable[[State], Document] = lambda _state: {},
    ) -> None:
        if clash := RESERVED & set(model.model_fields):
            raise ValueError(f"{model.__name__} uses reserved fields: {sorted(clash)}")
        self.documents = documents
        self.outbox = Outbox(documents)
        self._model = model
        self._announcer = announcer
        self._derive = derive

    async def prepare(self) -> None:
        """Make sure that the outbox index stands. The store adds its own indexes."""
        await self.outbox.prepare()

    def read(self, document: Document) -> Stored[State]:
        """A document that a store query found, as an aggregate."""
        left = tuple(map(OutboxEntry.read, document.get("outbox", ())))
        state = self._model.model_validate(document)
        return Stored(document["_id"], document["version"], document["sequence"], state, left)

    async def load(self, key: str) -> Stored[State] | None:
        """The aggregate, or None."""
        document = await self.documents.one({"_id": key})
        return self.read(document) if document else None

    async def load_many(self, keys: Iterable[str]) -> dict[str, Stored[State]]:
        """Those of the aggregates that exist, by id."""
        found = await self.documents.find({"_id": {"$in": list(keys)}})
        return {document["_id"]: self.read(document) for document in found}

    async def create(self, key: str, state: State, events: Sequence[NewEvent], now: datetime) -> Stored[State]:
        """Write a new aggregate with its events. Raises `AlreadyThere` and writes nothing if the id is taken."""
        if await self.create_many([(key, state, events)], now):
            raise AlreadyThere(key)
        return Stored(key, 1, len(events), state)

    async def create_many(self, new: Sequence[tuple[str, State, Sequence[NewEvent]]], now: datetime) -> set[str]:
        """Write new aggregates, each atomic by itself. Returns the ids that were taken and are unchanged."""
        batch = [(key, state, self._entries(key, 0, events, now)) for key, state, events in new]
        failpoint("aggregate.before_write")
        taken = await self.documents.insert_many(
            [
                {
                    "_id": key,
                    **self._fields(state),
                    "version": 1,
                    "sequence": len(entries),
                    "stamp": "",
                    "told": {field: {"count": n, "last": last} for field, (n, last) in told(entries).items()},
                    "outbox": [entry.stored() for entry in entries],
                }
                for key, state, entries in batch
            ]
        )
        failpoint("aggregate.after_write")
        for position, (key, _, entries) in enumerate(batch):
            if position not in taken:
                self._announcer.announce(self.outbox, key, entries)
        return {batch[position][0] for position in taken}

    async def save(
        self, stored: Stored[State], state: State, events: Sequence[NewEvent], now: datetime
    ) -> Stored[State]:
        """Write the new state and its events, if nobody wrote in between.

        Raises `Conflict` (load and decide again) or `Backpressure` (the outbox is full); nothing is written then.
        """
        entries = self._entries(stored.id, stored.sequence, events, now)
        failpoint("aggregate.before_write")
        if not await self.documents.update(*_compare_and_set(stored, self._fields(state), entries, "")):
            if await self.documents.one({"_id": stored.id, "version": stored.version}, fields=["version"]):
                raise Backpressure(stored.id)
            raise Conflict(stored.id)
        failpoint("aggregate.after_write")
        self._announce(stored, entries)
        left = (*stored.unpublished, *entries)
        return Stored(stored.id, stored.version + 1, stored.sequence + len(entries), state, left)

    async def save_many(
        self, changes: Sequence[tuple[Stored[State], State, Sequence[NewEvent]]], now: datetime
    ) -> set[str]:
        """Write many aggregates in one round trip, each atomic by itself.

        Returns the ids that were not written, because somebody else was first or their outbox is full.
        """
        if not changes:
            return set()
        stamp = new_id()
        batch = [(s, state, self._entries(s.id, s.sequence, events, now)) for s, state, events in changes]
        failpoint("aggregate.before_write")
        matched, _ = await self.documents.bulk(
            [UpdateOne(*_compare_and_set(s, self._fields(state), entries, stamp)) for s, state, entries in batch]
        )
        failpoint("aggregate.after_write")
        missed: set[str] = set()
        if matched < len(batch):
            ids = [s.id for s, _, _ in batch]
            ours = await self.documents.find({"_id": {"$in": ids}, "stamp": stamp}, fields=["_id"])
            missed = set(ids) - {document["_id"] for document in ours}
        for stored, _, entries in batch:
            if stored.id not in missed:
                self._announce(stored, entries)
        return missed

    def _fields(self, state: State) -> Document:
        return state.model_dump() | self._derive(state)

    def _announce(self, stored: Stored[State], entries: Sequence[OutboxEntry]) -> None:
        """What a dead process or an absent broker left behind goes first: compaction keeps what came last."""
        if entries:
            self._announcer.announce(self.outbox, stored.id, [*stored.unpublished, *entries])

    def _entries(self, key: str, sequence: int, events: Sequence[NewEvent], now: datetime) -> list[OutboxEntry]:
        if not events:
            return []
        slot, time = crc32(key.encode()) % SLOTS, now.isoformat()
        # By the clock, not by `now`: a long request's start would make the entries due before they are written.
        due = datetime.now(UTC) + self._announcer.grace
        trace = current_traceparent()
        entries = []
        for number, event in enumerate(events, start=sequence + 1):
            kind = TYPE_OF_MODEL[type(event.data)]
            entries.append(
                OutboxEntry(
                    id=new_id(),
                    sequence=number,
                    type=kind.name,
                    topic=kind.topic.name,
                    key=event.key,
                    data=event.data.__pydantic_serializer__.to_json(event.data),
                    time=time,
                    traceparent=event.traceparent or trace,
                    slot=slot,
                    due=due,
                )
            )
        return entries


def new_id() -> str:
    """128 random bits in hex."""
    return os.urandom(16).hex()


def _compare_and_set(
    stored: Stored[Any], fields: Document, entries: Sequence[OutboxEntry], stamp: str
) -> tuple[Document, Document]:
    query: Document = {"_id": stored.id, "version": stored.version}
    change: Document = {
        "$set": {**fields, "stamp": stamp} if stamp else fields,
        "$inc": {"version": 1, "sequence": len(entries)},
    }
    if entries:
        query[f"outbox.{OUTBOX_CAP - len(entries)}"] = {"$exists": False}
        for field, (count, last) in told(entries).items():
            change["$inc"][f"told.{field}.count"] = count
            change["$set"][f"told.{field}.last"] = last
        change["$push"] = {"outbox": {"$each": [entry.stored() for entry in entries]}}
    return query, change
