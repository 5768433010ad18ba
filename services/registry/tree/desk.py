"""Where orders are given: each is checked, entered in the audit trail, written, and as a rule carried out at once."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from services.registry.domain import Center, Organization
from services.registry.tree.office import OrderOffice
from services.registry.tree.orders import About, Add, Order, Refused, Remove, Words, given, same_words
from services.registry.tree.rights import already, may_order
from services.registry.tree.rules import Nodes, codes_named
from services.registry.tree.store import TreeStore
from shared.security.audit import Deed
from shared.security.principals import Principal
from shared.security.scope import DEPARTMENT_CODE, may_see
from shared.telemetry import current_traceparent

PATIENCE_S: Final = 5.0
"""How long an answer waits for its order to be carried out; a large one goes on afterwards."""


class OrderDesk:
    """Takes orders. The same order again, while what it says still holds, is answered with the order that stands."""

    def __init__(self, store: TreeStore, office: OrderOffice, clock: Callable[[], datetime]) -> None:
        self._store, self._office, self._clock = store, office, clock

    async def give(
        self, about: About, subject: str, words: Words, effective: date, reason: str, by: Principal
    ) -> Order | Refused:
        """Have an order carried out, or know why not. Durable when it returns. Raises `Conflict`."""
        last = await self._store.last_order(subject)
        now = self._clock()
        order = given(
            about,
            subject,
            words,
            effective=effective,
            reason=reason,
            path=(DEPARTMENT_CODE,),
            by=by,
            before=last.id if last else None,
            now=now,
            traceparent=current_traceparent(),
        )
        nodes = await self._store.nodes(codes_named(order), centers_first=about != "organization")
        if not may_order(by, about, words, list(nodes.values())):
            await self._enter(order, by, "outside")
            return Refused(fault="outside", code=subject)
        if last and same_words(last, subject, words, effective) and _stands(last, nodes):
            return await self._office.settled(last, PATIENCE_S)
        if refusal := await self._office.refusal(order):
            await self._enter(order, by, refusal.fault)
            return refusal
        order = order.model_copy(update={"path": _path(order, nodes)})
        await self._enter(order, by, None)
        order = await self._office.settled(await self._store.add_order(order), PATIENCE_S)
        return order.refusal if order.state == "refused" and order.refusal else order

    async def cancel(self, order: Order, by: Principal) -> Order | None:
        """Drop an order whose day has not come. Returns it as it stands then: one that was begun goes on."""
        await self._enter(order, by, None, "cancel")

        def dropped(now: Order) -> Order:
            if now.state != "waiting":
                return now
            return now.model_copy(update={"state": "cancelled", "ended_at": self._clock()})

        return await self._store.change_order(order.id, dropped)

    async def _enter(self, order: Order, by: Principal, fault: str | None, step: str = "order") -> None:
        """The order's words and reason stand in the order itself; the trail refers to it."""
        deed = Deed(
            actor=by.subject,
            role=by.role.value,
            action=f"tree.{order.words.kind}" if step == "order" else f"tree.{step}",
            subject=f"{order.about}/{order.subject}",
            outcome="refused" if fault else "allowed",
            detail=f"{order.id} {fault}" if fault else order.id,
        )
        await self._store.trail.enter(f"registry/{deed.subject}", deed, self._clock())


def may_read(by: Principal, order: Order) -> bool:
    """Whether a person may read an order: whoever stands above its subject, or is its subject."""
    return may_see(by, order.path, order.subject if order.about == "center" else None)


def _path(order: Order, nodes: Nodes) -> tuple[str, ...]:
    if order.about == "round":
        return (DEPARTMENT_CODE,)
    subject = nodes.get(order.subject)
    if subject is not None:
        return subject.path
    above = next((node for node in nodes.values() if isinstance(node, Organization)), None)
    if above is None:
        return (DEPARTMENT_CODE,)
    return above.path if order.about == "center" else (*above.path, order.subject)


def _stands(order: Order, nodes: Nodes) -> bool:
    """Whether what an order said is under way, or still so."""
    if order.state in {"waiting", "running"}:
        return True
    if isinstance(order.words, Add | Remove):
        words = order.words
        return all(code in nodes and already(words, nodes[code], order.subject) for code in words.centers)
    names = (nodes.get(code) for code in codes_named(order))
    return any(isinstance(node, Organization | Center) and node.change == order.id for node in names)
