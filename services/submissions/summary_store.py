"""Queries of frameworks and of the summaries that answer them."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from services.submissions.store import RACES, key_of
from services.submissions.summary.answers import Summary
from services.submissions.summary.framework import Published
from shared.contracts.events import SummarySent
from shared.mongo import (
    ASCENDING,
    DESCENDING,
    Aggregates,
    AlreadyThere,
    Conflict,
    Document,
    Mongo,
    NewEvent,
    Outbox,
    Stored,
)
from shared.mongo.aggregates import Announcer

Refusal = TypeVar("Refusal")
Written = tuple[Summary, SummarySent | None]


class SummaryStore:
    """Frameworks are documents that are added and never changed; summaries are aggregates, by `round/center`."""

    def __init__(self, mongo: Mongo, announcer: Announcer, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._frameworks = mongo.documents("frameworks")
        self.summaries = Aggregates(mongo.documents("summaries"), Summary, announcer, derive=_derived)

    @property
    def outbox(self) -> Outbox:
        """The events that a sweeper looks after."""
        return self.summaries.outbox

    async def prepare(self) -> None:
        """Make sure that the indexes stand."""
        await self.summaries.prepare()
        await self._frameworks.index([("round", ASCENDING), ("version", DESCENDING)], name="newest", unique=True)
        await self.summaries.documents.index(
            [("round", ASCENDING), ("path", ASCENDING), ("_id", ASCENDING)],
            name="answered",
            partialFilterExpression={"answered": True},
        )

    # --- frameworks

    async def framework(self, round_: str, version: int | None = None) -> Published | None:
        """A version of the round's framework, by default the newest."""
        query: Document = {"round": round_} if version is None else {"round": round_, "version": version}
        found = await self._frameworks.one(query, sort=[("version", DESCENDING)])
        return Published.model_validate(found) if found else None

    async def add_framework(self, published: Published) -> bool:
        """Keep a version; False if another of this number was faster."""
        return await self._frameworks.insert(
            {"_id": f"{published.round}/{published.version}", **published.model_dump()}
        )

    # --- summaries

    async def of(self, round_: str, center: str) -> Summary | None:
        """What a center wrote in a round."""
        stored = await self.summaries.load(key_of(round_, center))
        return stored.state if stored else None

    async def many(self, keys: Iterable[str]) -> dict[str, Stored[Summary]]:
        """Those of the summaries that exist, by `round/center`."""
        return await self.summaries.load_many(keys)

    async def write(
        self,
        key: str,
        decide: Callable[[Summary | None], Written | Refusal],
        *,
        traceparent: str | None = None,
    ) -> Summary | Refusal:
        """Load, decide, write; again if another writer was faster. A change without a change writes nothing."""
        for _ in range(RACES):
            stored = await self.summaries.load(key)
            decided = decide(stored.state if stored else None)
            if not isinstance(decided, tuple):
                return decided
            state, told = decided
            if stored and stored.state == state:
                return state
            events = [NewEvent(key, told, traceparent)] if told else []
            try:
                if stored:
                    return (await self.summaries.save(stored, state, events, self._clock())).state
                return (await self.summaries.create(key, state, events, self._clock())).state
            except (Conflict, AlreadyThere):
                continue
        raise Conflict(key)

    async def answered(
        self, round_: str, within: Sequence[str], after: str | None, limit: int
    ) -> list[Stored[Summary]]:
        """A page of the centers that sent a summary and lie under all of these, by center code."""
        query = _sight(round_, within)
        if after is not None:
            query["_id"] = {"$gt": after}
        found = await self.summaries.documents.find(query, sort=[("_id", ASCENDING)], limit=limit)
        return [self.summaries.read(row) for row in found]

    async def each_answered(self, round_: str, within: Sequence[str]) -> AsyncIterator[Summary]:
        """As `answered`, all of them, in flat memory."""
        async for row in self.summaries.documents.each(_sight(round_, within), sort=[("_id", ASCENDING)], batch=200):
            yield self.summaries.read(row).state

    async def tally(self, round_: str, within: Sequence[str]) -> list[tuple[int, str, str, int]]:
        """How often each level was given: framework version, indicator, level, centers."""
        rows = await self.summaries.documents.gather(
            [
                {"$match": _sight(round_, within)},
                {"$unwind": "$levels"},
                {
                    "$group": {
                        "_id": {"v": "$answers_version", "i": "$levels.indicator", "l": "$levels.level"},
                        "centers": {"$sum": 1},
                    }
                },
            ]
        )
        return [(row["_id"]["v"], row["_id"]["i"], row["_id"]["l"], row["centers"]) for row in rows]

    async def count(self, round_: str, within: Sequence[str]) -> int:
        """How many centers sent a summary."""
        return await self.summaries.documents.count(_sight(round_, within))


def _sight(round_: str, within: Sequence[str]) -> Document:
    return {"answered": True, "round": round_, "path": {"$all": list(within)}}


def _derived(summary: Summary) -> Document:
    """Whether there is something that others may see, and what counts of it. Of a merged center, its survivor says."""
    current = summary.current if summary.successor is None else None
    if current is None:
        return {"answered": False, "answers_version": None, "levels": []}
    levels = [{"indicator": one.indicator, "level": one.level} for one in current.answers.ratings]
    return {"answered": True, "answers_version": current.answers.framework_version, "levels": levels}
