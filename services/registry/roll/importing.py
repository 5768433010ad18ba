"""Carries out what the rules decide: rolls into the tree, rounds from draft to open.

Each step is safe to repeat: a run that died half-way is completed by asking again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.registry.domain import (
    Center,
    DeadlinePassed,
    Entry,
    NothingListed,
    Organization,
    Round,
    RoundClosed,
    counted,
    follow,
    may_list,
    open_round,
    owe,
)
from services.registry.roll.planning import RollPlan, codes_of, plan_roll
from services.registry.store import CHUNK, RegistryStore
from shared.mongo import Conflict, Stored

ATTEMPTS = 8
"""How often to load, decide and write again before giving way to other writers."""


@dataclass(frozen=True, slots=True)
class RoundUnknown:
    """There is no such round."""


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
    """Imports rolls and opens rounds."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

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

        A roll that says nothing new writes and announces nothing. Raises `Conflict` when other writers keep winning.
        """
        state = await self.round_for_roll(round_id)
        if not isinstance(state, Round):
            return state
        listed_before = await self._store.count_listed(round_id)
        first = await self._write(round_id, entries)
        owed = await self._settle(round_id, now)
        return Imported(first, listed_before - first.already_listed, owed)

    async def open(
        self, round_id: str, now: datetime
    ) -> Round | RoundUnknown | NothingListed | DeadlinePassed | RoundClosed:
        """Lay its obligation on every center of the roll, then announce the round as open. Raises `Conflict`.

        The round is written last and only if no roll came in meanwhile, so an open round has all its obligations.
        """
        for _ in range(ATTEMPTS):
            stored = await self._store.round(round_id)
            if stored is None:
                return RoundUnknown()
            opened = open_round(stored.state, await self._store.count_listed(round_id), now)
            if not isinstance(opened, Round) or opened == stored.state:
                return opened
            try:
                await self._oblige(round_id, now)
                opened = counted(opened, opened.listed, await self._store.count_owed(round_id))
                await self._store.save_round(stored, opened)
            except Conflict:
                continue
            return opened
        raise Conflict(round_id)

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

    async def _settle(self, round_id: str, now: datetime) -> int:
        """Bring the round's numbers up to date after a roll, and its obligations if it is open; return the new ones.

        Writing the round when centers joined is what makes an opening at the same moment look at the roll again.
        """
        owed = 0
        for _ in range(ATTEMPTS):
            stored = await self._store.round(round_id)
            if stored is None:
                return owed
            try:
                if stored.state.state == "open":
                    owed += await self._oblige(round_id, now)
                numbers = await self._store.count_listed(round_id), await self._store.count_owed(round_id)
                state = counted(stored.state, *numbers)
                if state != stored.state:
                    await self._store.save_round(stored, state)
            except Conflict:
                continue
            return owed
        raise Conflict(round_id)

    async def _oblige(self, round_id: str, now: datetime) -> int:
        """Give every center on the roll the obligation it should have; return how many had none."""
        last, new = "", 0
        while centers := await self._store.listed_after(round_id, last, CHUNK):
            last = centers[-1].code
            known = await self._store.obligations_of(round_id, (center.code for center in centers))
            due = []
            for center in centers:
                stored = known.get(center.code)
                after = follow(stored.state, center, now) if stored else owe(center, round_id, now)
                if stored is None or after != stored.state:
                    due.append((stored, after))
            if await self._store.write_obligations(due):
                raise Conflict(round_id)
            new += sum(1 for stored, _ in due if stored is None)
        return new
