"""Carries out what the rules decide: rolls into the tree.

Each step is safe to repeat: a run that died half-way is completed by asking again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registry.domain import Center, Entry, Organization, Round, RoundClosed, may_list
from services.registry.roll.planning import RollPlan, codes_of, plan_roll
from services.registry.rounds.keeping import ATTEMPTS, RoundKeeper
from services.registry.rounds.rules import RoundUnknown
from services.registry.store import RegistryStore
from services.registry.tree.lock import TreeLock
from shared.mongo import Conflict, Stored

PATIENCE_S = 10.0
"""How long a roll waits for an order that has the tree in hand."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a roll changed or, rehearsed, would change."""

    plan: RollPlan
    absent: int
    """Centers on the round's roll that the file does not name; they stay on it."""
    obligations: int
    """New ones. A round in draft obliges nobody yet."""


@dataclass(frozen=True, slots=True)
class _Known:
    organizations: Mapping[str, Stored[Organization]]
    centers: Mapping[str, Stored[Center]]

    def plan(self, round_id: str, entries: Sequence[Entry]) -> RollPlan:
        return plan_roll(
            round_id,
            entries,
            {code: stored.state for code, stored in self.organizations.items()},
            {code: stored.state for code, stored in self.centers.items()},
        )


class Importing:
    """Imports rolls."""

    def __init__(self, store: RegistryStore, keeper: RoundKeeper, lock: TreeLock) -> None:
        self._store, self._keeper, self._lock = store, keeper, lock

    async def rehearse(self, round_id: str, entries: Sequence[Entry]) -> Imported | RoundUnknown | RoundClosed:
        """Say what an import would change, and change nothing."""
        state = await self.round_for_roll(round_id)
        if not isinstance(state, Round):
            return state
        plan = (await self._known(entries)).plan(round_id, entries)
        absent = await self._store.count_listed(round_id) - plan.already_listed
        return Imported(plan, absent, plan.joining if state.state == "open" else 0)

    async def import_roll(
        self, round_id: str, entries: Sequence[Entry], now: datetime
    ) -> Imported | RoundUnknown | RoundClosed:
        """Bring the tree and the centers up to the roll and list them in the round.

        A roll that says nothing new writes and announces nothing. Raises `Conflict` when other writers keep winning,
        and `TreeBusy` when an order has the tree in hand for long.
        """
        state = await self.round_for_roll(round_id)
        if not isinstance(state, Round):
            return state
        async with self._lock.held(PATIENCE_S):
            listed_before = await self._store.count_listed(round_id)
            first = await self._write(round_id, entries)
            owed = await self._keeper.settle(round_id, now)
        return Imported(first, listed_before - first.already_listed, owed)

    async def round_for_roll(self, round_id: str) -> Round | RoundUnknown | RoundClosed:
        """The round, if it takes a roll."""
        stored = await self._store.round(round_id)
        return RoundUnknown() if stored is None else may_list(stored.state) or stored.state

    async def _known(self, entries: Sequence[Entry]) -> _Known:
        organizations, centers = codes_of(entries)
        return _Known(await self._store.known_organizations(organizations), await self._store.known_centers(centers))

    async def _write(self, round_id: str, entries: Sequence[Entry]) -> RollPlan:
        """Write until what is stored says what the roll says; return what the first look found to do."""
        first: RollPlan | None = None
        for _ in range(ATTEMPTS):
            known = await self._known(entries)
            plan = known.plan(round_id, entries)
            first = first or plan
            missed = await self._store.write_organizations(plan.organizations, known.organizations)
            missed |= await self._store.write_centers(plan.centers, known.centers)
            if not missed:
                return first
        raise Conflict(round_id)
