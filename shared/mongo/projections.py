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

        One round trip for the whole batch; idempotent, in any order.
        """
        newest: dict[str, Projected] = {}
        for row in rows:
            seen = newest.get(row.key)
            if seen is None or seen.sequence < row.sequence:
                newest[row.key] = row
        # A stale row matches nothing, tries to insert its key again and is refused as a duplicate: that is the guard.
        await self.documents.bulk(
            [
                ReplaceOne(
                    {"_id": row.key, "sequence": {"$lt": row.sequence}},
                    {**row.fields, "sequence": row.sequence},
                    upsert=True,
                )
                for row in newest.values()
            ]
        )
