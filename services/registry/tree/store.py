"""Every query on orders, and on the tree as orders change it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar

from services.registry.announcing import center_changed, organization_changed
from services.registry.domain import Center, Node, Obligation, Organization, Round
from services.registry.store import RegistryStore
from services.registry.tree.orders import Order
from shared.mongo import ASCENDING, DESCENDING, Aggregates, AlreadyThere, Conflict, Document, Mongo, NewEvent, Outbox
from shared.mongo.aggregates import Announcer
from shared.mongo.trail import AuditTrail

N = TypeVar("N", bound=Node)

ATTEMPTS = 8
"""How often to load, decide and write again before giving way to other writers."""
LIVE = ("draft", "open")
"""The states of rounds that follow the tree. A closed round is a record, and stays as it was."""


class TreeStore:
    """Orders, the registry's audit trail, and the parts of the tree that an order reads and writes."""

    def __init__(
        self, registry: RegistryStore, mongo: Mongo, announcer: Announcer, clock: Callable[[], datetime]
    ) -> None:
        self._registry, self._clock = registry, clock
        self._orders = Aggregates(mongo.documents("orders"), Order, announcer)
        self.trail = AuditTrail(mongo, announcer)

    @property
    def outboxes(self) -> Sequence[Outbox]:
        """What a sweeper looks after."""
        return [self.trail.outbox]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self.trail.prepare()
        await self._orders.prepare()
        orders = self._orders.documents
        await orders.index([("state", ASCENDING), ("effective", ASCENDING), ("ordered_at", ASCENDING)], name="due")
        await orders.index([("subject", ASCENDING), ("ordered_at", ASCENDING)], name="of_subject")
        await orders.index([("path", ASCENDING), ("ordered_at", DESCENDING), ("_id", ASCENDING)], name="within")
        organizations, centers = self._registry.organizations.documents, self._registry.centers.documents
        await organizations.index([("past.parent", ASCENDING)], name="once_under")
        await centers.index([("past.parent", ASCENDING)], name="once_under")
        await centers.index([("lao", ASCENDING), ("_id", ASCENDING)], name="of_lao")
        await self._registry.rounds.documents.index([("state", ASCENDING)], name="state")

    # orders

    async def order(self, order_id: str) -> Order | None:
        """The order with this id."""
        stored = await self._orders.load(order_id)
        return stored.state if stored else None

    async def last_order(self, subject: str) -> Order | None:
        """The order that was last given about a node or a round and not dropped."""
        found = await self._orders.documents.one(
            {"subject": subject, "state": {"$in": ["waiting", "running", "done"]}}, sort=[("ordered_at", DESCENDING)]
        )
        return self._orders.read(found).state if found else None

    async def add_order(self, order: Order) -> Order:
        """Write a new order; the same one given before is returned as it stands."""
        try:
            await self._orders.create(order.id, order, [], self._clock())
        except AlreadyThere:
            return await self.order(order.id) or order
        return order

    async def change_order(self, order_id: str, step: Callable[[Order], Order]) -> Order | None:
        """Write what `step` makes of an order; None when there is none. Raises `Conflict`."""
        for _ in range(ATTEMPTS):
            stored = await self._orders.load(order_id)
            if stored is None:
                return None
            after = step(stored.state)
            if after == stored.state:
                return after
            try:
                await self._orders.save(stored, after, [], self._clock())
            except Conflict:
                continue
            return after
        raise Conflict(order_id)

    async def orders_due(self, today: date, limit: int) -> list[Order]:
        """Orders to carry out: those begun first, then those whose day has come, each in the order they were given."""
        sort = [("effective", ASCENDING), ("ordered_at", ASCENDING)]
        begun = await self._orders.documents.find({"state": "running"}, sort=sort, limit=limit)
        waiting = await self._orders.documents.find(
            {"state": "waiting", "effective": {"$lte": today.isoformat()}}, sort=sort, limit=limit
        )
        return [self._orders.read(found).state for found in (*begun, *waiting)][:limit]

    async def orders_within(self, within: str, after: str | None, limit: int) -> list[tuple[str, Order]]:
        """Orders about what hangs under an organization, the newest first, behind a position an earlier answer gave."""
        query: Document = {"path": within}
        if after is not None:
            at, _, last = after.partition("|")
            moment = datetime.fromisoformat(at)
            query["$or"] = [{"ordered_at": {"$lt": moment}}, {"ordered_at": moment, "_id": {"$gt": last}}]
        found = await self._orders.documents.find(
            query, sort=[("ordered_at", DESCENDING), ("_id", ASCENDING)], limit=limit
        )
        orders = [self._orders.read(document).state for document in found]
        return [(f"{order.ordered_at.isoformat()}|{order.id}", order) for order in orders]

    async def orders_of(self, subject: str) -> list[Order]:
        """Every order about one node or round, oldest first."""
        found = await self._orders.documents.find({"subject": subject}, sort=[("ordered_at", ASCENDING)], limit=500)
        return [self._orders.read(document).state for document in found]

    async def reasons(self, orders: Iterable[str]) -> dict[str, str]:
        """Why these orders were given, by id."""
        found = await self._orders.load_many(orders)
        return {order_id: stored.state.reason for order_id, stored in found.items()}

    # nodes

    async def nodes(self, codes: Iterable[str], *, centers_first: bool) -> dict[str, Organization | Center]:
        """Those of the nodes that exist. Of a center and an organization with one code, the kind that is asked for."""
        wanted = list(codes)
        organizations = {code: one.state for code, one in (await self._registry.known_organizations(wanted)).items()}
        centers = {code: one.state for code, one in (await self._registry.known_centers(wanted)).items()}
        return {**organizations, **centers} if centers_first else {**centers, **organizations}

    async def organizations_under(self, parent: str) -> list[Organization]:
        """The organizations right below one: at most some dozens, closed ones too."""
        found = await self._registry.organizations.documents.find({"parent": parent})
        return [self._registry.organizations.read(document).state for document in found]

    async def centers_under(self, lao: str, after: str, limit: int) -> list[Center]:
        """The centers of an LAO by code, behind `after`; closed ones too."""
        found = await self._registry.centers.documents.find(
            {"lao": lao, "_id": {"$gt": after}}, sort=[("_id", ASCENDING)], limit=limit
        )
        return [self._registry.centers.read(document).state for document in found]

    async def once_under(self, parent: str) -> tuple[list[Organization], list[Center]]:
        """The nodes that hung right below an organization before, wherever they hang now."""
        query = {"past.parent": parent}
        organizations = await self._registry.organizations.documents.find(query)
        centers = await self._registry.centers.documents.find(query)
        return (
            [self._registry.organizations.read(document).state for document in organizations],
            [self._registry.centers.read(document).state for document in centers],
        )

    async def count_children(self, code: str) -> int:
        """How many active nodes hang right below an organization."""
        organizations = await self._registry.organizations.documents.count({"parent": code, "state": "active"})
        return organizations + await self._registry.centers.documents.count({"lao": code, "state": "active"})

    async def add_organization(self, node: Organization) -> bool:
        """Write a new organization; False when its code is taken."""
        new = [(node.code, node, [NewEvent(node.code, organization_changed(node))])]
        return not await self._registry.organizations.create_many(new, self._clock())

    async def add_center(self, center: Center) -> bool:
        """Write a new center; False when its code is taken."""
        new = [(center.code, center, [NewEvent(center.code, center_changed(center))])]
        return not await self._registry.centers.create_many(new, self._clock())

    async def change_organizations(self, codes: Iterable[str], step: Callable[[Organization], Organization]) -> int:
        """Write what `step` makes of each organization, and announce it; how many changed. Raises `Conflict`."""
        return await _change(
            self._registry.organizations,
            codes,
            step,
            lambda before, after: _news(after.code, organization_changed(before), organization_changed(after)),
            self._clock,
        )

    async def change_centers(self, codes: Iterable[str], step: Callable[[Center], Center]) -> int:
        """Write what `step` makes of each center, and announce what the world can see of it; how many changed."""
        return await _change(
            self._registry.centers,
            codes,
            step,
            lambda before, after: _news(after.code, center_changed(before), center_changed(after)),
            self._clock,
        )

    # rounds

    async def round(self, round_id: str) -> Round | None:
        """The round with this id."""
        stored = await self._registry.round(round_id)
        return stored.state if stored else None

    async def live_rounds(self) -> list[Round]:
        """The rounds that follow the tree: drafts and open ones."""
        found = await self._registry.rounds.documents.find({"state": {"$in": list(LIVE)}})
        return [self._registry.rounds.read(document).state for document in found]

    async def obligations(self, round_id: str, centers: Iterable[str]) -> dict[str, Obligation]:
        """The obligations of these centers in a round, by center."""
        found = await self._registry.obligations_of(round_id, centers)
        return {center: stored.state for center, stored in found.items()}

    async def change_obligations(
        self, round_id: str, wanted: Mapping[str, Callable[[Obligation | None], Obligation | None]]
    ) -> int:
        """Write what each center's step makes of its obligation (None: there is none), and announce it; how many."""
        todo, changed = dict(wanted), 0
        for _ in range(ATTEMPTS):
            known = await self._registry.obligations_of(round_id, todo)
            batch = []
            for center, step in todo.items():
                stored = known.get(center)
                after = step(stored.state if stored else None)
                if after is not None and (stored is None or after != stored.state):
                    batch.append((stored, after))
            missed = await self._registry.write_obligations(batch) if batch else set()
            changed += len(batch) - len(missed)
            todo = {after.center: todo[after.center] for _, after in batch if after.key in missed}
            if not todo:
                return changed
        raise Conflict(round_id)


def _news(code: str, before: object, after: object) -> list[NewEvent]:
    return [] if before == after else [NewEvent(code, after)]  # type: ignore[arg-type]


async def _change(
    aggregates: Aggregates[N],
    codes: Iterable[str],
    step: Callable[[N], N],
    events: Callable[[N, N], list[NewEvent]],
    clock: Callable[[], datetime],
) -> int:
    todo, changed = set(codes), 0
    for _ in range(ATTEMPTS):
        stored = await aggregates.load_many(todo)
        pairs = [(one, step(one.state)) for one in stored.values()]
        batch = [(one, after, events(one.state, after)) for one, after in pairs if after != one.state]
        todo = await aggregates.save_many(batch, clock()) if batch else set()
        changed += len(batch) - len(todo)
        if not todo:
            return changed
    raise Conflict(sorted(todo)[0])
