"""Carries out what the rules decide: rolls into the tree, a thousand rows at a time.

Each step is safe to repeat: a run that died half-way is completed by asking again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.registry.domain import Center, Entry, Organization, Round, RoundClosed, may_list
from services.registry.roll.diff import Changed, changes_of
from services.registry.roll.loss import Loss, LossCount, needs_two
from services.registry.roll.planning import Refused, RollPlan, codes_of, plan_leaving, plan_roll
from services.registry.roll.rows import Remark
from services.registry.roll.spool import Spool
from services.registry.roll.store import RollStore
from services.registry.rounds.keeping import ATTEMPTS, RoundKeeper
from services.registry.rounds.rules import RoundUnknown
from services.registry.store import RegistryStore
from services.registry.tree.lock import TreeLock
from shared.mongo import Conflict
from shared.thai.calendar import in_bangkok

PATIENCE_S: Final = 10.0
"""How long a roll waits for an order that has the tree in hand."""
CHUNK: Final = 1_000
"""Rows in one step."""
_CODES: Final = 5_000

Gone = Literal["none", "part", "held", "leave", "wait", "refused"]
"""What becomes of centers on the round's roll that a file does not name. `part`: the file is a part and takes nobody
off; `held`: rows without a readable code may be theirs, so they stay; `leave`; `wait` for a second person; `refused`:
they leave an open round by an order alone.
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a roll changed or, rehearsed, would change. The changes themselves lie in the spool."""

    loss: Loss
    gone: Gone
    unchanged: int
    obligations: int
    """New ones. A round in draft obliges nobody yet."""


@dataclass(frozen=True, slots=True)
class Imported(Compared):
    """It took effect."""


@dataclass(frozen=True, slots=True)
class TooMuchLost(Compared):
    """Nothing was changed: a second person must agree first."""


@dataclass(frozen=True, slots=True)
class LeavesOpenRound:
    """Centers that an open round obliges are not in the file. They leave by an order that says why."""

    loss: Loss


Refusal = RoundUnknown | RoundClosed
Decided = Callable[[], Awaitable[None]]


class Importing:
    """Imports rolls. `threshold` is the share of a roll that one person may take off it."""

    def __init__(
        self, store: RegistryStore, rolls: RollStore, keeper: RoundKeeper, lock: TreeLock, *, threshold: float
    ) -> None:
        self._store, self._rolls, self._keeper, self._lock = store, rolls, keeper, lock
        self._threshold = threshold

    async def round_for_roll(self, round_id: str) -> Round | Refusal:
        """The round, if it takes a roll."""
        stored = await self._store.round(round_id)
        return RoundUnknown() if stored is None else may_list(stored.state) or stored.state

    async def rehearse(self, round_id: str, spool: Spool, now: datetime, *, part: bool) -> Compared | Refusal:
        """Say what an import would change, and change nothing."""
        state = await self.round_for_roll(round_id)
        return await self._look(state, spool, now, part=part) if isinstance(state, Round) else state

    async def import_roll(
        self, round_id: str, spool: Spool, now: datetime, *, part: bool, decided: Decided | None = None
    ) -> Imported | TooMuchLost | LeavesOpenRound | Refusal:
        """Bring the tree and the centers up to the roll and its round's list to what it names.

        A roll that says nothing new writes and announces nothing. With `decided`, a second person agreed to the loss
        that the spool was saved with, and is asked to make that last before anything is written. Raises `Conflict` when
        other writers keep winning, and `TreeBusy` when an order has the tree in hand for long.
        """
        async with self._lock.held(PATIENCE_S):
            state = await self.round_for_roll(round_id)
            if not isinstance(state, Round):
                return state
            loss = await self._loss(state, spool, keep=not part)
            gone = _fate(state, loss, spool, self._threshold, part=part, agreed=decided is not None)
            if gone == "refused":
                return LeavesOpenRound(loss)
            if gone == "wait":
                unchanged = await self._take(state.round, spool, now, write=False)
                return TooMuchLost(loss, gone, unchanged, 0)
            if decided:
                await decided()
            unchanged = await self._take(state.round, spool, now, write=True)
            if gone == "leave":
                await self._leave(state.round, spool)
            return Imported(loss, gone, unchanged, await self._keeper.settle(state.round, now))

    async def enter(self, round_id: str, waves: Sequence[Sequence[Entry]], now: datetime) -> list[Refused] | Refusal:
        """Bring in single entries, one wave after another; a wave has no center twice. Those that were refused.

        Raises as `import_roll`.
        """
        refused: list[Refused] = []
        async with self._lock.held(PATIENCE_S):
            state = await self.round_for_roll(round_id)
            if not isinstance(state, Round):
                return state
            for entries in waves:
                plan, _ = await self._step(round_id, entries, now, write=True, alone=True)
                refused += plan.refused
            await self._keeper.settle(round_id, now)
        return refused

    async def _look(self, state: Round, spool: Spool, now: datetime, *, part: bool) -> Compared:
        loss = await self._loss(state, spool, keep=not part)
        gone = _fate(state, loss, spool, self._threshold, part=part, agreed=False)
        unchanged = await self._take(state.round, spool, now, write=False)
        joining = spool.count_changed(("added", "listed"))
        return Compared(loss, gone, unchanged, joining if state.state == "open" else 0)

    async def _loss(self, state: Round, spool: Spool, *, keep: bool) -> Loss:
        """Compare the round's list with the codes in the file; `keep` what is gone among the changes."""
        count, last = LossCount(), ""
        while listed := await self._rolls.listed_after(state.round, last, _CODES):
            last = listed[-1][0]
            named = await asyncio.to_thread(spool.named, [code for code, _, _ in listed])
            gone = [each for each in listed if each[0] not in named]
            count.add(len(listed), [code for code, _, _ in gone])
            if keep and gone:
                await asyncio.to_thread(
                    spool.change, [Changed("gone", code, name, None, lao) for code, name, lao in gone]
                )
        return count.total()

    async def _take(self, round_id: str, spool: Spool, now: datetime, *, write: bool) -> int:
        """Go through the rows that count, by LAO; how many say nothing new."""
        unchanged, lao, code = 0, "", ""
        while entries := await asyncio.to_thread(spool.entries_after, lao, code, CHUNK):
            lao, code = entries[-1].lao_code, entries[-1].code
            plan, before = await self._step(round_id, entries, now, write=write)
            unchanged += plan.unchanged
            await asyncio.to_thread(_note, spool, entries, plan, before)
        return unchanged

    async def _step(
        self, round_id: str, entries: Sequence[Entry], now: datetime, *, write: bool, alone: bool = False
    ) -> tuple[RollPlan, dict[str, Organization]]:
        """Decide about some entries and, if asked, write until what is stored says what they say. What the first look
        found to do, and the organizations it found.
        """
        first: tuple[RollPlan, dict[str, Organization]] | None = None
        on = in_bangkok(now).date()
        organization_codes, center_codes = codes_of(entries)
        for _ in range(ATTEMPTS):
            nodes = await self._store.known_organizations(organization_codes)
            centers = await self._store.known_centers(center_codes)
            before = {code: stored.state for code, stored in nodes.items()}
            known = {code: stored.state for code, stored in centers.items()}
            plan = await asyncio.to_thread(plan_roll, round_id, entries, before, known, on, alone=alone)
            first = first or (plan, before | await self._left(known.values(), before))
            if not write:
                return first
            missed = await self._store.write_organizations(plan.organizations, nodes)
            missed |= await self._store.write_centers(plan.centers, centers)
            if not missed:
                return first
        raise Conflict(round_id)

    async def _left(self, centers: Iterable[Center], known: Mapping[str, Organization]) -> dict[str, Organization]:
        """The LAOs that centers hung under and that the roll does not name: a move is told with both."""
        codes = {center.lao for center in centers} - known.keys()
        found = await self._store.known_organizations(codes) if codes else {}
        return {code: stored.state for code, stored in found.items()}

    async def _leave(self, round_id: str, spool: Spool) -> None:
        """Take the centers that are gone off the round's list."""
        last = ""
        while gone := await asyncio.to_thread(spool.gone_after, last, CHUNK):
            last = gone[-1]
            for _ in range(ATTEMPTS):
                known = await self._store.known_centers(gone)
                leaving = plan_leaving(round_id, (stored.state for stored in known.values()))
                if not await self._store.write_centers(leaving, known):
                    break
            else:
                raise Conflict(round_id)


def _fate(state: Round, loss: Loss, spool: Spool, threshold: float, *, part: bool, agreed: bool) -> Gone:
    if part:
        return "part"
    if not loss.gone:
        return "none"
    if spool.nameless():
        return "held"
    if state.state == "open":
        return "refused"
    if agreed:
        return "leave" if spool.all_agreed() else "wait"
    return "wait" if needs_two(loss, threshold) else "leave"


def _note(spool: Spool, entries: Sequence[Entry], plan: RollPlan, before: dict[str, Organization]) -> None:
    rows = {entry.code: entry.row for entry in entries}
    spool.change(changes_of(plan, before, rows))
    for each in plan.refused:
        spool.reject(each.entry.row, Remark(each.field, each.value, each.reason, each.suggestion))
