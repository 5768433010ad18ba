"""Queries of deadlines: who owes a report, who has sent one, and how far the sweeper has come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.submissions.addressing import events_of, key_of
from services.submissions.domain import Submission
from services.submissions.store import Store
from services.submissions.uploading.sending import Change
from shared.contracts.events import RoundChanged
from shared.mongo import ASCENDING, Document, Mongo, Stored

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # naming it lets the partial index serve
DELIVERED = ["received", "accepted", "approved"]


@dataclass(frozen=True, slots=True)
class Watched:
    """A round whose deadlines matter, and what the sweeper had seen of it: its sequence, the last deadline that had
    passed, when it last looked at every center, and whether some of them waited for a decision then.
    """

    round: RoundChanged
    sequence: int
    seen: int
    passed: datetime | None
    looked_at: datetime | None
    waited: bool


@dataclass(frozen=True, slots=True)
class Owing:
    """A center that owes a report."""

    center: str
    path: tuple[str, ...]


class DueStore:
    def __init__(self, mongo: Mongo, store: Store) -> None:
        self._store = store
        self._watched = mongo.documents("deadlines")

    async def prepare(self) -> None:
        """Make sure that the indexes stand."""
        await self._store.rounds.documents.index([("state", ASCENDING)], name="state")
        submissions = self._store.submissions.documents
        await submissions.index(
            [("round", ASCENDING), ("_id", ASCENDING)], name="late", partialFilterExpression={"late": True}
        )
        await submissions.index(
            [("due_again", ASCENDING), ("_id", ASCENDING)],
            name="owed_back",
            partialFilterExpression={"due_again": {"$gt": _EPOCH}},
        )

    async def watched(self) -> list[Watched]:
        """The rounds that are open or were closed, with what the sweeper had seen of each."""
        rounds = await self._store.rounds.documents.find({"state": {"$in": ["open", "closed"]}})
        seen = {row["_id"]: row for row in await self._watched.find({"_id": {"$in": [row["_id"] for row in rounds]}})}
        nothing: Document = {"sequence": 0, "passed": None, "looked_at": None}
        return [
            Watched(
                round=RoundChanged.model_validate(row),
                sequence=row["sequence"],
                seen=had["sequence"],
                passed=had["passed"],
                looked_at=had["looked_at"],
                waited=had.get("waited", True),  # noted before this was: one look more tells
            )
            for row in rounds
            for had in (seen.get(row["_id"], nothing),)
        ]

    async def undecided(self, round_: str) -> bool:
        """Whether something of this round may still be refused: a report that is not inspected, an unended upload."""
        documents = self._store.submissions.documents
        waiting: tuple[Document, ...] = ({"inspect_at": {"$gt": _EPOCH}}, {"due": {"$gt": _EPOCH}})
        for query in waiting:
            if await documents.one({"round": round_, **query}, fields=["_id"]):
                return True
        return False

    async def saw(self, watched: Watched, passed: datetime | None, now: datetime, *, waited: bool) -> None:
        """Every center of the round was looked at, as the round stood. `waited` is what was `undecided` before that."""
        seen = {"sequence": watched.sequence, "passed": passed, "looked_at": now, "waited": waited}
        await self._watched.update({"_id": watched.round.round}, {"$set": seen}, upsert=True)

    async def owing(self, round_: str, after: str | None, limit: int) -> list[Owing]:
        """The centers that owe a report, by code."""
        query: Document = {"round": round_, "owed": True, "_id": {"$gt": key_of(round_, after or "")}}
        found = await self._store.obligations.documents.find(
            query, sort=[("_id", ASCENDING)], limit=limit, fields=["center", "path"]
        )
        return [Owing(row["center"], tuple(row["path"])) for row in found]

    async def delivered(self, keys: Collection[str]) -> set[str]:
        """Those of the submissions (`round/center`) in which something usable stands."""
        query = {"_id": {"$in": list(keys)}, "standing": {"$in": DELIVERED}}
        return {row["_id"] for row in await self._store.submissions.documents.find(query, fields=["_id"])}

    async def late(self, round_: str, after: str | None, limit: int) -> list[Stored[Submission]]:
        """The submissions of a round that are late or overdue, by center code."""
        query: Document = {"round": round_, "late": True, "_id": {"$gt": key_of(round_, after or "")}}
        found = await self._store.submissions.documents.find(query, sort=[("_id", ASCENDING)], limit=limit)
        return [self._store.submissions.read(row) for row in found]

    async def owed_back(self, now: datetime, after: Stored[Submission] | None, limit: int) -> list[Stored[Submission]]:
        """Returned reports whose day has passed and of which nothing has come, nor been said, since; by that day. Those
        of merged centers are their survivors' to bring.
        """
        due, key = (after.state.due_again, after.id) if after else (_EPOCH, "")
        query: Document = {"due_again": {"$gt": _EPOCH, "$gte": due, "$lte": now}, "overdue": None, "successor": None}
        query["standing"] = {"$in": ["returned", "rejected"]}
        query["$or"] = [{"due_again": {"$gt": due}}, {"_id": {"$gt": key}}]
        found = await self._store.submissions.documents.find(
            query, sort=[("due_again", ASCENDING), ("_id", ASCENDING)], limit=limit
        )
        return [self._store.submissions.read(row) for row in found]

    async def owed(self, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Of these obligations (`round/center`) those that stand, with the path of each."""
        query = {"_id": {"$in": list(keys)}, "owed": True}
        found = await self._store.obligations.documents.find(query, fields=["path"])
        return {row["_id"]: tuple(row["path"]) for row in found}

    async def write(self, changes: Sequence[tuple[str, Stored[Submission] | None, Change]], now: datetime) -> set[str]:
        """Write changes of submissions (`round/center`), new ones and known ones. Returns the keys where another
        writer was faster: nothing was written there.
        """
        new = [(key, change.state, events_of(change)) for key, stored, change in changes if stored is None]
        known = [(stored, change.state, events_of(change)) for _, stored, change in changes if stored is not None]
        submissions = self._store.submissions
        missed = await submissions.create_many(new, now) if new else set()
        return missed | (await submissions.save_many(known, now) if known else set())
