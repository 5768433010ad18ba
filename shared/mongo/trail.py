"""The audit trail: hash-chained entries, each durable and on its way to the bus when `enter` returns."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared.contracts.events import AuditHead, AuditRecorded
from shared.mongo import recovering
from shared.mongo.aggregates import Aggregates, Announcer, NewEvent
from shared.mongo.client import Mongo
from shared.mongo.documents import ASCENDING, DESCENDING, Document, UpdateOne
from shared.mongo.people import People
from shared.security.audit import Deed, link

_HEADS_KEPT: Final = 50_000
_CHUNK: Final = 1_000

Head = AuditRecorded | AuditHead


class AuditTrail:
    """Chains of one service, in one collection. Entries are never changed; the oldest are removed in their time.

    Each entry is an aggregate of its own whose id is its place in the chain, so that of two writers one gets the
    place and the other takes the next. Within a process writers of one chain queue. An entry names its actor by a
    reference; `people` knows the name behind it.
    """

    def __init__(self, mongo: Mongo, announcer: Announcer, collection: str = "audit") -> None:
        # Until an anchor names it an entry is marked: the mark is what the next anchor looks for.
        self._entries = Aggregates(
            mongo.documents(collection), AuditRecorded, announcer, derive=lambda _entry: {"unanchored": True}
        )
        self._removed = mongo.documents(f"{collection}_removed")
        self._heads: OrderedDict[str, Head] = OrderedDict()
        self._queues: dict[str, asyncio.Lock] = {}
        self.people = People(mongo)
        self.outbox = self._entries.outbox

    async def prepare(self) -> None:
        """Make sure that the indexes stand."""
        await self.people.prepare()
        await self._entries.prepare()
        documents = self._entries.documents
        await documents.index([("chain", ASCENDING), ("number", DESCENDING)], name="chain_number", unique=True)
        await documents.index([("subject", ASCENDING), ("time", ASCENDING), ("_id", ASCENDING)], name="subject_time")
        await documents.index([("time", ASCENDING)], name="time")
        await documents.index([("actor", ASCENDING)], name="actor")
        await documents.index(
            [("unanchored", ASCENDING), ("chain", ASCENDING), ("number", ASCENDING)],
            name="unanchored",
            partialFilterExpression={"unanchored": True},
        )

    async def enter(self, chain: str, deed: Deed, now: datetime) -> AuditRecorded:
        """Enter a deed. When this returns it is durable; when it raises, the deed must not be answered."""
        (deed,) = await self._referring([deed])
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
        await self._enter_all(
            deeds, now, lambda head, deed: not isinstance(head, AuditRecorded) or not _says(head, deed)
        )

    async def enter_each(self, deeds: Mapping[str, Deed], now: datetime) -> None:
        """Enter one deed in each of many chains. When this returns all are durable; asked again, it does so again."""
        await self._enter_all(deeds, now, lambda _head, _deed: True)

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
        """A whole chain, from its first entry that is still kept."""
        found = await self._entries.documents.find({"chain": name}, sort=[("number", ASCENDING)])
        return [AuditRecorded.model_validate(each) for each in found]

    # Anchors

    async def unanchored(self, limit: int) -> tuple[list[AuditHead], list[str]]:
        """The newest link of each chain that grew since it was last anchored, and the ids of all such links."""
        found = await self._entries.documents.find(
            {"unanchored": True},
            sort=[("unanchored", ASCENDING), ("chain", ASCENDING), ("number", ASCENDING)],
            limit=limit,
            fields=["chain", "number", "hash"],
        )
        heads = {each["chain"]: AuditHead.model_validate(each) for each in found}
        return list(heads.values()), [each["_id"] for each in found]

    async def mark_anchored(self, ids: Sequence[str]) -> None:
        """These links are named by an anchor, or stand before one that is."""
        await self._entries.documents.bulk([UpdateOne({"_id": key}, {"$unset": {"unanchored": ""}}) for key in ids])

    # After a restore

    async def lacking(self, heads: Mapping[str, int]) -> set[str]:
        """Of chains by name and the highest number heard of each: those that go on elsewhere and end sooner here."""
        behind = await recovering.behind(
            self._entries.documents, {f"{chain}#{number:08d}": 1 for chain, number in heads.items()}
        )
        chains = [key.rpartition("#")[0] for key in behind]
        removed = {each["_id"]: each["number"] for each in await self._removed.find({"_id": {"$in": chains}})}
        return {chain for chain in chains if heads[chain] > removed.get(chain, 0)}

    async def put_back(self, links: Sequence[AuditRecorded], since: datetime) -> int:
        """Write links that are missing here; how many were. Of those older than `since` only the end is remembered."""
        over = {each.chain: AuditHead.model_validate(each.model_dump()) for each in links if each.time < since}
        known = {each["_id"]: each["number"] for each in await self._removed.find({"_id": {"$in": list(over)}})}
        await self.remember_removed([end for end in over.values() if end.number > known.get(end.chain, 0)])
        for each in links:
            self._heads.pop(each.chain, None)
        return await recovering.put_back(self._entries, [(place(each), each) for each in links if each.time >= since])

    # The end of their time

    async def removable(self, before: datetime, limit: int) -> list[AuditHead]:
        """Of up to `limit` chains, the last link of the part whose links are all older than `before`."""
        old = await self._entries.documents.find(
            {"time": {"$lt": before}}, sort=[("time", ASCENDING)], limit=limit, fields=["chain"]
        )
        ends = []
        for chain in sorted({each["chain"] for each in old}):
            end: AuditHead | None = None
            async for each in self._entries.documents.each({"chain": chain}, sort=[("number", ASCENDING)]):
                if each["time"] >= before or each["outbox"] or each.get("unanchored"):
                    break
                end = AuditHead.model_validate(each)
            ends += [end] if end else []
        return ends

    async def remember_removed(self, ends: Sequence[AuditHead]) -> None:
        """Keep where the chains go on, before their first parts are removed."""
        for end in ends:
            await self._removed.update({"_id": end.chain}, {"$set": end.model_dump()}, upsert=True)

    async def remove(self, ends: Sequence[AuditHead], now: datetime) -> int:
        """Remove these chains' links up to the ones named; how many there were.

        Who acted in them may have to be forgotten: that is noted first.
        """
        count = 0
        for end in ends:
            part: Document = {"chain": end.chain, "number": {"$lte": end.number}}
            actors = await self._entries.documents.gather([{"$match": part}, {"$group": {"_id": "$actor"}}])
            await self.people.may_leave([str(each["_id"]) for each in actors], now)
            count += await self._entries.documents.delete(part)
            self._heads.pop(end.chain, None)
        return count

    async def forget_names(self, now: datetime) -> int:
        """Erase names whose last entry was removed; how many. Whoever acted again in the meantime keeps theirs."""
        count = 0
        for reference in await self.people.leaving(now):
            if await self._entries.documents.one({"actor": reference}, fields=["_id"]):
                await self.people.stay(reference)
            else:
                count += await self.people.leave(reference, now)
        return count

    async def _enter_all(
        self, deeds: Mapping[str, Deed], now: datetime, wanted: Callable[[Head | None, Deed], bool]
    ) -> None:
        left = dict(zip(deeds, await self._referring(list(deeds.values())), strict=True))
        while left:
            heads = await self._heads_of(list(left))
            links = [
                link(heads.get(chain), chain, deed, now)
                for chain, deed in left.items()
                if wanted(heads.get(chain), deed)
            ]
            taken = await self._entries.create_many([_new(entry) for entry in links], now)
            for entry in links:
                self._heads.pop(entry.chain, None)
            # Where another was faster, it may have entered the very same.
            left = {entry.chain: left[entry.chain] for entry in links if place(entry) in taken}

    async def _referring(self, deeds: Sequence[Deed]) -> list[Deed]:
        references = await self.people.references(deed.actor for deed in deeds)
        return [replace(deed, actor=references[deed.actor]) for deed in deeds]

    async def _head(self, chain: str) -> Head | None:
        found = await self._entries.documents.one({"chain": chain}, sort=[("number", DESCENDING)])
        if found:
            return AuditRecorded.model_validate(found)
        removed = await self._removed.one({"_id": chain})
        return AuditHead.model_validate(removed) if removed else None

    async def _heads_of(self, chains: Sequence[str]) -> dict[str, Head]:
        """The last link of each chain: one document of each is read, however long it is."""
        heads: dict[str, Head] = {}
        for start in range(0, len(chains), _CHUNK):
            last = await self._entries.documents.gather(
                [
                    {"$match": {"chain": {"$in": list(chains[start : start + _CHUNK])}}},
                    {"$sort": {"chain": ASCENDING, "number": DESCENDING}},
                    {"$group": {"_id": "$chain", "head": {"$first": "$$ROOT"}}},
                ]
            )
            heads |= {each["_id"]: AuditRecorded.model_validate(each["head"]) for each in last}
        if unknown := [chain for chain in chains if chain not in heads]:
            removed = await self._removed.find({"_id": {"$in": unknown}})
            heads |= {each["_id"]: AuditHead.model_validate(each) for each in removed}
        return heads

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
    return (entry.action, entry.subject, entry.outcome, entry.actor, entry.detail) == (
        deed.action,
        deed.subject,
        deed.outcome,
        deed.actor,
        deed.detail,
    )
