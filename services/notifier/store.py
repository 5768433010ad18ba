"""Deliveries, notices and standings: every query on what the notifier itself decides.

A delivery is an aggregate. Two writes go past its compare-and-set and keep it honest all the same, because they move
`version` on: taking a lease, and telling a check that is under way that its facts have changed.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.domain import Delivery, Patience, hold_again, identity, release
from services.notifier.notices import Notice, deliveries_of
from services.notifier.outcomes import told
from services.notifier.standings import Standing, stand
from shared.failures import Unavailable
from shared.mongo import ASCENDING, Aggregates, Conflict, Document, Mongo, NewEvent, Outbox, Stored
from shared.mongo.aggregates import Announcer

CHUNK = 1_000
RACES = 8
"""Writers of one standing are the senders of one office's mails: more losses in a row than this is a fault."""


@dataclass(frozen=True, slots=True)
class Leased:
    """Deliveries this process may send until `until`. `resumed`: those whose former sender did not finish."""

    deliveries: list[Stored[Delivery]]
    until: datetime
    resumed: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """Which deliveries a question is about: those under an organization, those of one center, or all."""

    path: str | None = None
    center: str | None = None

    @property
    def query(self) -> Document:
        """As a condition on deliveries."""
        if self.center is not None:
            return {"recipient": self.center, "holder": "center"}
        return {"path": self.path} if self.path is not None else {}


