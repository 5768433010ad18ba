"""Queries of receipts: whose a code is, and the keys that ever signed one."""

from datetime import datetime

from services.submissions.domain import Submission
from shared.mongo import ASCENDING, Aggregates, Document, Mongo, Stored


class ReceiptStore:
    def __init__(self, mongo: Mongo, submissions: Aggregates[Submission]) -> None:
        self._submissions = submissions
        self._keys = mongo.documents("receipt_keys")

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self._submissions.documents.index(
            [("reports.receipt", ASCENDING)], name="receipt", partialFilterExpression={"reports.receipt": {"$gt": ""}}
        )

    async def of(self, code: str) -> Stored[Submission] | None:
        """The submission under which the report with this receipt was sent."""
        found = await self._submissions.documents.one({"reports.receipt": code})
        return self._submissions.read(found) if found else None

    async def keep_key(self, key: Document, now: datetime) -> None:
        """Keep the public half (a JWK) of a key that signs receipts, for as long as there are receipts."""
        await self._keys.insert({"_id": key["kid"], "key": key, "since": now})

    async def keys(self) -> list[Document]:
        """Every public key that was kept, the newest first."""
        found = await self._keys.find({"_id": {"$gt": ""}})
        return [row["key"] for row in sorted(found, key=lambda row: row["since"], reverse=True)]
