"""A collection behind the few calls the stores need.

Here stands everything whose shape differs between motor and PyMongo's own async client (cursors, `aggregate`), so
that changing the driver changes this room alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ASCENDING, DESCENDING, InsertOne, ReplaceOne, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.mongo.moments import found_at

Document = dict[str, Any]
Query = Mapping[str, Any]
Order = Sequence[tuple[str, int]]
Operation = InsertOne[Document] | ReplaceOne[Document] | UpdateOne

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "Document",
    "Documents",
    "InsertOne",
    "Operation",
    "ReplaceOne",
    "UpdateOne",
]

DUPLICATE_KEY = 11000


class Documents:
    """One collection. All times come back aware, in UTC."""

    def __init__(self, collection: AsyncIOMotorCollection[Document]) -> None:
        self._collection = collection
        self.name: str = collection.name

    async def index(self, keys: Order, **options: Any) -> None:
        """Make sure that an index stands. Options are the server's (`unique`, `expireAfterSeconds`, …)."""
        await self._collection.create_index(list(keys), **options)

    async def find(
        self,
        query: Query,
        *,
        sort: Order | None = None,
        limit: int = 0,
        fields: Sequence[str] | None = None,
    ) -> list[Document]:
        """Every match, in memory: give a `limit` where the answer can be large, or use `each`."""
        cursor = self._collection.find(query, _fields(fields), limit=limit, batch_size=5_000)
        if sort:
            cursor = cursor.sort(list(sort))
        return await cursor.to_list(None)

    async def each(
        self,
        query: Query,
        *,
        sort: Order | None = None,
        fields: Sequence[str] | None = None,
        batch: int = 1_000,
    ) -> AsyncIterator[Document]:
        """Every match, one at a time, in flat memory."""
        cursor = self._collection.find(query, _fields(fields), batch_size=batch)
        if sort:
            cursor = cursor.sort(list(sort))
        async for document in cursor:
            yield document

    async def at_moment(
        self,
        query: Query,
        *,
        sort: Order,
        limit: int,
        fields: Sequence[str] | None = None,
        moment: str | None = None,
        hint: str | None = None,
    ) -> tuple[list[Document], str]:
        """Up to `limit` (some 1,000 at most) matches as all stood at one moment, and that moment, to ask for again.

        None is now, with everything that was answered for before. The server remembers about five minutes; a moment
        that it has forgotten, or that is none, is now too. `hint` names the index to use.
        """
        command: Document = {"find": self.name, "filter": query, "sort": dict(sort), "limit": limit, "batchSize": limit}
        command |= {"singleBatch": True, "projection": _fields(fields), "hint": hint}
        return await found_at(self._collection, {key: value for key, value in command.items() if value}, moment)

    async def one(
        self, query: Query, *, sort: Order | None = None, fields: Sequence[str] | None = None
    ) -> Document | None:
        """The first match, or None."""
        return await self._collection.find_one(query, _fields(fields), sort=list(sort) if sort else None)

    async def count(self, query: Query) -> int:
        """How many match, counted exactly."""
        return await self._collection.count_documents(query)

    async def count_up_to(self, most: int, query: Query, hint: str) -> int:
        """How many match, counted by the index of this name and no further than `most`."""
        command = {"count": self.name, "query": query, "limit": most, "hint": hint}
        return int((await self._collection.database.command(command))["n"])

    async def gather(self, pipeline: Sequence[Query]) -> list[Document]:
        """What an aggregation pipeline yields, in memory."""
        return await self._collection.aggregate(list(pipeline)).to_list(None)

    async def insert(self, document: Document) -> bool:
        """Add one document; False when its key is taken."""
        try:
            await self._collection.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def insert_many(self, documents: Sequence[Document]) -> set[int]:
        """Add documents, in no order. Returns the positions of those whose key was taken already."""
        if not documents:
            return set()
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            return _duplicates(error)
        return set()

    async def update(self, query: Query, change: Query, *, upsert: bool = False) -> int:
        """Change one match. Returns 1 when there was one (or it was added), else 0."""
        result = await self._collection.update_one(query, change, upsert=upsert)
        return result.matched_count or (1 if result.upserted_id is not None else 0)

    async def update_all(self, query: Query, change: Query) -> int:
        """Change every match; how many there were."""
        return int((await self._collection.update_many(query, change)).matched_count)

    async def change(
        self,
        query: Query,
        change: Query,
        *,
        sort: Order | None = None,
        upsert: bool = False,
        fields: Sequence[str] | None = None,
    ) -> Document | None:
        """Change one match and return it as it is afterwards; None when there was none.

        Two callers that race for the same document get it one after the other, so a query that the change makes
        false lets exactly one win.
        """
        return await self._collection.find_one_and_update(
            query,
            change,
            _fields(fields),
            sort=list(sort) if sort else None,
            upsert=upsert,
            return_document=ReturnDocument.AFTER,
        )

    async def bulk(self, operations: Sequence[Operation]) -> tuple[int, set[int]]:
        """Run operations in no order. Returns how many matched or were added, and the positions of duplicate keys."""
        if not operations:
            return 0, set()
        try:
            result = await self._collection.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            done = error.details
            return done["nMatched"] + done["nUpserted"] + done["nInserted"], _duplicates(error)
        return result.matched_count + result.upserted_count + result.inserted_count, set()

    async def delete(self, query: Query) -> int:
        """Remove every match; how many there were."""
        return int((await self._collection.delete_many(query)).deleted_count)

    async def drop(self) -> None:
        """Remove the collection and its indexes."""
        await self._collection.drop()


def _fields(fields: Sequence[str] | None) -> dict[str, int] | None:
    return None if fields is None else dict.fromkeys(fields, 1)


def _duplicates(error: BulkWriteError) -> set[int]:
    """The positions of duplicate keys; any other write error is raised as it is."""
    errors = error.details.get("writeErrors", [])
    if error.details.get("writeConcernErrors") or any(e["code"] != DUPLICATE_KEY for e in errors):
        raise error
    return {e["index"] for e in errors}
