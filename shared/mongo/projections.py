"""Another service's state, kept at its highest sequence: replay and reordering change nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.mongo.documents import Document, Documents, ReplaceOne


@dataclass(frozen=True, slots=True)
class Projected:
    """One aggregate as an event told it. `fields` must hold neither `_id` nor `sequence`."""

    key: str
    sequence: int
    fields: Document


class Projection:
    """A collection whose documents are `{_id: key, sequence, **fields}`."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    async def apply(self, rows: Iterable[Projected]) -> None:
        """Store each row unless its key already stands at the same or a higher sequence.

        At most three round trips for the whole batch; idempotent, in any order, by any number of writers.
        """
        newest: dict[str, Projected] = {}
        for row in rows:
            seen = newest.get(row.key)
            if seen is None or seen.sequence < row.sequence:
                newest[row.key] = row
        # One look at what is there keeps the common cases cheap: a first load is plain inserts, a replay is nothing.
        there = await self.documents.find({"_id": {"$in": list(newest)}}, fields=["sequence"])
        standing = {document["_id"]: document["sequence"] for document in there}
        new = [row for row in newest.values() if row.key not in standing]
        changed = [row for row in newest.values() if standing.get(row.key, row.sequence) < row.sequence]
        taken = await self.documents.insert_many([_document(row) for row in new])
        # Whoever was faster in between may stand higher: the guard is in the query. A stale row matches nothing, tries
        # to insert its key again and is refused as a duplicate.
        await self.documents.bulk(
            [
                ReplaceOne({"_id": row.key, "sequence": {"$lt": row.sequence}}, _document(row), upsert=True)
                for row in (*changed, *(new[position] for position in taken))
            ]
        )


def _document(row: Projected) -> Document:
    return {"_id": row.key, **row.fields, "sequence": row.sequence}
