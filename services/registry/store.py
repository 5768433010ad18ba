"""Every query of the registry."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from pydantic import BaseModel

from services.registry.announcing import (
    center_changed,
    obligation_changed,
    obligation_stage,
    organization_changed,
    round_changed,
)
from services.registry.domain import Center, Obligation, Organization, Round, obligation_key
from services.registry.reading.obligation_store import ObligationLists
from services.registry.reading.store import center_lists, organization_lists, searchable
from services.registry.roll.planning import Change
from services.registry.tree.history import dated
from shared.mongo import ASCENDING, Aggregates, Mongo, NewEvent, Outbox, Stored
from shared.mongo.aggregates import Announcer
from shared.thai.calendar import in_bangkok

S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")

CHUNK = 1_000
"""Documents in one write: large enough to be fast, small enough for a bounded wait."""


class RegistryStore:
    """The registry's rounds, organizations, centers and obligations.

    Every write goes with its events in one document, and is a compare-and-set: what another writer changed first is
    returned or raised, never overwritten. Events bear the time of their write, by `clock`.
    """

    def __init__(self, mongo: Mongo, announcer: Announcer, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.rounds = Aggregates(mongo.documents("rounds"), Round, announcer)
        self.organizations = Aggregates(mongo.documents("organizations"), Organization, announcer, searchable)
        self.centers = Aggregates(mongo.documents("centers"), Center, announcer, searchable)
        self.organization_lists = organization_lists(self.organizations.documents)
        self.center_lists = center_lists(self.centers.documents)
        self.obligations = Aggregates(mongo.documents("obligations"), Obligation, announcer)
        self.obligation_lists = ObligationLists(self.obligations.documents)

    @property
    def outboxes(self) -> Sequence[Outbox]:
        """What a sweeper looks after, most urgent first."""
        return [each.outbox for each in (self.organizations, self.centers, self.obligations, self.rounds)]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        for aggregates in (self.rounds, self.organizations, self.centers, self.obligations):
            await aggregates.prepare()
        await self.organization_lists.prepare()
        await self.center_lists.prepare()
        await self.centers.documents.index([("rounds", ASCENDING), ("_id", ASCENDING)], name="roll")
        await self.obligations.documents.index([("round", ASCENDING), ("owed", ASCENDING)], name="owed")

    # rounds

    async def round(self, round_id: str) -> Stored[Round] | None:
        """The round with this id."""
        return await self.rounds.load(round_id)

    async def rounds_after(self, last: str | None, limit: int) -> list[Round]:
        """Rounds by id, behind `last`."""
        found = await self.rounds.documents.find({"_id": {"$gt": last or ""}}, sort=[("_id", ASCENDING)], limit=limit)
        return [self.rounds.read(document).state for document in found]

    async def add_round(self, state: Round) -> None:
        """Write a new round and announce it. Raises `AlreadyThere`."""
        await self.rounds.create(state.round, state, [NewEvent(state.round, round_changed(state))], self._clock())

    async def save_round(self, stored: Stored[Round], state: Round) -> None:
        """Write a round; announce it if anything the world knows of it changed. Raises `Conflict`, `Backpressure`."""
        after = round_changed(state)
        events = [NewEvent(state.round, after)] if after != round_changed(stored.state) else []
        await self.rounds.save(stored, state, events, self._clock())

    # organizations

    async def organization(self, code: str) -> Organization | None:
        """The organization with this code."""
        stored = await self.organizations.load(code)
        return stored.state if stored else None

    async def known_organizations(self, codes: Iterable[str]) -> dict[str, Stored[Organization]]:
        """Those of the organizations that exist."""
        return await self.organizations.load_many(codes)

    async def write_organizations(
        self, changes: Sequence[Change[Organization]], known: Mapping[str, Stored[Organization]]
    ) -> set[str]:
        """Write changes, dated today, and announce each. Returns the codes that another writer changed first."""
        batch = []
        for each in changes:
            stored = known.get(each.after.code)
            node = dated(stored.state, each.after, self._today()) if stored else each.after
            batch.append((stored, node.code, node, [NewEvent(node.code, organization_changed(node))]))
        return await self._write(self.organizations, batch)

    # centers

    async def center(self, code: str) -> Center | None:
        """The center with this code."""
        stored = await self.centers.load(code)
        return stored.state if stored else None

    async def known_centers(self, codes: Iterable[str]) -> dict[str, Stored[Center]]:
        """Those of the centers that exist."""
        return await self.centers.load_many(codes)

    async def listed_after(self, round_id: str, last: str, limit: int) -> list[Center]:
        """Centers on a round's roll by code, behind `last`."""
        found = await self.centers.documents.find(
            {"rounds": round_id, "_id": {"$gt": last}}, sort=[("_id", ASCENDING)], limit=limit
        )
        return [self.centers.read(document).state for document in found]

    async def count_listed(self, round_id: str) -> int:
        """How many centers stand on a round's roll."""
        return await self.centers.documents.count({"rounds": round_id})

    async def write_centers(self, changes: Sequence[Change[Center]], known: Mapping[str, Stored[Center]]) -> set[str]:
        """Write changes, dated today; announce those the world can see (joining a roll is none).

        Returns the codes that another writer changed first.
        """
        batch = []
        for each in changes:
            stored = known.get(each.after.code)
            center = dated(stored.state, each.after, self._today()) if stored else each.after
            after = center_changed(center)
            seen = each.before is None or center_changed(each.before) != after
            events = [NewEvent(center.code, after)] if seen else []
            batch.append((stored, center.code, center, events))
        return await self._write(self.centers, batch)

    # obligations

    async def obligations_of(self, round_id: str, centers: Iterable[str]) -> dict[str, Stored[Obligation]]:
        """The obligations of these centers in a round, by center."""
        found = await self.obligations.load_many(obligation_key(round_id, center) for center in centers)
        return {stored.state.center: stored for stored in found.values()}

    async def count_owed(self, round_id: str) -> int:
        """How many centers owe a report in a round."""
        return await self.obligations.documents.count({"round": round_id, "owed": True})

    async def write_obligations(self, obligations: Sequence[tuple[Stored[Obligation] | None, Obligation]]) -> set[str]:
        """Write obligations, announce each and its stage. Returns the keys that another writer changed first."""
        batch = []
        for stored, after in obligations:
            stage = obligation_stage(after)
            events = [NewEvent(after.key, obligation_changed(after)), NewEvent(stage.key, stage)]
            batch.append((stored, after.key, after, events))
        return await self._write(self.obligations, batch)

    def _today(self) -> date:
        return in_bangkok(self._clock()).date()

    async def _write(
        self, aggregates: Aggregates[S], batch: Sequence[tuple[Stored[S] | None, str, S, Sequence[NewEvent]]]
    ) -> set[str]:
        """Create what is new, save what is known, in the order given. Returns the ids that were not written."""
        missed: set[str] = set()
        for chunk in _chunks(batch):
            new = [(key, state, events) for stored, key, state, events in chunk if stored is None]
            old = [(stored, state, events) for stored, _, state, events in chunk if stored is not None]
            if new:
                missed |= await aggregates.create_many(new, self._clock())
            if old:
                missed |= await aggregates.save_many(old, self._clock())
        return missed


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
