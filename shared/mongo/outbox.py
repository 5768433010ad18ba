"""The outbox inside each aggregate: what a relay reads from it and takes out of it.

An entry lies in its aggregate's `outbox` array from the write that caused it until the broker has acknowledged it.
Each carries a `slot` (which sweeper may take it) and a `due` time (before it, the process that wrote it publishes it
itself), so that one multikey index finds what a crash left behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.mongo.documents import ASCENDING, Document, Documents, UpdateOne

SLOTS = 16
"""How many sweepers can share the work. Fixed: it is part of stored entries."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One event that waits to be published. `topic` carries no namespace; `data` is JSON."""

    id: str
    sequence: int
    type: str
    topic: str
    key: str
    data: bytes
    time: str
    traceparent: str | None
    slot: int
    due: datetime

    def stored(self) -> Document:
        """As it lies in the aggregate."""
        return {
            "id": self.id,
            "sequence": self.sequence,
            "type": self.type,
            "topic": self.topic,
            "key": self.key,
            "data": self.data,
            "time": self.time,
            "traceparent": self.traceparent,
            "slot": self.slot,
            "due": self.due,
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "OutboxEntry":
        """From the aggregate."""
        return cls(**stored)


def told(entries: Iterable[OutboxEntry]) -> dict[str, tuple[int, int]]:
    """By topic, as a field name: how many entries, and the last sequence."""
    found: dict[str, tuple[int, int]] = {}
    for entry in entries:
        field = entry.topic.replace(".", "_")
        found[field] = (found.get(field, (0, 0))[0] + 1, entry.sequence)
    return found


class Outbox:
    """The outbox entries of one collection of aggregates."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.name = documents.name

    async def prepare(self) -> None:
        """Make sure that the sweeper's index stands."""
        await self._documents.index(
            [("outbox.due", ASCENDING), ("outbox.slot", ASCENDING)],
            name="outbox_due",
            partialFilterExpression={"outbox.due": {"$exists": True}},
        )

    async def slots_due(self, now: datetime) -> set[int]:
        """The slots in which something is due, as far as one bounded look shows."""
        found = await self._documents.find({"outbox.due": {"$lte": now}}, limit=SLOTS * 32, fields=["outbox.slot"])
        return {entry["slot"] for document in found for entry in document["outbox"]}

    async def due(self, slot: int, now: datetime, limit: int) -> list[tuple[Any, list[OutboxEntry]]]:
        """Up to `limit` aggregates of a slot with an entry that is due, each with all its entries in order."""
        found = await self._documents.find(
            {"outbox": {"$elemMatch": {"slot": slot, "due": {"$lte": now}}}}, limit=limit, fields=["outbox"]
        )
        return [(d["_id"], [OutboxEntry.read(entry) for entry in d["outbox"]]) for d in found]

    async def pull(self, published: Iterable[tuple[Any, Sequence[str]]]) -> None:
        """Take entries that the broker has acknowledged out of their aggregates. Twice is as good as once."""
        await self._documents.bulk(
            [UpdateOne({"_id": key}, {"$pull": {"outbox": {"id": {"$in": list(ids)}}}}) for key, ids in published]
        )

    async def waiting(self) -> int:
        """How many aggregates still hold an entry."""
        return await self._documents.count({"outbox.due": {"$exists": True}})
