"""Every query about sealed batches: the batches, the verdicts of their lines, and what is known of many holders."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from services.credentials.batches.verdicts import Facts, Judged, Row
from services.credentials.domain import Credential, Holder
from services.credentials.merging.store import MergingStore
from services.credentials.store import CredentialsStore
from shared.mongo import ASCENDING, Document, Mongo, Stored

State = Literal["open", "received", "importing", "imported", "done", "refused", "expired"]
WAITING: Final = ("received", "importing", "imported")
"""States in which an importer has something to do."""
CHAIN: Final = "vault/batches"
"""The audit chain of batches."""
KEPT: Final = timedelta(days=90)
"""How long a batch and its verdicts can be asked for: as the logs."""


class Batch(BaseModel):
    """One sealed batch, from the publication of its key to the key's destruction.

    `private` is the sealed private half, there as long as the key is. `publisher` is the one system that may fill it,
    or empty: any that is registered. `digest` is the SHA-256 of what was sent.
    """

    model_config = ConfigDict(frozen=True)

    batch: str
    round: str
    way: Literal["file", "events"] = "file"
    state: State = "open"
    opened_by: str
    role: str
    publisher: str = ""
    public: dict[str, Any]
    private: bytes
    opened_at: datetime
    expires_at: datetime
    received_at: datetime | None = None
    sent_by: str = ""
    digest: str = ""
    size: int = 0
    lines: int = 0
    done: int = 0
    counts: dict[str, int] = {}
    fault: str = ""
    key_destroyed_at: datetime | None = None
    ended_at: datetime | None = None
    traceparent: str | None = None
    ends: datetime
    """When the database may forget it."""


class BatchStore:
    """Batches change by compare-and-set on their state; nobody holds one across processes but by a lease."""

    def __init__(self, mongo: Mongo, credentials: CredentialsStore) -> None:
        self._batches = mongo.documents("batches")
        self._verdicts = mongo.documents("verdicts")
        self._credentials, self._merging = credentials, MergingStore(credentials)

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self._batches.index([("state", ASCENDING), ("expires_at", ASCENDING)], name="state")
        await self._batches.index([("round", ASCENDING), ("opened_at", ASCENDING)], name="round")
        await self._batches.index([("ends", ASCENDING)], name="ends", expireAfterSeconds=0)
        await self._verdicts.index([("batch", ASCENDING), ("number", ASCENDING)], name="line", unique=True)
        await self._verdicts.index(
            [("batch", ASCENDING), ("verdict", ASCENDING), ("number", ASCENDING)], name="verdict"
        )
        await self._verdicts.index([("ends", ASCENDING)], name="ends", expireAfterSeconds=0)
        await self._credentials.obligations.documents.index(
            [("round", ASCENDING), ("lao", ASCENDING), ("owed", ASCENDING)], name="round_lao"
        )

    async def add(self, batch: Batch) -> None:
        """Keep a new batch."""
        await self._batches.insert({"_id": batch.batch, **batch.model_dump()})

    async def get(self, batch: str) -> Batch | None:
        """A batch."""
        found = await self._batches.one({"_id": batch})
        return Batch.model_validate(found) if found else None

    async def of_round(self, round_id: str, after: datetime | None, limit: int) -> list[Batch]:
        """The batches of a round in the order in which they were opened."""
        query: Document = {"round": round_id} | ({"opened_at": {"$gt": after}} if after else {})
        found = await self._batches.find(query, sort=[("round", ASCENDING), ("opened_at", ASCENDING)], limit=limit)
        return [Batch.model_validate(each) for each in found]

    async def change(self, batch: str, states: Iterable[State], **fields: Any) -> Batch | None:
        """Change a batch that is in one of these states; as it is afterwards, or None when it is in another."""
        found = await self._batches.change({"_id": batch, "state": {"$in": list(states)}}, {"$set": fields})
        return Batch.model_validate(found) if found else None

    async def waiting(self) -> list[Batch]:
        """Batches that an importer must look at."""
        found = await self._batches.find({"state": {"$in": list(WAITING)}}, limit=20)
        return [Batch.model_validate(each) for each in found]

    async def overdue(self, now: datetime) -> list[Batch]:
        """Batches whose time ran out and whose key is still there."""
        found = await self._batches.find(
            {"state": "open", "expires_at": {"$lte": now}}, sort=[("expires_at", ASCENDING)], limit=20
        )
        return [Batch.model_validate(each) for each in found]

    # Verdicts

    async def judged(self, batch: str, numbers: Sequence[int]) -> set[int]:
        """Which of these lines have a verdict."""
        found = await self._verdicts.find({"batch": batch, "number": {"$in": list(numbers)}}, fields=["number"])
        return {each["number"] for each in found}

    async def add_verdicts(self, batch: str, judged: Iterable[Judged], now: datetime) -> None:
        """Keep verdicts; a line that has one keeps it."""
        await self._verdicts.insert_many([
            {
                "batch": batch,
                "number": each.number,
                "verdict": each.verdict.value,
                "kind": each.kind,
                "holder": each.holder,
                "detail": list(each.detail),
                "version": each.version,
                "at": now,
                "ends": now + KEPT,
            }
            for each in judged
        ])  # fmt: skip

    async def verdicts(self, batch: str, verdict: str | None, after: int, limit: int) -> list[Document]:
        """Verdicts in the order of the lines, all or those of one kind, after a line."""
        query: Document = {"batch": batch, "number": {"$gt": after}}
        order = [("batch", ASCENDING), ("number", ASCENDING)]
        if verdict is not None:
            query["verdict"] = verdict
            order.insert(1, ("verdict", ASCENDING))
        return await self._verdicts.find(query, sort=order, limit=limit)

    async def counts(self, batch: str) -> dict[str, int]:
        """How many lines got which verdict."""
        found = await self._verdicts.gather(
            [{"$match": {"batch": batch}}, {"$group": {"_id": "$verdict", "lines": {"$sum": 1}}}]
        )
        return {each["_id"]: each["lines"] for each in found}

    # What is known of many holders

    async def facts_of(
        self, round_id: str, rows: Sequence[Row]
    ) -> tuple[dict[str, Facts], Mapping[str, Stored[Credential]]]:
        """What is known of the holders of rows, by their owner; and their credentials in the round, by id."""
        centers = [row.holder for row in rows if row.kind == "center"]
        laos = [row.holder for row in rows if row.kind == "lao"]
        paths = await self._paths_of(round_id, centers, laos)
        known = await self._known("center", centers) | await self._known("lao", laos)
        has = await self._credentials.credentials.load_many([row.credential(round_id) for row in rows])
        facts = {}
        for row in rows:
            path = paths.get(row.owner)
            holder = Holder(round=round_id, kind=row.kind, code=row.holder, path=path) if path else None
            stored = has.get(row.credential(round_id))
            facts[row.owner] = Facts(
                known=path is not None or row.owner in known,
                holder=holder,
                successor=known.get(row.owner),
                credential=stored.state if stored else None,
            )
        return facts, has

    async def _paths_of(self, round_id: str, centers: Sequence[str], laos: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The paths of those that owe in the round, or have a center that does."""
        documents = self._credentials.obligations.documents
        of_centers = await documents.find({"_id": {"$in": [f"{round_id}/{code}" for code in centers]}})
        paths = {f"center/{each['center']}": tuple(each["path"]) for each in of_centers if each["owed"]}
        of_laos = await documents.find(
            {"round": round_id, "lao": {"$in": list(laos)}, "owed": True}, fields=["lao", "path"]
        )
        return paths | {f"lao/{each['lao']}": tuple(each["path"]) for each in of_laos}

    async def _known(self, kind: Literal["center", "lao"], codes: Sequence[str]) -> dict[str, str | None]:
        """Those that the registry knows, each with who carries on for it at the end of all merges."""
        of = self._credentials.centers if kind == "center" else self._credentials.organizations
        found = await of.documents.find({"_id": {"$in": list(codes)}}, fields=["kind"])
        there = [each["_id"] for each in found if kind == "center" or each.get("kind") == "lao"]
        places = await self._merging.places_of(kind, there)
        return {f"{kind}/{code}": places[code].successor if code in places else None for code in there}
