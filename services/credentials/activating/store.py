"""Every query about activation sheets and about tries at the door."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.credentials.activating.rules import Activation
from services.credentials.domain import Event
from services.credentials.store import announced
from shared.mongo import ASCENDING, Aggregates, Mongo
from shared.mongo.aggregates import Announcer


class ActivationStore:
    """The newest sheet of each credential, found by the hash of its code."""

    def __init__(self, mongo: Mongo, announcer: Announcer) -> None:
        self.activations = Aggregates(mongo.documents("activations"), Activation, announcer)
        self._tries = mongo.documents("door_tries")

    @property
    def outboxes(self) -> list[Any]:
        """The collections whose events a sweeper looks after."""
        return [self.activations.outbox]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self.activations.prepare()
        await self.activations.documents.index([("digest", ASCENDING)], name="digest", unique=True)
        await self._tries.index([("ends", ASCENDING)], name="ends", expireAfterSeconds=0)

    async def of_code(self, digest: str) -> Activation | None:
        """The sheet with this code, unless a newer one took its place."""
        found = await self.activations.documents.one({"digest": digest})
        return self.activations.read(found).state if found else None

    async def put(self, made: Sequence[tuple[Activation, list[Event]]], now: datetime) -> set[str]:
        """Keep new sheets, each in place of the one before. Returns the credentials whose sheet was not kept, because
        another was made for them in the same moment.
        """
        there = await self.activations.load_many([activation.credential for activation, _ in made])
        new = [(a.credential, a, announced(events)) for a, events in made if a.credential not in there]
        newer = [(there[a.credential], a, announced(events)) for a, events in made if a.credential in there]
        missed = await self.activations.create_many(new, now) if new else set()
        return missed | await self.activations.save_many(newer, now)

    async def count_try(self, name: str, now: datetime, within: timedelta) -> int:
        """Count one more try under a name; how many there were in this stretch of time."""
        stretch = int(now.timestamp() // within.total_seconds())
        counted = await self._tries.change(
            {"_id": f"{name}/{stretch}"},
            {"$inc": {"tries": 1}, "$setOnInsert": {"ends": now + within * 2}},
            upsert=True,
        )
        assert counted is not None
        return int(counted["tries"])
