"""Every query of the lists: who stands where in the tree, on a roll, on the map, and who is called what.

Each list is answered by the index that leaves the least to look at. The order of a Thai dictionary is an index's own
order, unless few are left: those are sorted. What one request shows is read as of one moment.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Sequence
from typing import Final

from services.registry.domain import Center, Node, Organization
from services.registry.reading.conditions import GRAMS, Driver, all_of, conditions, drivers, gram_driver, holds, lies_in
from services.registry.reading.filters import Filter
from services.registry.reading.ranking import Candidate
from services.registry.reading.words import VERSION, Asked, keys_of
from services.registry.roll.places import places_called
from shared.mongo import ASCENDING, Document, Documents, UpdateOne

FEW_ENOUGH: Final = 1_000
"""Names that one search may look at one by one to rank them: some 6 ms of this process."""

SORTABLE: Final = 6_000
"""Documents that the database may sort for one request, where no index of theirs is in Thai order: some 10 ms."""

_MOST_ALIKE: Final = 1_000
"""Names that are likened to what was asked, of a whole country."""

_MOST_GRAMS: Final = 8
"""Of the grams of a search the rarest is used; of so many one is rare."""
_COUNTED_FOR_S: Final = 60.0
_MOST_COUNTED: Final = 20_000
_BACKFILL: Final = 500
_BY_ORDER: Final = [("order", ASCENDING)]
_BY_CODE: Final = [("_id", ASCENDING)]
_INDEXES: Final = (
    ("subtree", ("path", "order")),
    ("state", ("state", "order")),
    (GRAMS, ("find.grams",)),
    ("find_version", ("find.version",)),
)
_OF_CENTERS: Final = (
    ("listed", ("rounds", "order")),
    ("place", ("latitude", "longitude")),
    ("place_across", ("longitude", "latitude")),
)
_OF_ORGANIZATIONS: Final = (("children", ("parent", "order")), ("kind", ("kind", "order")))
_KEYS: Final = ("order", "find.plain")

Slice = tuple[list[Document], str]
Found = tuple[list[Candidate], str]
"""What was found, and the moment as of which it was read."""


def searchable(node: Node) -> Document:
    """What is written with a node so that it is found by its name."""
    return {"find": _keys(node.name)}


class Nodes:
    """The queries of one list of nodes."""

    def __init__(
        self, documents: Documents, fields: Iterable[str], indexes: Sequence[tuple[str, Sequence[str]]]
    ) -> None:
        self._documents, self._indexes = documents, (*_INDEXES, *indexes)
        self._fields = tuple(fields)
        self._counted: dict[str, tuple[float, int]] = {}

    async def prepare(self) -> None:
        """Make sure that the indexes stand and that every document has the keys it is found by."""
        for name, fields in self._indexes:
            await self._documents.index([(field, ASCENDING) for field in fields], name=name)
        await asyncio.to_thread(places_called, "")  # reads the names of the country, so that no search has to
        behind = {"find.version": {"$not": {"$gte": VERSION}}}
        while old := await self._documents.find(behind, fields=["name", "version"], limit=_BACKFILL):
            # Whoever writes a document meanwhile writes its keys as well; then its version is another.
            await self._documents.bulk(
                [
                    UpdateOne({"_id": each["_id"], "version": each["version"]}, {"$set": {"find": _keys(each["name"])}})
                    for each in old
                ]
            )

    async def in_order(
        self,
        wanted: Filter,
        driver: Driver,
        after: str | None,
        limit: int,
        moment: str | None,
        asked: Asked | None = None,
    ) -> Slice:
        """What is wanted, in Thai order behind `after`; with `asked`, of that the names that hold it."""
        behind = {"order": {"$gt": after}} if after is not None else {}
        query = all_of(driver.query, *conditions(wanted), behind, holds(asked) if asked else {})
        return await self._documents.at_moment(
            query, sort=_BY_ORDER, limit=limit, fields=self._fields, moment=moment, hint=driver.by
        )

    async def by_code(self, wanted: Filter, beginning: str, after: str | None, limit: int, moment: str | None) -> Slice:
        """What is wanted of which the code begins so, in the order of the codes behind `after`."""
        behind = {"_id": {"$gt": after}} if after is not None else {}
        query = all_of({"_id": {"$gte": beginning, "$lt": beginning + "\uffff"}}, behind, *conditions(wanted))
        return await self._documents.at_moment(
            query, sort=_BY_CODE, limit=limit, fields=self._fields, moment=moment, hint="_id_"
        )

    async def named(self, codes: Sequence[str], moment: str | None) -> Slice:
        """The nodes with these codes."""
        return await self._documents.at_moment(
            {"_id": {"$in": list(codes)}}, sort=_BY_CODE, limit=len(codes), fields=self._fields, moment=moment
        )

    async def among(self, codes: Sequence[str], after: str | None, limit: int, moment: str | None) -> Slice:
        """Those of the nodes with these codes that stand behind `after`, in Thai order."""
        behind = {"order": {"$gt": after}} if after is not None else {}
        query = all_of({"_id": {"$in": list(codes)}}, behind)
        return await self._documents.at_moment(
            query, sort=_BY_ORDER, limit=limit, fields=self._fields, moment=moment, hint="_id_"
        )

    async def middles(self, codes: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Where what hangs under each of these lies on the average, in degrees, longitude first."""
        found = await self._documents.gather(
            [
                {"$match": {"path": {"$in": list(codes)}, "latitude": {"$ne": None}}},
                {"$project": {"path": 1, "latitude": 1, "longitude": 1}},
                {"$unwind": "$path"},
                {"$match": {"path": {"$in": list(codes)}}},
                {"$group": {"_id": "$path", "x": {"$avg": "$longitude"}, "y": {"$avg": "$latitude"}}},
            ]
        )
        return {each["_id"]: (round(each["x"], 6), round(each["y"], 6)) for each in found}

    async def holding(self, wanted: Filter, driver: Driver, asked: Asked, moment: str | None) -> Found:
        """Those of the few that a driver leaves whose names hold what was asked."""
        return await self._candidates(all_of(driver.query, *conditions(wanted), holds(asked)), driver.by, moment)

    async def alike(self, wanted: Filter, driver: Driver, asked: Asked, moment: str | None) -> Found:
        """Those among which the names that are nearly so must be: all of the few that a driver leaves; of a whole
        country those that share a rare gram.
        """
        query = driver.query
        if driver.by == GRAMS:
            query = {"find.grams": {"$in": _rarest(await self._rarity(asked))}}
        return await self._candidates(all_of(query, *conditions(wanted), lies_in(asked)), driver.by, moment)

    async def driver(self, wanted: Filter, asked: Asked | None = None) -> tuple[Driver, bool]:
        """The index that leaves the least, and whether that is few enough to be looked at one by one."""
        options = drivers(wanted)
        if asked is None and len(options) == 1 and options[0].ordered:
            return options[0], False
        counts = await asyncio.gather(*map(self._count, options))
        if asked is not None and min(counts) > FEW_ENOUGH:
            count, gram = (await self._rarity(asked))[0]
            options, counts = [gram_driver(gram), *options], [count, *counts]
        least = min(counts)
        if least <= SORTABLE:
            return options[counts.index(least)], least <= FEW_ENOUGH
        return next(option for option in options if option.ordered), False

    async def _candidates(self, query: Document, index: str, moment: str | None) -> Found:
        documents, moment = await self._documents.at_moment(
            query, sort=_BY_ORDER, limit=4 * _MOST_ALIKE, fields=_KEYS, moment=moment, hint=index
        )
        found = [Candidate(d["_id"], d["order"], d["find"]["plain"]) for d in documents]
        return found, moment

    async def _rarity(self, asked: Asked) -> list[tuple[int, int]]:
        """How many names have each gram of what was asked, the rarest first."""
        grams = asked.grams[:: math.ceil(len(asked.grams) / _MOST_GRAMS)]
        counts = await asyncio.gather(*(self._count(gram_driver(gram)) for gram in grams))
        return sorted(zip(counts, grams, strict=True))

    async def _count(self, driver: Driver) -> int:
        """How many an index has of what it is asked, up to more than is sortable; as of a minute ago at most."""
        key, now = f"{driver.by} {driver.query}", time.monotonic()
        known = self._counted.get(key)
        if known and now - known[0] < _COUNTED_FOR_S:
            return known[1]
        if len(self._counted) >= _MOST_COUNTED:
            self._counted.clear()
        count = await self._documents.count_up_to(SORTABLE + 1, driver.query, driver.by)
        self._counted[key] = now, count
        return count


def _keys(name: str) -> Document:
    keys = keys_of(name)
    return {"version": VERSION, "plain": keys.plain, "grams": list(keys.grams)}


def _rarest(counted: Sequence[tuple[int, int]]) -> list[int]:
    """The rarest grams that are not too many together; a gram that no name has was misspelt."""
    chosen, left = [], _MOST_ALIKE
    for count, gram in counted:
        if count > left:
            break
        if count:
            chosen.append(gram)
            left -= count
    return chosen


def center_lists(documents: Documents) -> Nodes:
    """The lists of centers."""
    return Nodes(documents, Center.model_fields, _OF_CENTERS)


def organization_lists(documents: Documents) -> Nodes:
    """The lists of organizations."""
    return Nodes(documents, Organization.model_fields, _OF_ORGANIZATIONS)
