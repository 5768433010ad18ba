"""The sweeper of deadlines: looks at every center of a round when one of its deadlines has passed or was moved.

In between it looks at nothing but returned reports, and now and then at all again: a report that its inspection refused
after the deadline is overdue too, also where the round was closed meanwhile. One process at a time, by a lease; twice
does no harm. It begins once it knows all that was told: by half of it, centers with an extension would be overdue.
"""

import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.submissions.domain import Duty, Submission, deadline_of
from services.submissions.due_store import DueStore, Owing, Watched
from services.submissions.overdue.rules import at_deadline
from services.submissions.store import Store, key_of
from shared.contracts.events import RoundChanged
from shared.loops import Loop
from shared.mongo import Leases, Stored
from shared.telemetry import get_logger

log = get_logger()

CHUNK = 500
_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Told:
    """How many centers were told something, and at how many another writer was faster."""

    told: int = 0
    overtaken: int = 0

    def __add__(self, other: "Told") -> "Told":
        return Told(self.told + other.told, self.overtaken + other.overtaken)


class DeadlineSweeper:
    """`every` seconds it asks whether a deadline passed; `again` is how long it trusts a look at all centers.

    `known` returns once rounds and obligations are as they were last told.
    """

    def __init__(
        self,
        store: Store,
        dues: DueStore,
        leases: Leases,
        *,
        every: float,
        again: timedelta,
        clock: Callable[[], datetime],
        known: Callable[[], Awaitable[object]],
    ) -> None:
        self._store, self._dues, self._leases = store, dues, leases
        self._again, self._clock = again, clock
        self._holder = f"{os.getpid()}:{os.urandom(4).hex()}"
        self.loop = Loop("deadlines", self._turn, rest_s=every, waits_for=known)

    async def _turn(self) -> None:
        now = self._clock()
        if await self._leases.take("deadlines", self._holder, now, _LEASE):
            await self.sweep(now)

    async def sweep(self, now: datetime) -> int:
        """One round. Returns how many centers it found to have become overdue, or not to be so any more."""
        changed = (await self._owed_back(now)).told
        for watched in await self._dues.watched():
            passed = last_passed(watched.round, now)
            if self._must_look(watched, passed, now):
                waited = await self._dues.undecided(watched.round.round)
                told = await self._look(watched.round, passed, now)
                changed += told.told
                if not told.overtaken:  # else it looks again at once
                    await self._dues.saw(watched, passed, now, waited=waited)
        if changed:
            log.info("submissions.deadlines.told", centers=changed)
        return changed

    def _must_look(self, watched: Watched, passed: datetime | None, now: datetime) -> bool:
        if watched.sequence != watched.seen or watched.passed != passed or watched.looked_at is None:
            return True
        changes = watched.round.state == "open" or watched.waited
        return passed is not None and changes and now >= watched.looked_at + self._again

    async def _look(self, round_: RoundChanged, passed: datetime | None, now: datetime) -> Told:
        total, after = Told(), None
        while late := await self._dues.late(round_.round, after, CHUNK):
            total += await self._settle(round_, [(key_of(round_.round, one.state.center), one) for one in late], now)
            after = late[-1].state.center
        after = None
        while passed and (owing := await self._dues.owing(round_.round, after, CHUNK)):
            total += await self._announce(round_, owing, now)
            after = owing[-1].center
        return total

    async def _announce(self, round_: RoundChanged, owing: Iterable[Owing], now: datetime) -> Told:
        grace = timedelta(minutes=round_.grace_minutes)
        over = [
            key_of(round_.round, one.center)
            for one in owing
            if now > deadline_of(round_, (*one.path, one.center)) + grace
        ]
        delivered = await self._dues.delivered(over)
        behind = [key for key in over if key not in delivered]
        known = await self._store.many(behind)
        return await self._settle(round_, [(key, known.get(key)) for key in behind], now)

    async def _owed_back(self, now: datetime) -> Told:
        total, after = Told(), None
        while found := await self._dues.owed_back(now, after, CHUNK):
            for name in {one.state.round for one in found}:
                round_ = await self._store.round(name)
                own = [(key_of(name, one.state.center), one) for one in found if one.state.round == name]
                total += await self._settle(round_, own, now) if round_ else Told()
            after = found[-1]
        return total

    async def _settle(
        self, round_: RoundChanged, standing: Iterable[tuple[str, Stored[Submission] | None]], now: datetime
    ) -> Told:
        """Ask the rule about each and write what it says."""
        submissions = dict(standing)
        owed = await self._dues.owed(submissions.keys())
        changes = []
        for key, stored in submissions.items():
            path = owed.get(key, stored.state.path if stored else ())
            duty = Duty(round=round_, center=key.partition("/")[2], path=path, owed=key in owed)
            if change := at_deadline(stored.state if stored else None, duty, now):
                changes.append((key, stored, change))
        overtaken = len(await self._dues.write(changes, now)) if changes else 0
        return Told(len(changes) - overtaken, overtaken)


def last_passed(round_: RoundChanged, now: datetime) -> datetime | None:
    """The last of the round's deadlines, grace included, that has passed."""
    grace = timedelta(minutes=round_.grace_minutes)
    moments = (one + grace for one in (round_.deadline, *(each.deadline for each in round_.extensions)))
    return max((one for one in moments if one < now), default=None)
