"""Two people over one roll: a loss that is too large for one waits until another officer decides.

A request is written first, its roll stored after it, and only what is stored whole can be approved. An approval is
durable before anything is written, so that one whose process died is carried on by asking again, or by itself.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from services.registry.domain import RoundClosed
from services.registry.roll import loss
from services.registry.roll.importing import Imported, Importing, LeavesOpenRound, TooMuchLost
from services.registry.roll.loss import SAMPLE, NotStored, Outdated, RequestUnknown, RollRequest
from services.registry.roll.spool import Spool
from services.registry.roll.store import RollStore
from services.registry.roll.waiting import GoneError, WaitingRoom
from services.registry.rounds.rules import RoundUnknown
from shared.loops import Loop
from shared.mongo import AlreadyThere, Stored
from shared.security.approval import ApprovalRefusal, decide, has_expired, withdraw
from shared.security.principals import Principal
from shared.telemetry import get_logger

log = get_logger()

MOST_ASKED: Final = 1_000
"""How often one person may ask the same and be decided."""

TIDY_EVERY_S: Final = 300.0

Clock = Callable[[], datetime]
Step = RequestUnknown | ApprovalRefusal
Unfit = Step | Outdated | NotStored | LeavesOpenRound | RoundUnknown | RoundClosed


class Agreeing:
    """The steps of a request."""

    def __init__(self, rolls: RollStore, importing: Importing, room: WaitingRoom, clock: Clock) -> None:
        self._rolls, self._importing, self._room, self._clock = rolls, importing, room, clock
        self.loop = Loop("rolls", self.tidy, rest_s=TIDY_EVERY_S)

    async def prepare(self) -> None:
        """Make sure that rolls have where to wait."""
        await self._room.prepare()

    async def ask(self, round_id: str, spool: Spool, lost: TooMuchLost, by: Principal, reason: str) -> RollRequest:
        """Put a request and keep its roll. The same person's same file gets the request that stands."""
        stored = await self._standing(round_id, spool, lost, by, reason)
        if stored.state.stored:
            return stored.state
        pieces, sha256 = await self._room.put(stored.id, spool)
        kept = stored.state.model_copy(update={"stored": True, "pieces": pieces, "sha256": sha256})
        return (await self._rolls.save_request(stored, kept, self._clock())).state

    async def _standing(
        self, round_id: str, spool: Spool, lost: TooMuchLost, by: Principal, reason: str
    ) -> Stored[RollRequest]:
        content, now, verdicts = spool.content(), self._clock(), spool.verdicts()
        for number in range(MOST_ASKED):
            key = loss.request_id(round_id, lost.loss, content, by.subject, number)
            known = await self._rolls.request(key)
            if known is not None and (known.state.state != "asked" or has_expired(known.state, now)):
                continue
            if known is not None:
                return known
            request = loss.ask(
                key,
                round_id,
                lost.loss,
                by,
                reason,
                now,
                rows=sum(verdicts.values()),
                rejected=verdicts.get("rejected", 0),
                sample=tuple((one.code, one.name) for one in spool.changed("gone", SAMPLE)),
            )
            with contextlib.suppress(AlreadyThere):
                return await self._rolls.add_request(request, now)
        raise AlreadyThere(round_id)

    async def approve(self, round_id: str, request_id: str, by: Principal) -> RollRequest | Unfit:
        """Approve as a second person; the roll has taken effect when this returns. Asked again by the same person, it
        completes what a process left half done. Raises `Conflict` when another decided at the same moment.
        """
        stored = await self._of(round_id, request_id)
        if stored is None:
            return RequestUnknown()
        after = decide(stored.state, "approved", by, self._clock())
        if not isinstance(after, RollRequest):
            return after
        return await self._apply(stored, after)

    async def _apply(self, stored: Stored[RollRequest], after: RollRequest) -> RollRequest | Unfit:
        decided = stored

        async def keep() -> None:
            nonlocal decided
            if after != stored.state:
                decided = await self._rolls.save_request(stored, after, self._clock())

        if after.applied_at:
            return after
        if not after.stored or after.cleared:
            return NotStored()
        try:
            async with self._room.open(after) as spool:
                spool.agree()
                done = await self._importing.import_roll(after.round, spool, self._clock(), part=False, decided=keep)
        except GoneError:
            return NotStored()
        if isinstance(done, TooMuchLost):
            return Outdated()
        if not isinstance(done, Imported):
            return done
        applied = after.model_copy(update={"applied_at": self._clock()})
        decided = await self._rolls.save_request(decided, applied, self._clock())
        return await self._clear(decided)

    async def refuse(self, round_id: str, request_id: str, by: Principal) -> RollRequest | Step:
        """Refuse as a second person; the roll is forgotten."""
        return await self._end(round_id, request_id, lambda request: decide(request, "refused", by, self._clock()))

    async def withdraw(self, round_id: str, request_id: str, by: Principal) -> RollRequest | Step:
        """Take one's own request back; the roll is forgotten."""
        return await self._end(round_id, request_id, lambda request: withdraw(request, by, self._clock()))

    async def _end(
        self, round_id: str, request_id: str, rule: Callable[[RollRequest], RollRequest | ApprovalRefusal]
    ) -> RollRequest | Step:
        stored = await self._of(round_id, request_id)
        if stored is None:
            return RequestUnknown()
        after = rule(stored.state)
        if not isinstance(after, RollRequest):
            return after
        if after != stored.state:
            stored = await self._rolls.save_request(stored, after, self._clock())
        return await self._clear(stored)

    async def requests(self, round_id: str, after: str | None, limit: int) -> list[tuple[str, RollRequest]]:
        """The requests of a round, newest first, each with the position behind it. Raises ValueError for no such."""
        return await self._rolls.requests_of(round_id, after, limit)

    async def request(self, round_id: str, request_id: str) -> RollRequest | RequestUnknown:
        """One request of a round."""
        stored = await self._of(round_id, request_id)
        return stored.state if stored else RequestUnknown()

    @asynccontextmanager
    async def reading(self, request: RollRequest) -> AsyncIterator[Spool]:
        """What was read of the roll, while it waits. Raises `GoneError`."""
        if not request.stored or request.cleared:
            raise GoneError
        async with self._room.open(request) as spool:
            yield spool

    async def tidy(self) -> None:
        """Carry on what was approved and not applied, and forget the rolls of requests that are over."""
        for stored in await self._rolls.uncleared():
            request = stored.state
            if request.state == "approved" and request.applied_at is None and request.stored:
                done = await self._apply(stored, request)
                log.info("registry.roll.resumed", round=request.round, applied=isinstance(done, RollRequest))
                if not isinstance(done, RollRequest):  # the round went on without it
                    await self._clear(stored)
            elif request.state != "asked" or has_expired(request, self._clock()):
                await self._clear(stored)

    async def _of(self, round_id: str, request_id: str) -> Stored[RollRequest] | None:
        stored = await self._rolls.request(request_id)
        return stored if stored and stored.state.round == round_id else None

    async def _clear(self, stored: Stored[RollRequest]) -> RollRequest:
        if stored.state.cleared:
            return stored.state
        await self._room.clear(stored.state)
        cleared = stored.state.model_copy(update={"cleared": True})
        return (await self._rolls.save_request(stored, cleared, self._clock())).state
