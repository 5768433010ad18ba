"""Carries submissions along when the registry merges centers or moves them, and again when something happens to them.

Each step is one write of one submission and says nothing new when it is repeated: first the closed center's, then its
survivor's, then that one's survivor's. What a crash leaves half done, the event, delivered again, finishes.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from services.submissions.carrying.rules import follow, give_up, hand_over, take_back, take_over
from services.submissions.domain import Submission
from services.submissions.store import LONGEST_CHAIN, Obligation, Store, key_of
from services.submissions.uploading.sending import Change
from shared.bus import Batch
from shared.contracts.events import (
    ObligationChanged,
    ReportAccepted,
    ReportCarried,
    ReportReceived,
    ReportRejected,
    ReportReturned,
    ReviewAccepted,
)

_TOUCHING = (ReportReceived, ReportAccepted, ReportRejected, ReportReturned, ReviewAccepted, ReportCarried)


class Carrier:
    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def __call__(self, batch: Batch) -> None:
        """Bring the submissions that a batch is about to where they belong."""
        changed = batch.of(ObligationChanged)
        # What this group reads, the projections may not have yet.
        await self._store.know_obligations((e.envelope.key, e.envelope.sequence, e.data) for e in changed)
        keys = {e.envelope.key for e in changed} | {
            key_of(e.data.round, e.data.center) for e in batch.events if isinstance(e.data, _TOUCHING)
        }
        traces = {e.envelope.key: e.envelope.traceparent for e in batch.events}
        stored = await self._store.many(keys)
        obligations = await self._store.obligations_of(stored.keys())
        for key, one in stored.items():
            if obligation := obligations.get(key):
                await self._settle(one.state, obligation, traces.get(key))

    async def _settle(self, submission: Submission, obligation: Obligation, trace: str | None) -> None:
        now = self._clock()
        if obligation.successor is not None and obligation.successor != submission.center:
            await self._carry(submission, obligation.successor, now, trace)
        elif submission.successor is not None:
            await self._undo(submission, obligation.path, now, trace)
        elif submission.path != obligation.path:
            # Itself last: what a crash leaves half done must look undone.
            await self._take_along(submission, obligation.path, trace)
            await self._write(submission.round, submission.center, partial(follow, path=obligation.path), trace)

    async def _take_along(self, submission: Submission, path: tuple[str, ...], trace: str | None) -> None:
        """What merges before had carried to it goes under the same offices."""
        for one in submission.carried:
            await self._write(submission.round, one.center, partial(_along, path=path), trace)

    async def _carry(self, origin: Submission, successor: str, now: datetime, trace: str | None) -> None:
        if origin.successor not in {None, successor}:
            await self._undo(origin, origin.path, now, trace)
        for _ in range(LONGEST_CHAIN):
            path = await self._path(origin, successor)
            over = partial(hand_over, successor=successor, path=path, now=now)
            origin = await self._write(origin.round, origin.center, over, trace) or origin
            await self._take_along(origin, path, trace)
            take = partial(take_over, center=successor, path=path, origin=origin, now=now)
            survivor = await self._write(origin.round, successor, take, trace)
            if survivor is None or survivor.successor is None:
                return
            origin, successor = survivor, survivor.successor

    async def _undo(self, origin: Submission, path: tuple[str, ...], now: datetime, trace: str | None) -> None:
        at = origin.successor
        for _ in range(LONGEST_CHAIN):
            if at is None:
                break
            survivor = await self._write(origin.round, at, partial(give_up, origin=origin, now=now), trace)
            at = survivor.successor if survivor else None
        await self._take_along(origin, path, trace)
        await self._write(origin.round, origin.center, partial(take_back, path=path, now=now), trace)

    async def _path(self, origin: Submission, successor: str) -> tuple[str, ...]:
        """The offices over the last survivor; while nothing is known of it, those over the closed center."""
        _, path = await self._store.survivors(origin.round, successor)
        return path or origin.path

    async def _write(
        self, round_: str, center: str, rule: Callable[[Submission | None], Change | None], trace: str | None
    ) -> Submission | None:
        """Write what a rule says; the submission as it stands afterwards, if there is one."""

        def change(current: Submission | None) -> Change | None:
            return rule(current) or (Change(current) if current else None)

        return await self._store.write(key_of(round_, center), change, traceparent=trace)


def _along(submission: Submission | None, *, path: tuple[str, ...]) -> Change | None:
    """As `follow`, unless its merge was undone meanwhile."""
    return follow(submission, path=path) if submission and submission.successor else None
