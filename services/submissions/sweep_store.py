"""What the sweepers of this service ask of the database."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from services.submissions.domain import MANY_LOOKS, Report, Submission, Upload
from shared.mongo import ASCENDING, Aggregates, Document, Stored

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # naming it lets the partial index serve


def sweep_fields(submission: Submission) -> Document:
    """Fields that stand beside a submission for these queries alone."""
    waiting = [one for one in submission.reports if one.state == "received"]
    return {
        "inspect_at": min((one.look_at for one in waiting if one.look_at), default=None),
        "postponed": any(one.looks for one in waiting),
    }


class SweepStore:
    """Submissions with something that somebody must look after."""

    def __init__(self, submissions: Aggregates[Submission]) -> None:
        self._submissions = submissions

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        documents = self._submissions.documents
        await documents.index([("due", ASCENDING)], name="due", partialFilterExpression={"due": {"$gt": _EPOCH}})
        await documents.index(
            [("inspect_at", ASCENDING)], name="inspect", partialFilterExpression={"inspect_at": {"$gt": _EPOCH}}
        )
        await documents.index([("postponed", ASCENDING)], name="postponed", partialFilterExpression={"postponed": True})

    async def due(self, now: datetime, limit: int) -> list[Stored[Submission]]:
        """Those with an upload that somebody must look after now, the longest waiting first."""
        query = {"due": {"$gt": _EPOCH, "$lte": now}}
        found = await self._submissions.documents.find(query, sort=[("due", ASCENDING)], limit=limit)
        return [self._submissions.read(one) for one in found]

    async def to_inspect(self, now: datetime, limit: int) -> list[Stored[Submission]]:
        """Those with a report whose inspection is due, the longest waiting first."""
        query = {"inspect_at": {"$gt": _EPOCH, "$lte": now}}
        found = await self._submissions.documents.find(query, sort=[("inspect_at", ASCENDING)], limit=limit)
        return [self._submissions.read(one) for one in found]

    async def uploads(self, uploads: Iterable[str]) -> dict[str, tuple[Upload, Report | None]]:
        """Those of the uploads that are remembered, each with the report that has its bytes, if they were received."""
        wanted = set(uploads)
        found = await self._submissions.documents.find({"uploads.id": {"$in": sorted(wanted)}})
        states = [self._submissions.read(one).state for one in found]
        return {
            upload.id: (upload, state.report_of(upload.id))
            for state in states
            for upload in state.uploads
            if upload.id in wanted
        }

    async def postponed(self) -> int:
        """How many wait for another try to inspect a report."""
        return await self._submissions.documents.count({"postponed": True})

    async def stuck(self) -> int:
        """How many of them have a report that was looked into many times."""
        looked = {"$elemMatch": {"state": "received", "looks": {"$gte": MANY_LOOKS}}}
        return await self._submissions.documents.count({"postponed": True, "reports": looked})
