"""The tree as it was on any day: each node by its own past, its path by the past of those above it."""

from datetime import date

from services.registry.domain import Center, Organization
from services.registry.tree.history import NotYet, as_of, parent_of
from services.registry.tree.orders import Order
from services.registry.tree.store import TreeStore

MOST_CENTERS = 2_000
"""Centers of one LAO that an answer about a day can hold; the largest LAOs have some dozens."""


class Times:
    """Answers about days gone by and, for orders that were carried out ahead of their day, about days to come."""

    def __init__(self, store: TreeStore) -> None:
        self._store = store

    async def organization(self, node: Organization, day: date) -> Organization | NotYet:
        """An organization as it was on a day, with its path of that day."""
        then = as_of(node, day)
        if isinstance(then, NotYet):
            return then
        return then.model_copy(update={"path": (*await self._path(then.parent, day), then.code)})

    async def center(self, center: Center, day: date) -> Center | NotYet:
        """A center as it was on a day, with its path of that day."""
        then = as_of(center, day)
        if isinstance(then, NotYet):
            return then
        return then.model_copy(update={"path": await self._path(then.lao, day)})

    async def children(self, parent: Organization, day: date) -> list[Organization]:
        """The organizations that were active right below one on a day, in Thai order."""
        path = (*await self._path(parent_of(parent), day), parent.code)
        once, _ = await self._store.once_under(parent.code)
        known = {node.code: node for node in (*await self._store.organizations_under(parent.code), *once)}
        then = [as_of(node, day) for node in known.values()]
        there = [node for node in then if not isinstance(node, NotYet) and _was_under(node, parent.code)]
        return sorted(
            (node.model_copy(update={"path": (*path, node.code)}) for node in there), key=lambda node: node.order
        )

    async def centers(self, lao: Organization, day: date) -> list[Center]:
        """The centers that were active under an LAO on a day, in Thai order."""
        path = (*await self._path(parent_of(lao), day), lao.code)
        _, once = await self._store.once_under(lao.code)
        known = {node.code: node for node in (*await self._store.centers_under(lao.code, "", MOST_CENTERS), *once)}
        then = [as_of(center, day) for center in known.values()]
        there = [center for center in then if not isinstance(center, NotYet) and _was_under(center, lao.code)]
        return sorted((center.model_copy(update={"path": path}) for center in there), key=lambda center: center.order)

    async def orders(self, node: Organization | Center) -> tuple[list[Order], dict[str, str]]:
        """The orders about a node, and the reasons of all that began one of its spans."""
        orders = await self._store.orders_of(node.code)
        changes = {span.change for span in node.past if span.change} | ({node.change} if node.change else set())
        reasons = {order.id: order.reason for order in orders}
        reasons |= await self._store.reasons(changes - set(reasons))
        return orders, reasons

    async def _path(self, code: str | None, day: date) -> tuple[str, ...]:
        chain: list[str] = []
        while code is not None:
            found = (await self._store.nodes([code], centers_first=False)).get(code)
            chain.append(code)
            if not isinstance(found, Organization):
                break
            then = as_of(found, day)
            code = found.parent if isinstance(then, NotYet) else then.parent
        return tuple(reversed(chain))


def _was_under(node: Organization | Center, parent: str) -> bool:
    return node.state == "active" and node.parent == parent
