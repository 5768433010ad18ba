"""Every query of the roll's room: who stands on a round's roll, requests that wait, entries that were answered."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.registry.roll.loss import RollRequest
from services.registry.store import RegistryStore
from shared.contracts.events import RollAnswered
from shared.mongo import ASCENDING, DESCENDING, Aggregates, Document, Mongo, NewEvent, Outbox, Stored
from shared.mongo.aggregates import Announcer

ANSWERS_KEPT: Final = timedelta(days=40)
"""Longer than the topic keeps what they answer, so that nothing is answered twice."""

_NEWEST: Final = [("asked_at", DESCENDING), ("_id", ASCENDING)]


class Answer(RollAnswered):
    """An answer as it is kept: what was announced, and when."""

    answered_at: datetime


class RollStore:
    """Beside the registry's own store, which has the tree."""

    def __init__(self, mongo: Mongo, announcer: Announcer, registry: RegistryStore) -> None:
        self._centers = registry.centers
        self.requests = Aggregates(mongo.documents("roll_requests"), RollRequest, announcer)
        self.answers = Aggregates(mongo.documents("roll_answers"), Answer, announcer)

    @property
    def outboxes(self) -> Sequence[Outbox]:
        """What a sweeper looks after."""
        return [self.answers.outbox]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self.requests.prepare()
        await self.answers.prepare()
        await self.requests.documents.index([("round", ASCENDING), *_NEWEST], name="newest")
        await self.requests.documents.index([("cleared", ASCENDING), ("state", ASCENDING)], name="cleared")
        await self.answers.documents.index(
            [("answered_at", ASCENDING)], name="kept", expireAfterSeconds=int(ANSWERS_KEPT.total_seconds())
        )

    async def listed_after(self, round_id: str, last: str, limit: int) -> list[tuple[str, str, str]]:
        """Code, name and LAO of the centers on a round's roll, by code, behind `last`."""
        found = await self._centers.documents.find(
            {"rounds": round_id, "_id": {"$gt": last}},
            sort=[("_id", ASCENDING)],
            limit=limit,
            fields=["code", "name", "lao"],
        )
        return [(each["code"], each["name"], each["lao"]) for each in found]

    # requests

    async def request(self, request: str) -> Stored[RollRequest] | None:
        """The request with this id."""
        return await self.requests.load(request)

    async def add_request(self, request: RollRequest, now: datetime) -> Stored[RollRequest]:
        """Write a new request. Raises `AlreadyThere`."""
        return await self.requests.create(request.id, request, [], now)

    async def save_request(self, stored: Stored[RollRequest], after: RollRequest, now: datetime) -> Stored[RollRequest]:
        """Write a request. Raises `Conflict`."""
        return await self.requests.save(stored, after, [], now)

    async def requests_of(self, round_id: str, after: str | None, limit: int) -> list[tuple[str, RollRequest]]:
        """The requests of a round, newest first, behind a position that an earlier answer gave.

        Raises ValueError for a position that no answer gave.
        """
        query: Document = {"round": round_id}
        if after is not None:
            at, _, last = after.partition("|")
            moment = datetime.fromisoformat(at)
            query["$or"] = [{"asked_at": {"$lt": moment}}, {"asked_at": moment, "_id": {"$gt": last}}]
        found = await self.requests.documents.find(query, sort=_NEWEST, limit=limit)
        requests = [self.requests.read(document).state for document in found]
        return [(f"{each.asked_at.isoformat()}|{each.id}", each) for each in requests]

    async def uncleared(self) -> list[Stored[RollRequest]]:
        """Requests whose file may still lie in the object store. Never many: each expires within days."""
        found = await self.requests.documents.find({"cleared": False}, limit=1_000)
        return [self.requests.read(document) for document in found]

    # answers

    async def answered(self, ids: Iterable[str]) -> set[str]:
        """Those of the answers that were given already."""
        found = await self.answers.documents.find({"_id": {"$in": list(ids)}}, fields=["_id"])
        return {document["_id"] for document in found}

    async def answer(self, answers: Sequence[tuple[str, Answer, str | None]], now: datetime) -> None:
        """Give answers, each with its id and its trace. Those given already stay as they are."""
        await self.answers.create_many(
            [
                (key, answer, [NewEvent(answer.center, RollAnswered.model_validate(answer.model_dump()), trace)])
                for key, answer, trace in answers
            ],
            now,
        )
