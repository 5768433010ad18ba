"""Brings a database that was restored from an older copy up to what the bus knows of its aggregates.

`sequence` counts the events an aggregate ever told. An event on the bus with a higher one than the database holds was
told by a newer state, which the database has lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from pydantic import BaseModel

from shared.contracts.events import TYPE_OF_MODEL
from shared.mongo.aggregates import OUTBOX_CAP, Aggregates, NewEvent, Stored, _compare_and_set
from shared.mongo.documents import Document, Documents
from shared.mongo.outbox import told

State = TypeVar("State", bound=BaseModel)

CHUNK: Final = 5_000


async def behind(documents: Documents, heard: Mapping[str, int]) -> dict[str, int]:
    """Of aggregates by id and the highest sequence heard of each: those of which the database knows less, and what."""
    found: dict[str, int] = {}
    ids = list(heard)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        there = {d["_id"]: d["sequence"] for d in await documents.find({"_id": {"$in": part}}, fields=["sequence"])}
        found |= {key: there.get(key, 0) for key in part if there.get(key, 0) < heard[key]}
    return found


async def recover(
    aggregates: Aggregates[State],
    key: str,
    stored: Stored[State] | None,
    state: State,
    events: Sequence[NewEvent],
    heard: int,
    now: datetime,
) -> bool:
    """Write a state that follows from the bus, with what it tells; False when somebody else wrote in between.

    Its sequence goes on behind any that the lost state can have used: an aggregate holds `OUTBOX_CAP` unpublished
    events at most, so none beyond that was ever given to one. A number used twice would be dropped by every consumer.
    """
    from_here = heard + OUTBOX_CAP
    entries = aggregates._entries(key, from_here, events, now)  # noqa: SLF001  one room, two subjects
    fields = aggregates._fields(state)
    sequence = from_here + len(entries)
    if stored is not None:
        query, change = _compare_and_set(replace(stored, sequence=from_here), fields, entries, "")
        del change["$inc"]["sequence"]
        change["$set"]["sequence"] = sequence
        return bool(await aggregates.documents.update(query, change))
    return await aggregates.documents.insert(
        {
            "_id": key,
            **fields,
            "version": 1,
            "sequence": sequence,
            "stamp": "",
            "told": {field: {"count": count, "last": last} for field, (count, last) in told(entries).items()},
            "outbox": [entry.stored() for entry in entries],
        }
    )


async def put_back(aggregates: Aggregates[State], lost: Iterable[tuple[str, State]]) -> int:
    """Write aggregates that are never changed just as the bus has them, where they are missing; how many were."""
    documents: list[Document] = [
        {
            "_id": key,
            **aggregates._fields(state),
            "version": 1,
            "sequence": 1,
            "stamp": "",
            "told": {TYPE_OF_MODEL[type(state)].topic.name.replace(".", "_"): {"count": 1, "last": 1}},
            "outbox": [],
        }
        for key, state in lost
    ]
    count = 0
    for start in range(0, len(documents), CHUNK):
        part = documents[start : start + CHUNK]
        count += len(part) - len(await aggregates.documents.insert_many(part))
    return count
