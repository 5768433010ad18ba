"""Every query about how far the bus was reconciled with this database."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shared.bus import Place
from shared.mongo import Mongo

_ID: Final = "reconciled"
COPYING: Final = timedelta(hours=1)
"""A copy of a database takes time, and may hold this mark as of its end and a credential as of its beginning: reading
starts from a mark that is older by this much than the newest."""


class MarkStore:
    """Two marks: `settled`, from which the next start reads, and `newest`, which takes its place in time.

    They lie in the database itself, so that a restored copy brings the marks of its own day.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._marks = mongo.documents("restoring")

    async def starts(self) -> dict[Place, int]:
        """Where to read from, by topic and partition; nothing of a topic is its first record."""
        found = await self._marks.one({"_id": _ID})
        return {(topic, number): offset for topic, number, offset in found["settled"]} if found else {}

    async def reached(self, ends: Mapping[Place, int], now: datetime) -> None:
        """Everything before these places is known to this database."""
        newest = [[topic, number, offset] for (topic, number), offset in sorted(ends.items())]
        found = await self._marks.one({"_id": _ID})
        mark = {"settled": found["settled"] if found else [], "newest": newest, "at": now}
        if found and found["at"] > now - COPYING:
            mark |= {"newest": found["newest"], "at": found["at"]}
        elif found:
            mark["settled"] = found["newest"]
        await self._marks.update({"_id": _ID}, {"$set": mark}, upsert=True)
