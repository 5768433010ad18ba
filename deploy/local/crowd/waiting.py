"""Waiting until the system has done what it was told: every projection, every decision, every mail."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from deploy.local.crowd.campaign import Tick
from deploy.local.verify.chain import ENDED
from shared.contracts.topics import READS, SERVICES, Service
from shared.mongo import Mongo

FROM_REGISTRY = ("organizations", "centers", "obligations")


@dataclass
class Insight:
    """A look into the databases, as an operator has it."""

    mongos: Mapping[Service, Mongo]

    @classmethod
    def of(cls, environment: Mapping[str, str], namespace: str = "saraban") -> "Insight":
        return cls({s: Mongo(environment["SARABAN_MONGO_URL"], namespace, s) for s in SERVICES})

    def close(self) -> None:
        for mongo in self.mongos.values():
            mongo.close()

    async def projected(self) -> tuple[int, int]:
        """How many of the registry's rows stand in the services that keep them, and how many should."""
        there = should = 0
        for name in FROM_REGISTRY:
            rows = await self.mongos["registry"].documents(name).count({})
            for service in SERVICES:
                kept = {topic.name.removeprefix("registry.") for topic in READS[service].get("projections", ())}
                if name in kept:
                    should += rows
                    there += await self.mongos[service].documents(name).count({})
        return there, should

    async def undecided(self) -> tuple[int, int]:
        """How many reports were decided, and how many received."""
        found = (
            await self.mongos["submissions"]
            .documents("submissions")
            .gather(
                [
                    {"$unwind": "$reports"},
                    {"$group": {"_id": "$reports.state", "count": {"$sum": 1}}},
                ]
            )
        )
        counts = {row["_id"]: row["count"] for row in found}
        return sum(counts.values()) - counts.get("received", 0), sum(counts.values())

    async def past(self, round_: str) -> tuple[int, int]:
        """Whether it was told who missed the deadline of a round: of one sweep, how many are done."""
        query = {"_id": round_, "passed": {"$ne": None}}
        return await self.mongos["submissions"].documents("deadlines").count(query), 1

    async def mailed(self) -> tuple[int, int]:
        """How many deliveries came to an end, and how many the round must cause.

        One for each sealed holder, two for each report (received, decided), one for each LAO that owes in an open round
        (one that owes no more, after a move, had its notice too); alarms are nobody's plan.
        """
        decided, received = await self.undecided()
        sealed = await self.mongos["credentials"].documents("credentials").count({})
        deliveries, ended = self.mongos["notifier"].documents("deliveries"), {"state": {"$in": list(ENDED)}}
        opened = await deliveries.count({**ended, "kind": "round_opened"})
        others = await deliveries.count({**ended, "kind": {"$nin": ["claim_alarmed", "round_opened"]}})
        laos = await self._laos()
        return others + min(opened, laos), sealed + received + decided + laos

    async def _laos(self) -> int:
        registry = self.mongos["registry"]
        opened = [d["_id"] async for d in registry.documents("rounds").each({"state": "open"}, fields=["_id"])]
        owed = {"round": {"$in": opened}, "owed": True}
        group = {"$group": {"_id": {"round": "$round", "lao": "$lao"}}}
        found = await registry.documents("obligations").gather([{"$match": owed}, group, {"$count": "laos"}])
        return int(found[0]["laos"]) if found else 0

    async def announced(self) -> tuple[int, int]:
        """How many aggregates of the services have nothing left to announce, and how many aggregates there are."""
        done = total = 0
        for mongo in self.mongos.values():
            for name in await mongo.collections():
                documents = mongo.documents(name)
                if await documents.one({"told": {"$exists": True}}, fields=["_id"]):
                    count = await documents.count({})
                    total += count
                    done += count - await documents.count({"outbox.due": {"$exists": True}})
        return done, total


async def until_whole(
    look: Callable[[], Awaitable[tuple[int, int]]], tick: Tick, *, within: float, settle: int = 1
) -> None:
    """Look until all is done, `settle` times in a row. Raises TimeoutError with what is missing."""
    until, agreed = time.monotonic() + within, 0
    while True:
        done, total = await look()
        tick(done, total)
        agreed = agreed + 1 if done == total else 0
        if agreed >= settle:
            return
        if time.monotonic() > until:
            raise TimeoutError(f"{done} of {total} after {within:.0f} s")
        await asyncio.sleep(0.25)
