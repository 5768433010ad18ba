"""The audit trail: hash-chained entries, each durable and on its way to the bus when `enter` returns."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.contracts.events import AuditRecorded
from shared.mongo.aggregates import Aggregates, Announcer, NewEvent
from shared.mongo.client import Mongo
from shared.mongo.documents import ASCENDING, DESCENDING, Document
from shared.security.audit import Deed, link

_HEADS_KEPT: Final = 50_000


class AuditTrail:
    """Chains of one service, in one collection. Entries are never changed.

    Each entry is an aggregate of its own whose id is its place in the chain, so that of two writers one gets the
    place and the other takes the next. Within a process writers of one chain queue.
    """

    def __init__(self, mongo: Mongo, announcer: Announcer, collection: str = "audit") -> None:
        self._entries = Aggregates(mongo.documents(collection), AuditRecorded, announcer)
        self._heads: OrderedDict[str, AuditRecorded] = OrderedDict()
        self._queues: dict[str, asyncio.Lock] = {}
        self.outbox = self._entries.outbox

    async def prepare(self) -> None:
        """Make sure that the indexes stand."""
        await self._entries.prepare()
        documents = self._entries.documents
        await documents.index([("chain", ASCENDING), ("number", DESCENDING)], name="chain_number", unique=True)
        await documents.index([("subject", ASCENDING), ("time", ASCENDING), ("_id", ASCENDING)], name="subject_time")

    async def enter(self, chain: str, deed: Deed, now: datetime) -> AuditRecorded:
        """Enter a deed. When this returns it is durable; when it raises, the deed must not be answered."""
        async with self._queue(chain):
            previous = self._heads.get(chain) or await self._head(chain)
            while True:
                entry = link(previous, chain, deed, now)
                if not await self._entries.create_many([_new(entry)], now):
                    self._remember(entry)
                    return entry
                previous = await self._head(chain)

    async def enter_once(self, deeds: Mapping[str, Deed], now: datetime) -> None:
        """Enter one deed in each of many chains, except where the chain's last entry says the same already.

        For bulk work that starts again after a crash.
        """
        heads = await self._heads_of(list(deeds))
        links = [
            link(heads.get(chain), chain, deed, now)
            for chain, deed in deeds.items()
            if chain not in heads or not _says(heads[chain], deed)
        ]
        taken = await self._entries.create_many([_new(entry) for entry in links], now)
        for entry in links:
            self._heads.pop(entry.chain, None)
            if place(entry) in taken:
                await self.enter(entry.chain, deeds[entry.chain], now)

    async def enter_each(self, deeds: Mapping[str, Deed], now: datetime) -> None:
        """Enter one deed in each of many chains. When this returns all are durable; asked again, it does so again."""
        heads = await self._heads_of(list(deeds))
        links = [link(heads.get(chain), chain, deed, now) for chain, deed in deeds.items()]
        taken = await self._entries.create_many([_new(entry) for entry in links], now)
        for entry in links:
            self._heads.pop(entry.chain, None)
            if place(entry) in taken:
                await self.enter(entry.chain, deeds[entry.chain], now)

    async def about(self, subject: str, after: str | None, limit: int) -> list[tuple[str, AuditRecorded]]:
        """Entries about a subject in order of time, after a position that an earlier answer gave."""
        query: Document = {"subject": subject}
        if after is not None:
            time, _, last = after.partition("|")
            instant = datetime.fromisoformat(time)
            query["$or"] = [{"time": {"$gt": instant}}, {"time": instant, "_id": {"$gt": last}}]
        found = await self._entries.documents.find(query, sort=[("time", ASCENDING), ("_id", ASCENDING)], limit=limit)
        return [(f"{each['time'].isoformat()}|{each['_id']}", AuditRecorded.model_validate(each)) for each in found]

    async def chain(self, name: str) -> list[AuditRecorded]:
        """A whole chain, from its first entry."""
        found = await self._entries.documents.find({"chain": name}, sort=[("number", ASCENDING)])
        return [AuditRecorded.model_validate(each) for each in found]

    async def _head(self, chain: str) -> AuditRecorded | None:
        found = await self._entries.documents.one({"chain": chain}, sort=[("number", DESCENDING)])
        return AuditRecorded.model_validate(found) if found else None

    async def _heads_of(self, chains: Sequence[str]) -> dict[str, AuditRecorded]:
        last = await self._entries.documents.gather(
            [
                {"$match": {"chain": {"$in": list(chains)}}},
                {"$sort": {"chain": ASCENDING, "number": DESCENDING}},
                {"$group": {"_id": "$chain", "head": {"$first": "$$ROOT"}}},
            ]
        )
        return {each["_id"]: AuditRecorded.model_validate(each["head"]) for each in last}

    def _queue(self, chain: str) -> asyncio.Lock:
        if len(self._queues) > _HEADS_KEPT:
            self._queues = {name: lock for name, lock in self._queues.items() if lock.locked()}
        return self._queues.setdefault(chain, asyncio.Lock())

    def _remember(self, entry: AuditRecorded) -> None:
        self._heads[entry.chain] = entry
        self._heads.move_to_end(entry.chain)
        if len(self._heads) > _HEADS_KEPT:
            self._heads.popitem(last=False)


def place(entry: AuditRecorded) -> str:
    """An entry's id: its chain and its number in it."""
    return f"{entry.chain}#{entry.number:08d}"


def _new(entry: AuditRecorded) -> tuple[str, AuditRecorded, list[NewEvent]]:
    return place(entry), entry, [NewEvent(entry.actor, entry)]


def _says(entry: AuditRecorded, deed: Deed) -> bool:
    return (entry.action, entry.subject, entry.outcome, entry.actor) == (
        deed.action,
        deed.subject,
        deed.outcome,
        deed.actor,
    )
