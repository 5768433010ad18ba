"""Every query about renewals: they lie in the records of their credentials."""

from services.credentials.domain import Credential
from services.credentials.store import CredentialsStore
from shared.mongo import ASCENDING, Document, Stored
from shared.security.approval import RequestState


class RenewalStore:
    """Finds credentials by their newest request."""

    def __init__(self, store: CredentialsStore) -> None:
        self._credentials = store.credentials

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        there: Document = {"renewal.state": {"$exists": True}}
        documents = self._credentials.documents
        await documents.index([("renewal.id", ASCENDING)], name="renewal", partialFilterExpression=there)
        await documents.index(
            [("renewal.state", ASCENDING), ("path", ASCENDING), ("_id", ASCENDING)],
            name="renewal_state",
            partialFilterExpression=there,
        )

    async def of_request(self, request: str) -> Stored[Credential] | None:
        """The credential whose newest request this is."""
        found = await self._credentials.documents.one({"renewal.id": request, "renewal.state": {"$exists": True}})
        return self._credentials.read(found) if found else None

    async def within(
        self, within: str, state: RequestState, after: str | None, limit: int
    ) -> list[tuple[str, Credential]]:
        """Credentials below an organization whose newest request stands so, by their place in the list."""
        query: Document = {"renewal.state": state, "path": within}
        if after is not None:
            query["_id"] = {"$gt": after}
        found = await self._credentials.documents.find(query, sort=[("_id", ASCENDING)], limit=limit)
        return [(each["_id"], self._credentials.read(each).state) for each in found]