class Store:
    def __init__(self, mongo: Mongo, announcer: Announcer) -> None:
        self._deliveries = Aggregates(mongo.documents("deliveries"), Delivery, announcer)
        self._notices = Aggregates(mongo.documents("notices"), Notice, announcer)
        self._standings = Aggregates(mongo.documents("standings"), Standing, announcer)

    @property
    def outboxes(self) -> list[Outbox]:
        """Where unpublished events may lie."""
        return [self._deliveries.outbox, self._standings.outbox]

    async def prepare(self) -> None:
        """Make sure that the indexes stand."""
        for outbox in self.outboxes:
            await outbox.prepare()
        deliveries = self._deliveries.documents
        await deliveries.index([("due", ASCENDING)], name="due")
        await deliveries.index([("round", ASCENDING)], name="held", partialFilterExpression={"state": "held"})
        await deliveries.index([("notice", ASCENDING), ("_id", ASCENDING)], name="of_notice")
        await deliveries.index([("recipient", ASCENDING), ("_id", ASCENDING)], name="of_recipient")
        await self._notices.documents.index([("state", ASCENDING), ("created_at", ASCENDING)], name="issuing")

    # --- from cause to queue

    async def create(self, new: Mapping[str, Delivery], now: datetime) -> set[str]:
        """Write deliveries, each once and for all. Returns the ids that were there already and are unchanged."""
        rows = [(number, one, _events(None, one, now)) for number, one in new.items()]
        return await self._deliveries.create_many(rows, now) if rows else set()

    async def renew(self, numbers: Iterable[str], now: datetime) -> None:
        """Tell notices of an opened round that another center of theirs owes a report.

        A check under way starts over, and one that was skipped for want of centers is held again. In this order:
        either the skip is prevented, or it is seen.
        """
        wanted = list(numbers)
        await self._deliveries.documents.update_all(
            {"_id": {"$in": wanted}, "state": {"$in": ["queued", "sending"]}},
            {"$set": {"queued_at": now}, "$inc": {"version": 1}},
        )
        query = {"_id": {"$in": wanted}, "state": "skipped", "reason": "no_centers"}
        skipped = [self._deliveries.read(row) for row in await self._deliveries.documents.find(query)]
        await self._deliveries.save_many([(one, hold_again(one.state), []) for one in skipped], now)

    async def release(self, round_: str, patience: Patience, now: datetime) -> int:
        """Queue up to a thousand deliveries that were held until this round opened; how many it found."""
        found = await self._deliveries.documents.find({"state": "held", "round": round_}, limit=CHUNK)
        held = [self._deliveries.read(row) for row in found]
        released = [(one, release(one.state, patience, now)) for one in held]
        await self._deliveries.save_many([(one, after, _events(one.state, after, now)) for one, after in released], now)
        return len(held)

    # --- from queue to end

    async def lease(self, limit: int, now: datetime, lasting: timedelta) -> Leased:
        """Take due deliveries for this process and mark them `sending`, before anything is sent.

        One that another process took and did not finish in time counts an attempt and a doubt.
        """
        documents, until, lease = self._deliveries.documents, now + lasting, secrets.token_hex(16)
        due = {"due": {"$lte": now}}
        found = await documents.find(due, sort=[("due", ASCENDING)], limit=limit, fields=["state"])
        if not found:
            return Leased([], until)
        taken: Document = {"state": "sending", "lease": lease, "due": until}
        queued = [row["_id"] for row in found if row["state"] == "queued"]
        lost = [row["_id"] for row in found if row["state"] == "sending"]
        if queued:
            await documents.update_all(
                {"_id": {"$in": queued}, "state": "queued", **due}, {"$set": taken, "$inc": {"version": 1}}
            )
        resumed = 0
        if lost:
            resumed = await documents.update_all(
                {"_id": {"$in": lost}, "state": "sending", **due},
                {"$set": taken, "$inc": {"version": 1, "attempts": 1, "doubts": 1}},
            )
        rows = await documents.find({"_id": {"$in": [*queued, *lost]}, "lease": lease})
        return Leased([self._deliveries.read(row) for row in rows], until, resumed)

    async def load(self, numbers: Iterable[str]) -> dict[str, Stored[Delivery]]:
        """Those of the deliveries that exist, by id."""
        return await self._deliveries.load_many(numbers)

    async def save(self, changes: Sequence[tuple[Stored[Delivery], Delivery]], now: datetime) -> set[str]:
        """Write steps with the events they cause. Returns the ids that somebody else wrote first.

        Where centers stand is written before: a crash in between sends those mails again, and tells it again.
        """
        await self._tell_standings([after for _, after in changes], now)
        return await self._deliveries.save_many(
            [(before, after, _events(before.state, after, now)) for before, after in changes], now
        )

    async def _tell_standings(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        waiting: dict[str, list[Delivery]] = {}
        for one in deliveries:
            if one.holder == "center" and one.state in {"delivered", "bounced"}:
                waiting.setdefault(f"{one.round}/{one.recipient}", []).append(one)
        for _ in range(RACES):
            if not waiting:
                return
            before = await self._standings.load_many(waiting)
            new, changed = [], []
            for key, told_now in waiting.items():
                stored = before.get(key)
                state = stored.state if stored else None
                for one in told_now:
                    state = stand(state, one) or state
                if state is None or (stored and state is stored.state):
                    continue
                events = [NewEvent(state.status.key, state.status, told_now[-1].traceparent)]
                if stored:
                    changed.append((stored, state, events))
                else:
                    new.append((key, state, events))
            missed = await self._standings.create_many(new, now) if new else set()
            missed |= await self._standings.save_many(changed, now)
            waiting = {key: waiting[key] for key in missed}
        raise Unavailable("standings are written by too many at once")

    # --- ordered notices

    async def order(self, number: str, notice: Notice, now: datetime) -> None:
        """Write an ordered notice; its deliveries follow."""
        await self._notices.create(number, notice, [], now)

    async def issue(self, now: datetime) -> int:
        """Make the deliveries of one ordered notice that has none yet; how many. Twice makes none twice."""
        row = await self._notices.documents.one({"state": "issuing"}, sort=[("created_at", ASCENDING)])
        if row is None:
            return 0
        stored = self._notices.read(row)
        rows = list(deliveries_of(stored.id, stored.state, now).items())
        for start in range(0, len(rows), CHUNK):
            await self.create(dict(rows[start : start + CHUNK]), now)
        try:
            await self._notices.save(stored, stored.state.model_copy(update={"state": "issued"}), [], now)
        except Conflict:  # another process made the same deliveries
            return 0
        return len(rows)

    async def notice(self, number: str) -> Notice | None:
        """An ordered notice."""
        stored = await self._notices.load(number)
        return stored.state if stored else None

    # --- questions

    async def tally(self, notice: str, sight: Sight) -> list[tuple[str, int, int]]:
        """Of a notice's deliveries in sight: state, how many, how many of them acknowledged."""
        rows = await self._deliveries.documents.gather(
            [
                {"$match": {**sight.query, "notice": notice}},
                {
                    "$group": {
                        "_id": "$state",
                        "deliveries": {"$sum": 1},
                        "acknowledged": {"$sum": {"$cond": [{"$gt": ["$acknowledged_at", None]}, 1, 0]}},
                    }
                },
            ]
        )
        return [(row["_id"], row["deliveries"], row["acknowledged"]) for row in rows]

    async def addressed(self, notice: str, recipient: str, holder: str) -> Stored[Delivery] | None:
        """The delivery of a notice to this recipient: the notice itself, or one of an ordered notice."""
        found = await self._deliveries.load_many([notice, identity("reminder", notice, recipient)])
        for one in found.values():
            if (one.state.notice, one.state.recipient, one.state.holder) == (notice, recipient, holder):
                return one
        return None

    async def deliveries(
        self, notice: str | None, recipient: str | None, sight: Sight, after: str | None, limit: int
    ) -> list[tuple[str, Delivery]]:
        """Deliveries in sight of a notice or to a recipient (give one), with their ids and in their order."""
        asked = {name: value for name, value in (("notice", notice), ("recipient", recipient)) if value is not None}
        conditions: list[Document] = [asked, sight.query, {"_id": {"$gt": after or ""}}]
        rows = await self._deliveries.documents.find({"$and": conditions}, sort=[("_id", ASCENDING)], limit=limit)
        return [(row["_id"], self._deliveries.read(row).state) for row in rows]

    async def standings(self, round_: str, centers: Iterable[str]) -> dict[str, Standing]:
        """Where these centers stand, by code; a center that was told nothing is absent."""
        found = await self._standings.load_many(f"{round_}/{center}" for center in centers)
        return {stored.state.center: stored.state for stored in found.values()}


def _events(before: Delivery | None, after: Delivery, now: datetime) -> list[NewEvent]:
    return [NewEvent(after.notice, data, after.traceparent) for data in told(before, after, now)]
