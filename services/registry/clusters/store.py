"""Every query on clusters, their books, and plans."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from services.registry.clusters.announcing import cluster_changed
from services.registry.clusters.cluster import Cluster
from services.registry.clusters.plan import Book, Part, Plan, book_key
from services.registry.clusters.sites import Unplaced
from shared.mongo import ASCENDING, DESCENDING, Aggregates, Conflict, Mongo, NewEvent, Outbox, Stored
from shared.mongo.aggregates import Announcer

S = TypeVar("S", Plan, Part)

ATTEMPTS: Final = 8
"""How often to load, decide and write again before giving way to other writers."""
CHUNK: Final = 1_000
_SITE: Final = ("name", "lao", "subdistrict", "latitude", "longitude", "path")


class ClusterStore:
    """Clusters with their events; the books that order their changes; plans and their parts."""

    def __init__(self, mongo: Mongo, announcer: Announcer, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._clusters = Aggregates(mongo.documents("clusters"), Cluster, announcer)
        self._books = Aggregates(mongo.documents("cluster_books"), Book, announcer)
        self._plans = Aggregates(mongo.documents("cluster_plans"), Plan, announcer)
        self._parts = Aggregates(mongo.documents("cluster_plan_parts"), Part, announcer)
        self._centers = mongo.documents("centers")
        self._obligations = mongo.documents("obligations")

    @property
    def outboxes(self) -> Sequence[Outbox]:
        """What a sweeper looks after."""
        return [self._clusters.outbox]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        for aggregates in (self._clusters, self._books, self._plans, self._parts):
            await aggregates.prepare()
        clusters, plans = self._clusters.documents, self._plans.documents
        await clusters.index([("round", ASCENDING), ("touches", ASCENDING), ("_id", ASCENDING)], name="within")
        await clusters.index([("round", ASCENDING), ("members", ASCENDING)], name="of_member")
        await self._books.documents.index([("round", ASCENDING)], name="of_round")
        await plans.index([("open", ASCENDING), ("asked_at", ASCENDING)], name="open")
        await plans.index([("round", ASCENDING), ("asked_at", DESCENDING)], name="of_round")
        await self._parts.documents.index([("plan", ASCENDING), ("_id", ASCENDING)], name="of_plan")
        await self._obligations.index(
            [("round", ASCENDING), ("owed", ASCENDING), ("path", ASCENDING)], name="owed_under"
        )

    # who is to be clustered

    async def owing(self, round_id: str, province: str | None = None) -> AsyncIterator[Unplaced]:
        """The centers that owe in a round, all or those of a province, under the LAO that their obligation names."""
        query: dict[str, Any] = {"round": round_id, "owed": True} | ({"path": province} if province else {})
        paths: dict[str, Sequence[str]] = {}
        async for found in self._obligations.each(query, fields=["center", "path"]):
            paths[found["center"]] = found["path"]
        codes = sorted(paths)
        for start in range(0, len(codes), CHUNK):
            wanted = codes[start : start + CHUNK]
            for found in await self._centers.find({"_id": {"$in": wanted}}, fields=_SITE):
                yield _unplaced(found, paths[found["_id"]])

    async def listed(self, round_id: str, province: str | None = None) -> AsyncIterator[Unplaced]:
        """The centers on the roll of a round in draft, all or those of a province."""
        query: dict[str, Any] = {"rounds": round_id} | ({"path": province} if province else {})
        async for found in self._centers.each(query, fields=_SITE):
            yield _unplaced(found, found["path"])

    # clusters

    async def cluster(self, key: str) -> Cluster | None:
        """The cluster with this key, dissolved or not."""
        stored = await self._clusters.load(key)
        return stored.state if stored else None

    async def clusters_within(self, round_id: str, within: str, after: str, limit: int) -> list[Cluster]:
        """The active clusters with a member below an organization, by id, behind `after` (a key)."""
        found = await self._clusters.documents.find(
            {"round": round_id, "touches": within, "state": "active", "_id": {"$gt": after}},
            sort=[("_id", ASCENDING)],
            limit=limit,
        )
        return [self._clusters.read(document).state for document in found]

    async def cluster_of(self, round_id: str, center: str) -> Cluster | None:
        """The cluster that a center is visited in."""
        found = await self._clusters.documents.one({"round": round_id, "members": center})
        return self._clusters.read(found).state if found else None

    async def every_cluster(self, round_id: str, within: str) -> list[Cluster]:
        """All active clusters with a member below an organization, by id."""
        return await self.clusters_within(round_id, within, "", 0)

    async def write_clusters(self, wanted: Sequence[Cluster]) -> None:
        """Bring clusters to the revision that a book wants of them, and announce each. Safe to repeat: what is there
        already is left. Raises `Conflict` where other writers keep winning, `Backpressure`.
        """
        for _ in range(ATTEMPTS):
            there = await self._clusters.load_many(cluster.key for cluster in wanted)
            todo = [one for one in wanted if one.key not in there or there[one.key].state.revision < one.revision]
            if not todo:
                return
            new = [(one.key, one, [_event(one)]) for one in todo if one.key not in there]
            old = [(there[one.key], one, [_event(one)]) for one in todo if one.key in there]
            if new:
                await self._clusters.create_many(new, self._clock())
            await self._clusters.save_many(old, self._clock())
        raise Conflict(wanted[0].key)

    # books

    async def book(self, round_id: str, province: str) -> Stored[Book] | None:
        """The book of a province in a round."""
        return await self._books.load(book_key(round_id, province))

    async def books(self, round_id: str) -> list[Stored[Book]]:
        """The books of a round."""
        found = await self._books.documents.find({"round": round_id})
        return [self._books.read(document) for document in found]

    async def write_book(self, stored: Stored[Book] | None, book: Book) -> None:
        """Write a book. Raises `Conflict` when another writer was first."""
        if stored is not None:
            await self._books.save(stored, book, [], self._clock())
        elif await self._books.create_many([(book.key, book, [])], self._clock()):
            raise Conflict(book.key)

    # plans

    async def add_plan(self, plan: Plan) -> None:
        """Write a new plan."""
        await self._plans.create(plan.plan, plan, [], self._clock())

    async def plan(self, plan_id: str) -> Plan | None:
        """The plan with this id."""
        stored = await self._plans.load(plan_id)
        return stored.state if stored else None

    async def plans_of(self, round_id: str, before: datetime | None, limit: int) -> list[Plan]:
        """A round's plans, the newest first, from before a moment on."""
        query: dict[str, Any] = {"round": round_id} | ({"asked_at": {"$lt": before}} if before else {})
        found = await self._plans.documents.find(query, sort=[("asked_at", DESCENDING)], limit=limit)
        return [self._plans.read(document).state for document in found]

    async def open_plans(self, limit: int) -> list[Plan]:
        """Plans for which there is something to do, the oldest first."""
        found = await self._plans.documents.find({"open": True}, sort=[("asked_at", ASCENDING)], limit=limit)
        return [self._plans.read(document).state for document in found]

    async def change_plan(self, plan_id: str, step: Callable[[Plan], Plan]) -> Plan | None:
        """Write what `step` makes of a plan; None when there is none. Raises `Conflict`."""
        return await _change(self._plans, plan_id, step, self._clock)

    # parts

    async def add_parts(self, parts: Sequence[Part]) -> None:
        """Write the parts that are not there yet."""
        await self._parts.create_many([(part.key, part, []) for part in parts], self._clock())

    async def parts_of(self, plan_id: str) -> list[Part]:
        """A plan's parts, by province."""
        found = await self._parts.documents.find({"plan": plan_id}, sort=[("_id", ASCENDING)])
        return [self._parts.read(document).state for document in found]

    async def part(self, key: str) -> Part | None:
        """The part of a plan for a province."""
        stored = await self._parts.load(key)
        return stored.state if stored else None

    async def change_part(self, key: str, step: Callable[[Part], Part]) -> Part | None:
        """Write what `step` makes of a part; None when there is none. Raises `Conflict`."""
        return await _change(self._parts, key, step, self._clock)


async def _change(
    aggregates: Aggregates[S], key: str, step: Callable[[S], S], clock: Callable[[], datetime]
) -> S | None:
    for _ in range(ATTEMPTS):
        stored = await aggregates.load(key)
        if stored is None:
            return None
        after = step(stored.state)
        if after == stored.state:
            return after
        try:
            await aggregates.save(stored, after, [], clock())
        except Conflict:
            continue
        return after
    raise Conflict(key)


def _event(cluster: Cluster) -> NewEvent:
    return NewEvent(cluster.key, cluster_changed(cluster))


def _unplaced(center: dict[str, Any], path: Sequence[str]) -> Unplaced:
    """`path` is of codes: department, province, district, LAO."""
    return Unplaced(
        center["_id"], center["name"], path[-1], path[-2], center["subdistrict"],
        center.get("latitude"), center.get("longitude"), path[1],
    )  # fmt: skip


def by_province(centers: Iterable[Unplaced]) -> dict[str, list[Unplaced]]:
    """Centers under the province that they lie in."""
    found: dict[str, list[Unplaced]] = {}
    for center in centers:
        found.setdefault(center.province, []).append(center)
    return dict(sorted(found.items()))
