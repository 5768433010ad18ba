"""Every query about credentials whose time is over."""

from datetime import datetime

from services.credentials.domain import Credential
from services.credentials.ending.rules import issued_by
from services.credentials.facts import UNCLAIMED
from services.credentials.store import CredentialsStore
from shared.mongo import ASCENDING, Document, Stored


class EndingStore:
    """Closed rounds, and what nobody claimed. `days`: how long a credential waits; 0 is for ever."""

    def __init__(self, store: CredentialsStore, days: int) -> None:
        self._store, self.days = store, days

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self._store.rounds.documents.index([("state", ASCENDING)], name="state")
        if self.days:
            await self._store.credentials.documents.index(
                [("state", ASCENDING), ("issued_at", ASCENDING)], name="state_issued"
            )

    async def closed(self, round_id: str) -> bool:
        """Whether a round is closed. One that is not known is not."""
        found = await self._store.rounds.documents.one({"_id": round_id}, fields=["state"])
        return found is not None and found["state"] == "closed"

    async def ended(self, now: datetime, limit: int) -> list[Stored[Credential]]:
        """Credentials that were never claimed and whose time is over, up to about `limit`."""
        unclaimed: Document = {"state": {"$in": list(UNCLAIMED)}}
        rounds = await self._store.rounds.documents.find({"state": "closed"}, fields=["_id"])
        queries = [unclaimed | {"round": each["_id"]} for each in rounds]
        if last := issued_by(self.days, now):
            queries.append(unclaimed | {"issued_at": {"$lte": last}})
        for query in queries:
            if found := await self._store.credentials.documents.find(query, limit=limit):
                return [self._store.credentials.read(each) for each in found]
        return []
