"""Every query of the credentials service but those of claims, which have a store of their own."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any, get_args

from services.credentials.domain import Credential, Event, Holder, HolderKind, State, credential_id, key_of
from shared.mongo import (
    ASCENDING,
    DESCENDING,
    Aggregates,
    Document,
    Mongo,
    NewEvent,
    Projection,
    Stored,
)
from shared.mongo.aggregates import Announcer
from shared.mongo.trail import AuditTrail
from shared.telemetry import current_traceparent

PROJECTIONS = ("organizations", "centers", "rounds", "obligations")
"""Collections that a rebuild may drop before the group `projections` is rewound."""

ATTEMPTS = 50
"""How often a writer that was overtaken decides again before it gives up."""


class CredentialsStore:
    """Credentials; the audit trail; what is known of rounds and holders."""

    def __init__(self, mongo: Mongo, announcer: Announcer) -> None:
        self.credentials = Aggregates(
            mongo.documents("credentials"), Credential, announcer, derive=lambda credential: {"state": credential.state}
        )
        self.trail = AuditTrail(mongo, announcer)
        self.jobs = mongo.documents("jobs")
        self.rounds = Projection(mongo.documents("rounds"))
        self.obligations = Projection(mongo.documents("obligations"))
        self.centers = Projection(mongo.documents("centers"))
        self.organizations = Projection(mongo.documents("organizations"))

    @property
    def outboxes(self) -> list[Any]:
        """The collections whose events a sweeper looks after."""
        return [self.credentials.outbox, self.trail.outbox]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self.credentials.prepare()
        await self.trail.prepare()
        credentials = self.credentials.documents
        await credentials.index([("holder", ASCENDING), ("issued_at", ASCENDING)], name="holder")
        await credentials.index([("round", ASCENDING), ("state", ASCENDING)], name="round_state")
        await self.obligations.documents.index(
            [("round", ASCENDING), ("owed", ASCENDING), ("center", ASCENDING), ("lao", ASCENDING)], name="round_center"
        )
        await self.jobs.index([("state", ASCENDING)], name="state")

    # Credentials

    async def credential_of(self, round_id: str, kind: HolderKind, code: str) -> Stored[Credential] | None:
        """The credential of a holder in a round."""
        return await self.credentials.load(credential_id(round_id, kind, code))

    async def latest_credentials(self, code: str, round_id: str | None) -> list[Credential]:
        """The credentials of holders with this code, newest first, at most ten."""
        query: Document = {"holder": code} | ({"round": round_id} if round_id else {})
        order = [("holder", DESCENDING), ("issued_at", DESCENDING)]
        found = await self.credentials.documents.find(query, sort=order, limit=10)
        return [self.credentials.read(each).state for each in found]

    async def add_credentials(self, new: Sequence[tuple[Credential, list[Event]]], now: datetime) -> set[str]:
        """Add credentials with their events. Returns the ids that had one already; those are unchanged."""
        return await self.credentials.create_many(
            [(credential_id(c.round, c.kind, c.holder), c, announced(events)) for c, events in new], now
        )

    async def without_credential(self, holders: Iterable[Holder]) -> list[Holder]:
        """Those of the holders that have no credential yet."""
        by_id = {holder.id: holder for holder in holders}
        found = await self.credentials.documents.find({"_id": {"$in": list(by_id)}}, fields=["_id"])
        there = {each["_id"] for each in found}
        return [holder for key, holder in by_id.items() if key not in there]

    async def states_of(self, round_id: str) -> dict[str, int]:
        """How many credentials of a round stand in each state; states nobody is in count 0."""
        found = await self.credentials.documents.gather(
            [{"$match": {"round": round_id}}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}]
        )
        return dict.fromkeys(get_args(State), 0) | {each["_id"]: each["count"] for each in found}

    # What is known of others

    async def round(self, round_id: str) -> Document | None:
        """A round as the registry last told it."""
        return await self.rounds.documents.one({"_id": round_id})

    async def contact_of(self, kind: HolderKind, code: str) -> tuple[str, str] | None:
        """Name and registered mail address of a holder, or None without an address."""
        known = self.centers if kind == "center" else self.organizations
        found = await known.documents.one({"_id": code}, fields=["name", "email"])
        return (found["name"], found["email"]) if found and found.get("email") else None

    async def holders_of(self, round_id: str, chunk: int) -> AsyncIterator[list[Holder]]:
        """Every holder of a round in chunks, each once: the obligated centers and their LAOs."""
        last, laos = "", set[str]()
        while True:
            found = await self.obligations.documents.find(
                {"round": round_id, "owed": True, "center": {"$gt": last}}, sort=[("center", ASCENDING)], limit=chunk
            )
            if not found:
                return
            last = found[-1]["center"]
            holders = []
            for each in found:
                path = tuple(each["path"])
                holders.append(Holder(round=round_id, kind="center", code=each["center"], path=path))
                if each["lao"] not in laos:
                    laos.add(each["lao"])
                    holders.append(Holder(round=round_id, kind="lao", code=each["lao"], path=path))
            yield holders

    async def count_obliged(self, round_id: str) -> int:
        """How many centers owe a report in a round, as far as is known here."""
        return await self.obligations.documents.count({"round": round_id, "owed": True})

    async def count_obliged_laos(self, round_id: str) -> int:
        """How many LAOs have such a center."""
        found = await self.obligations.documents.gather(
            [
                {"$match": {"round": round_id, "owed": True}},
                {"$group": {"_id": "$lao"}},
                {"$count": "laos"},
            ]
        )
        return int(found[0]["laos"]) if found else 0

    # Sealing jobs

    async def ask_for_sealing(self, round_id: str, subject: str, role: str, now: datetime) -> Document:
        """Begin the sealing job of a round, or begin it again if it has ended. Returns the job."""
        asked = {
            "state": "running",
            "subject": subject,
            "role": role,
            "asked_at": now,
            "ended_at": None,
            "missing": 0,
            "traceparent": current_traceparent(),
        }
        await self.jobs.update({"_id": round_id, "state": {"$ne": "running"}}, {"$set": asked})
        await self.jobs.insert({"_id": round_id, **asked})
        job = await self.jobs.one({"_id": round_id})
        assert job is not None
        return job

    async def job(self, round_id: str) -> Document | None:
        """The sealing job of a round."""
        return await self.jobs.one({"_id": round_id})

    async def running_jobs(self) -> list[Document]:
        """Sealing jobs that have not ended."""
        return await self.jobs.find({"state": "running"}, limit=20)

    async def end_job(self, round_id: str, again: int | None, missing: int, now: datetime) -> None:
        """The job has done what it could; `missing` centers were announced but never seen.

        It goes on where it was told since to look `again`.
        """
        await self.jobs.update(
            {"_id": round_id, "state": "running", "again": again},
            {"$set": {"state": "done", "ended_at": now, "missing": missing}},
        )


def announced(events: Iterable[Event]) -> list[NewEvent]:
    """Domain events as the outbox takes them."""
    return [NewEvent(key_of(event), event) for event in events]
