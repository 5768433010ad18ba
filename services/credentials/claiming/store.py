"""Every query about claims: attempts, their counters, the mails that are due."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from services.credentials.claiming.attempts import Claim, Openings, Wait
from services.credentials.domain import Event
from services.credentials.store import ATTEMPTS, announced
from shared.mongo import ASCENDING, DESCENDING, Aggregates, AlreadyThere, Conflict, Document, Mongo
from shared.mongo.aggregates import Announcer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # naming it lets the partial index serve

OpeningRule = Callable[[Openings, datetime], Openings | Wait]


class ClaimStore:
    """Claims and how often they are opened."""

    def __init__(self, mongo: Mongo, announcer: Announcer) -> None:
        self.claims = Aggregates(mongo.documents("claims"), Claim, announcer)
        self.openings = Aggregates(mongo.documents("openings"), Openings, announcer)

    @property
    def outboxes(self) -> list[Any]:
        """The collections whose events a sweeper looks after."""
        return [self.claims.outbox]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self.claims.prepare()
        claims = self.claims.documents
        await claims.index(
            [("mail_due", ASCENDING)], name="mail_due", partialFilterExpression={"mail_due": {"$gt": _EPOCH}}
        )
        await claims.index([("ends", ASCENDING)], name="ends", expireAfterSeconds=0)
        await claims.index(
            [("round", ASCENDING), ("path", ASCENDING), ("alarmed_at", ASCENDING), ("_id", ASCENDING)],
            name="alarms",
            partialFilterExpression={"alarmed_at": {"$gt": _EPOCH}},
        )

    async def add_claim(self, claim: Claim, events: list[Event], now: datetime) -> None:
        """Keep a new claim."""
        await self.claims.create(claim.claim, claim, announced(events), now)

    async def write_to_nobody(self, decoy: Claim, number: int) -> None:
        """The write of a wrong code, on one of 256 claims that are nobody's: so that both take one, of one size."""
        change = {
            "$set": decoy.model_dump(),
            "$inc": {"version": 1, "sequence": 0},
            "$setOnInsert": {"stamp": "", "told": {}, "outbox": []},
        }
        await self.claims.documents.update({"_id": f"nobody/{number % 256:02x}"}, change, upsert=True)

    async def count_opening(self, owner: str, rule: OpeningRule, now: datetime) -> Wait | None:
        """Apply a rule to a holder's openings, atomically; until when to wait if it refused, else None."""
        for _ in range(ATTEMPTS):
            stored = await self.openings.load(owner)
            decided = rule(stored.state if stored else Openings(), now)
            if isinstance(decided, Wait):
                return decided
            try:
                if stored is None:
                    await self.openings.create(owner, decided, [], now)
                else:
                    await self.openings.save(stored, decided, [], now)
            except (Conflict, AlreadyThere):
                continue
            return None
        raise Conflict(owner)

    async def alarms_within(self, round_id: str, within: str, after: str | None, limit: int) -> list[tuple[str, Claim]]:
        """Claims below an organization that raised an alarm, the newest first, by their place in the list."""
        query: Document = {"round": round_id, "path": within, "alarmed_at": {"$gt": _EPOCH}}
        if after is not None:
            time, _, last = after.partition("|")
            instant = datetime.fromisoformat(time)
            query["$or"] = [{"alarmed_at": {"$lt": instant}}, {"alarmed_at": instant, "_id": {"$lt": last}}]
        order = [("alarmed_at", DESCENDING), ("_id", DESCENDING)]
        found = await self.claims.documents.find(query, sort=order, limit=limit)
        return [(f"{each['alarmed_at'].isoformat()}|{each['_id']}", self.claims.read(each).state) for each in found]

    async def mails_due(self, now: datetime, limit: int) -> list[Claim]:
        """Claims whose code has yet to be mailed, the longest waiting first."""
        found = await self.claims.documents.find(
            {"mail_due": {"$gt": _EPOCH, "$lte": now}}, sort=[("mail_due", ASCENDING)], limit=limit
        )
        return [self.claims.read(each).state for each in found]

    async def take_mail(self, claim: Claim, now: datetime, lasting: timedelta) -> bool:
        """Take a claim's mail for sending; others see it again after `lasting`. False when somebody else has it."""
        taken = await self.claims.documents.update(
            {"_id": claim.claim, "mail_due": claim.mail_due},
            {"$set": {"mail_due": now + lasting}, "$inc": {"version": 1}},
        )
        return taken == 1

    async def mail_settled(self, claim: Claim) -> None:
        """No mail is due for this claim any more."""
        await self.claims.documents.update({"_id": claim.claim}, {"$set": {"mail_due": None}, "$inc": {"version": 1}})
