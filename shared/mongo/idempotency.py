"""Answers by `Idempotency-Key`, in a collection whose entries end by themselves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from shared.failures import Unavailable
from shared.http.idempotency import Answer, Begun, Running
from shared.mongo.client import UNAVAILABLE, Mongo
from shared.mongo.documents import ASCENDING, Document


class MongoIdempotency:
    """The `IdempotencyStore` of a service. `prepare` before use.

    Of two requests with one identity exactly one gets `Begun`: the unique `_id` decides. A claim whose lease ran out
    goes to the next who asks. Entries are removed by the server some time after their end.
    """

    def __init__(self, mongo: Mongo, collection: str = "idempotency") -> None:
        self._documents = mongo.documents(collection)

    async def prepare(self) -> None:
        """Make sure that entries end by themselves."""
        await self._documents.index([("ends", ASCENDING)], name="ends", expireAfterSeconds=0)

    async def begin(self, identity: bytes, token: str, lease_s: int, kept_s: int) -> Begun | Running | Answer:
        now = datetime.now(UTC)
        claim = {
            "token": token,
            "lease": now + timedelta(seconds=lease_s),
            "ends": now + timedelta(seconds=kept_s),
            "answer": None,
        }
        async with _translated():
            if await self._documents.insert({"_id": identity, **claim}):
                return Begun(token)
            found = await self._documents.one({"_id": identity})
            if found is not None and found["answer"] is not None and found["ends"] > now:
                return _answer(found["answer"])
            over = {"$or": [{"answer": None, "lease": {"$lte": now}}, {"ends": {"$lte": now}}]}
            taken = await self._documents.update({"_id": identity, **over}, {"$set": claim})
            return Begun(token) if taken else Running()

    async def renew(self, identity: bytes, token: str, lease_s: int) -> None:
        lease = datetime.now(UTC) + timedelta(seconds=lease_s)
        async with _translated():
            await self._documents.update({"_id": identity, "token": token, "answer": None}, {"$set": {"lease": lease}})

    async def finish(self, identity: bytes, token: str, answer: Answer) -> None:
        stored = {
            "digest": answer.digest,
            "status": answer.status,
            "headers": [list(pair) for pair in answer.headers],
            "body": answer.body,
        }
        async with _translated():
            await self._documents.update({"_id": identity, "token": token}, {"$set": {"answer": stored}})

    async def abandon(self, identity: bytes, token: str) -> None:
        async with _translated():
            await self._documents.delete({"_id": identity, "token": token, "answer": None})


def _answer(stored: Document) -> Answer:
    headers = tuple((bytes(name), bytes(value)) for name, value in stored["headers"])
    return Answer(bytes(stored["digest"]), stored["status"], headers, bytes(stored["body"]))


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except UNAVAILABLE as error:
        raise Unavailable("the idempotency store did not answer") from error
