"""Every query about letters to holders."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from services.credentials.store import CredentialsStore
from services.credentials.telling.letters import Letter, written
from shared.mongo import ASCENDING, Mongo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # naming it lets the partial index serve


class LetterBag:
    """The letters that are due."""

    def __init__(self, mongo: Mongo, store: CredentialsStore, sender: str) -> None:
        self._letters = mongo.documents("letters")
        self._store, self._sender = store, sender

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self._letters.index([("due", ASCENDING)], name="due", partialFilterExpression={"due": {"$gt": _EPOCH}})
        await self._letters.index([("ends", ASCENDING)], name="ends", expireAfterSeconds=0)

    async def put(self, letters: Iterable[Letter]) -> None:
        """Keep new letters; one that is there already stays as it is."""
        by_id = {letter.id: letter for letter in letters}
        await self._letters.insert_many([{"_id": each.id, **each.model_dump()} for each in by_id.values()])

    async def due(self, now: datetime, limit: int) -> Sequence[Letter]:
        found = await self._letters.find({"due": {"$gt": _EPOCH, "$lte": now}}, sort=[("due", ASCENDING)], limit=limit)
        return [Letter.model_validate(each) for each in found]

    async def take(self, item: Letter, now: datetime, lasting: timedelta) -> bool:
        taken = await self._letters.update({"_id": item.id, "due": item.due}, {"$set": {"due": now + lasting}})
        return taken == 1

    async def written(self, item: Letter, now: datetime) -> EmailMessage | None:
        contact = await self._store.contact_of(item.kind, item.holder)
        if contact is None or now >= item.ends:
            return None
        return written(item, contact[0], self._sender, contact[1])

    async def settled(self, item: Letter) -> None:
        await self._letters.update({"_id": item.id}, {"$set": {"due": None}})

    def name(self, item: Letter) -> str:
        return item.id
