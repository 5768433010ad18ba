"""Queries of the roster: who owes a report in a round, under whom, and where each stands."""

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from services.submissions.chasing.causes import Place
from services.submissions.domain import Submission
from services.submissions.store import Store, key_of
from shared.mongo import ASCENDING, Document

CHUNK: Final = 500
_NOTHING: Final[Document] = {"standing": "awaited", "since": None, "late": False, "due_again": None}


class RosterStore:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self._store.obligations.documents.index(
            [("round", ASCENDING), ("owed", ASCENDING), ("path", ASCENDING), ("_id", ASCENDING)], name="owing_within"
        )

    async def places(
        self, round_: str, within: Sequence[str], after: str | None = None, *, only: Sequence[str] | None = None
    ) -> AsyncGenerator[list[Place]]:
        """The centers under all of these that owe a report, by code, a chunk at a time; `only` those, if given."""
        while True:
            query: Document = {"round": round_, "owed": True, "path": {"$all": list(within)}}
            query["_id"] = {"$gt": key_of(round_, after or "")}
            if only is not None:
                query["_id"]["$in"] = [key_of(round_, center) for center in only]
            owing = await self._store.obligations.documents.find(
                query, sort=[("_id", ASCENDING)], limit=CHUNK, fields=["center", "path"]
            )
            keys = [row["_id"] for row in owing]
            light = await self._store.submissions.documents.find({"_id": {"$in": keys}}, fields=list(_NOTHING))
            stands = {row["_id"]: row for row in light}
            if owing:
                yield [_place(row, _NOTHING | stands.get(row["_id"], {})) for row in owing]
            if len(owing) < CHUNK:
                return
            after = owing[-1]["center"]

    async def whole(self, round_: str, centers: Sequence[str]) -> dict[str, Submission]:
        """Those of the centers' submissions that exist, by code."""
        found = await self._store.many(key_of(round_, center) for center in centers)
        return {stored.state.center: stored.state for stored in found.values()}

    async def names(self, centers: Sequence[str]) -> dict[str, str]:
        """What these centers are called, as far as it is known."""
        found = await self._store.centers.documents.find({"_id": {"$in": list(centers)}}, fields=["name"])
        return {row["_id"]: row["name"] for row in found if row.get("name")}


def _place(owing: Document, stands: Document) -> Place:
    facts = {name: stands[name] for name in _NOTHING}
    return Place(center=owing["center"], path=tuple(owing["path"]), **facts)
