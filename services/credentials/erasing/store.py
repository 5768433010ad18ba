"""Every query about erasures: one record for each holder, with the newest request."""

from datetime import datetime

from services.credentials.domain import Credential, HolderKind
from services.credentials.erasing.rules import Erasure
from services.credentials.store import CredentialsStore
from shared.mongo import ASCENDING, Aggregates, AlreadyThere, Conflict, Document, Mongo, Stored
from shared.mongo.aggregates import Announcer
from shared.security.approval import RequestState


class ErasureStore:
    """Erasures, and the credentials of the holders they are about."""

    def __init__(self, mongo: Mongo, store: CredentialsStore, announcer: Announcer) -> None:
        self.erasures = Aggregates(mongo.documents("erasures"), Erasure, announcer)
        self._credentials = store.credentials

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        documents = self.erasures.documents
        await documents.index([("id", ASCENDING)], name="request")
        await documents.index([("state", ASCENDING), ("path", ASCENDING), ("_id", ASCENDING)], name="state_path")
        await documents.index([("state", ASCENDING), ("done_at", ASCENDING)], name="state_done")

    async def put(self, before: Stored[Erasure] | None, erasure: Erasure, now: datetime) -> bool:
        """Keep a request in place of the one before. False when somebody else was first."""
        try:
            if before is None:
                await self.erasures.create(erasure.subject, erasure, [], now)
            else:
                await self.erasures.save(before, erasure, [], now)
        except (AlreadyThere, Conflict):
            return False
        return True

    async def of_request(self, request: str) -> Stored[Erasure] | None:
        """The erasure with this id, while it is its holder's newest."""
        found = await self.erasures.documents.one({"id": request})
        return self.erasures.read(found) if found else None

    async def within(
        self, within: str, state: RequestState, after: str | None, limit: int
    ) -> list[tuple[str, Erasure]]:
        """Requests about holders below an organization that stand so, by their place in the list."""
        query: Document = {"state": state, "path": within}
        if after is not None:
            query["_id"] = {"$gt": after}
        found = await self.erasures.documents.find(query, sort=[("_id", ASCENDING)], limit=limit)
        return [(each["_id"], self.erasures.read(each).state) for each in found]

    async def unfinished(self, limit: int) -> list[Stored[Erasure]]:
        """Approved ones that were not carried out to their end."""
        found = await self.erasures.documents.find({"state": "approved", "done_at": None}, limit=limit)
        return [self.erasures.read(each) for each in found]

    async def credentials_of(self, kind: HolderKind, code: str) -> list[Stored[Credential]]:
        """Every credential that a holder has, one for each of its rounds."""
        found = await self._credentials.documents.find({"holder": code, "kind": kind})
        return [self._credentials.read(each) for each in found]
