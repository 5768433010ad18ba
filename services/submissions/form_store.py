"""Queries of forms: whose a code is."""

from services.submissions.domain import Submission
from shared.mongo import ASCENDING, Aggregates, Stored


class FormStore:
    def __init__(self, submissions: Aggregates[Submission]) -> None:
        self._submissions = submissions

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self._submissions.documents.index(
            [("uploads.form.ticket", ASCENDING)],
            name="ticket",
            partialFilterExpression={"uploads.form.ticket": {"$gt": ""}},
        )

    async def of_ticket(self, ticket: str) -> Stored[Submission] | None:
        """The submission with the upload that this ticket opens."""
        found = await self._submissions.documents.one({"uploads.form.ticket": ticket})
        return self._submissions.read(found) if found else None
