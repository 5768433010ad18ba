"""Carries orders out, one after the other, whichever process took them: each is finished though its process dies."""

import asyncio
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from services.registry.tree.carrying import Carrier
from services.registry.tree.lock import TreeBusy, TreeLock
from services.registry.tree.orders import Add, Order, Refused, Remove, Touched
from services.registry.tree.rights import check_roll
from services.registry.tree.rules import check, codes_named
from services.registry.tree.store import TreeStore
from shared.failpoints import failpoint
from shared.loops import Loop
from shared.telemetry import get_logger, span
from shared.thai.calendar import in_bangkok

log = get_logger()

LOOK_EVERY_S: Final = 1.0
AT_ONCE: Final = 50
ASK_EVERY_S: Final = 0.02
ENDED: Final = frozenset({"done", "refused", "cancelled"})


class OrderOffice:
    """Looks for orders whose day has come and for those that a dead process left half-way.

    An order is checked when its turn comes, marked as begun, and then carried out to its end: no step of it is undone,
    and none is lost. One that cannot be finished for now does not keep the others waiting.
    """

    def __init__(self, store: TreeStore, carrier: Carrier, lock: TreeLock, clock: Callable[[], datetime]) -> None:
        self._store, self._carrier, self._lock, self._clock = store, carrier, lock, clock
        self.loop = Loop("orders", self.work, rest_s=LOOK_EVERY_S, quiet=(TreeBusy,))

    async def work(self) -> bool:
        """One pass over what is due; whether anything came to its end."""
        if not await self._store.orders_due(self._today(), 1):
            return False
        async with self._lock.held(within=0):
            ended = [await self._end(order) for order in await self._store.orders_due(self._today(), AT_ONCE)]
        return any(ended)

    async def settled(self, order: Order, within: float) -> Order:
        """The order as it stands when it has ended, when its day has not come, or when so many seconds are over."""
        until = time.monotonic() + within
        self.loop.nudge()
        while order.state not in ENDED and order.effective <= self._today() and time.monotonic() < until:
            await asyncio.sleep(ASK_EVERY_S)
            order = await self._store.order(order.id) or order
        return order

    async def refusal(self, order: Order) -> Refused | None:
        """Why an order cannot be carried out as things stand; None where it can."""
        nodes = await self._store.nodes(codes_named(order), centers_first=order.about != "organization")
        if isinstance(order.words, Add | Remove):
            return check_roll(order.words, await self._store.round(order.subject), order.subject, nodes)
        children = await self._store.count_children(order.subject) if order.about == "organization" else 0
        return check(order, nodes, children=children, today=self._today())

    async def _end(self, order: Order) -> bool:
        """Carry one order to its end; False where that is for another pass."""
        try:
            with span("registry.order", traceparent=order.traceparent):
                if order.state == "waiting" and not await self._begin(order):
                    return True
                touched = await self._carrier.carry_out(order)
                failpoint("registry.before_order_done")
                await self._store.change_order(order.id, lambda now: self._done(now, touched))
        except Exception as error:
            log.warning("registry.order.interrupted", order=order.id, kind=order.words.kind, exc_info=error)
            return False
        log.info(
            "registry.order.done",
            order=order.id,
            kind=order.words.kind,
            organizations=touched.organizations,
            centers=touched.centers,
            obligations=touched.obligations,
        )
        return True

    async def _begin(self, order: Order) -> bool:
        """Mark an order as begun; False where the tree does not allow it any more, or it was cancelled meanwhile."""
        refusal = await self.refusal(order)

        def begun(now: Order) -> Order:
            if now.state != "waiting":
                return now
            if refusal is None:
                return now.model_copy(update={"state": "running"})
            return now.model_copy(update={"state": "refused", "refusal": refusal, "ended_at": self._clock()})

        after = await self._store.change_order(order.id, begun)
        return after is not None and after.state == "running"

    def _done(self, order: Order, touched: Touched) -> Order:
        total = order.touched + touched
        return order.model_copy(update={"state": "done", "touched": total, "ended_at": self._clock()})

    def _today(self) -> date:
        return in_bangkok(self._clock()).date()
