"""What centers owe when an order closes them, merges them, or changes a round's roll after its opening."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from services.registry.domain import Center, Obligation, ObligationCause, Round, follow, owe, release
from services.registry.rounds.keeping import RoundKeeper
from services.registry.tree.orders import Order, Touched
from services.registry.tree.rules import closed
from services.registry.tree.store import TreeStore
from shared.failpoints import failpoint

NOTHING: Final = Touched()


class Duties:
    """Moves the rolls and the obligations of single centers. Each method may be taken again after a crash."""

    def __init__(self, store: TreeStore, keeper: RoundKeeper, clock: Callable[[], datetime]) -> None:
        self._store, self._keeper, self._clock = store, keeper, clock

    async def retire(self, order: Order, code: str, successor: str | None) -> Touched:
        """Close a center, take it off the rolls of rounds that run, and release what it owes there.

        Off the rolls first, in the same write that closes it: nothing lays a new obligation on it from then on.
        """
        live = await self._store.live_rounds()
        running = {one.round for one in live}

        def retired(center: Center) -> Center:
            if center.change == order.id:
                return center
            kept = tuple(name for name in center.rounds if name not in running)
            return closed(center.model_copy(update={"rounds": kept}), successor, order)

        touched = Touched(centers=await self._store.change_centers([code], retired))
        failpoint("registry.after_move_batch")
        for each in live:
            touched += await self._release(each, code, successor, "merged" if successor else "closed")
            await self._keeper.recount(each.round)
        return touched

    async def _release(self, state: Round, code: str, successor: str | None, cause: ObligationCause) -> Touched:
        now = self._clock()
        known = (await self._store.obligations(state.round, [code])).get(code)
        if known is None or not known.owed:
            return NOTHING
        owed = 0
        if successor is not None:
            heir = await self.center(successor)
            owed = await self._store.change_obligations(
                state.round, {successor: _owing(state.round, heir, now, "merged")}
            )
        released = await self._store.change_obligations(state.round, {code: _released(successor, now, cause)})
        return Touched(obligations=owed + released)

    async def enlist(self, codes: Sequence[str], rounds: Sequence[str]) -> Touched:
        """Put centers on the rolls of rounds."""

        def listed(center: Center) -> Center:
            return center.model_copy(update={"rounds": tuple(sorted({*center.rounds, *rounds}))})

        return Touched(centers=await self._store.change_centers(codes, listed))

    async def add(self, order: Order, codes: Sequence[str]) -> Touched:
        """Centers join the roll of an open round, and owe."""
        now, round_id = self._clock(), order.subject
        touched = await self.enlist(codes, [round_id])
        failpoint("registry.after_move_batch")
        centers = await self._store.nodes(codes, centers_first=True)
        steps = {
            code: _owing(round_id, center, now, "added")
            for code, center in centers.items()
            if isinstance(center, Center) and center.state == "active"
        }
        touched += Touched(obligations=await self._store.change_obligations(round_id, steps))
        await self._keeper.recount(round_id)
        return touched

    async def remove(self, order: Order, codes: Sequence[str]) -> Touched:
        """Centers leave the roll of an open round, and owe nothing any more."""
        now, round_id = self._clock(), order.subject

        def off(center: Center) -> Center:
            kept = tuple(name for name in center.rounds if name != round_id)
            return center.model_copy(update={"rounds": kept})

        touched = Touched(centers=await self._store.change_centers(codes, off))
        failpoint("registry.after_move_batch")
        steps = {code: _released(None, now, "removed") for code in codes}
        touched += Touched(obligations=await self._store.change_obligations(round_id, steps))
        await self._keeper.recount(round_id)
        return touched

    async def center(self, code: str) -> Center:
        """A center that is there."""
        found = (await self._store.nodes([code], centers_first=True))[code]
        assert isinstance(found, Center), code
        return found


def _owing(
    round_id: str, center: Center, now: datetime, cause: ObligationCause
) -> Callable[[Obligation | None], Obligation | None]:
    return lambda known: follow(known, center, now, cause) if known else owe(center, round_id, now, cause)


def _released(
    successor: str | None, now: datetime, cause: ObligationCause
) -> Callable[[Obligation | None], Obligation | None]:
    return lambda known: release(known, successor, now, cause) if known else None
