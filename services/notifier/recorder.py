"""Writes what became of deliveries: all that came in the last moment, in one.

So writes are few under load, and yet a crash leaves only that handful sent but not recorded.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from services.notifier.checks import Skip, Wait
from services.notifier.domain import ENDS, Delivery, Patience
from services.notifier.outcomes import Outcome, Unsent, settle
from services.notifier.store import Store
from shared.mongo import Stored
from shared.telemetry import get_logger
from shared.telemetry.metrics import DELIVERIES

log = get_logger()

MOST_AT_ONCE = 500
RACES = 8
LONGEST_WAIT = 5.0

Result = tuple[Stored[Delivery], Outcome]


class Recorder:
    """`put` results at any time; `run` writes them until it is cancelled; `drained` waits until all are written.

    `pause` in seconds stands before each write, for other results to join it.
    """

    def __init__(self, store: Store, patience: Patience, pause: float) -> None:
        self._store, self._patience, self._pause = store, patience, pause
        self._waiting: list[Result] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, stored: Stored[Delivery], outcome: Outcome) -> None:
        """Take a result for writing."""
        self._waiting.append((stored, outcome))
        self._idle.clear()
        self._wake.set()

    async def drained(self) -> None:
        """Return when everything that was put is written."""
        await self._idle.wait()

    async def run(self) -> None:
        """Write what comes, for ever. An unanswering database is asked again; results are kept meanwhile."""
        wait = 0.1
        while True:
            await self._wake.wait()
            await asyncio.sleep(self._pause)
            batch = self._waiting[:MOST_AT_ONCE]
            try:
                await self._write(batch)
            except Exception as error:
                log.warning("notifier.sender.failed", stage="record", exc_info=error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            wait = 0.1
            del self._waiting[: len(batch)]
            if not self._waiting:
                self._wake.clear()
                self._idle.set()

    async def _write(self, batch: list[Result]) -> None:
        """Write each result, unless its delivery is no longer ours. Safe to repeat after a failure half-way."""
        now = datetime.now(UTC)
        pending = {stored.id: (stored, outcome) for stored, outcome in batch}
        lost = 0
        for _ in range(RACES):
            changes = [
                (stored, settle(stored.state, outcome, self._patience, now)) for stored, outcome in pending.values()
            ]
            missed = await self._store.save(changes, now)
            _count([after for before, after in changes if before.id not in missed])
            if not missed:
                break
            # Somebody acknowledged it or its facts changed meanwhile; or the lease ran out and it is another's now.
            fresh = await self._store.load(missed)
            ours = {
                n: (_forwarded(s, fresh[n]), _still(o))
                for n, (s, o) in pending.items()
                if n in fresh and _same(s, fresh[n])
            }
            lost += len(missed) - len(ours)
            pending = ours
        if lost:
            log.warning("notifier.deliveries.lost", deliveries=lost)


def _same(held: Stored[Delivery], found: Stored[Delivery]) -> bool:
    return held.state.lease == found.state.lease


def _forwarded(held: Stored[Delivery], found: Stored[Delivery]) -> Stored[Delivery]:
    """The delivery as it is stored now, to whom it went."""
    to = {"recipient": held.state.recipient, "path": held.state.path, "forwarded_from": held.state.forwarded_from}
    return replace(found, state=found.state.model_copy(update=to))


def _still(outcome: Outcome) -> Outcome:
    """What was sent stays sent; what was only decided is decided again, on the new facts."""
    return Unsent() if isinstance(outcome, Skip | Wait) else outcome


def _count(deliveries: list[Delivery]) -> None:
    for one in deliveries:
        if one.state in ENDS:
            DELIVERIES.labels(one.kind, one.state).inc()
    bounced = Counter(one.reason for one in deliveries if one.state == "bounced")
    if bounced:
        log.warning("notifier.deliveries.bounced", deliveries=bounced.total(), reasons=sorted(map(str, bounced)))
