"""Orders over HTTP: parse, authorise, have it carried out, answer with the order."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Response, status

from services.registry.reading.scope import Scope
from services.registry.rounds.problems import DATE_UNREADABLE
from services.registry.tree import orders, problems
from services.registry.tree.desk import OrderDesk, may_read
from services.registry.tree.orders import About, Order, Words
from services.registry.tree.store import TreeStore
from services.registry.tree.views import (
    Closing,
    Merging,
    MovingCenter,
    MovingOrganization,
    NewCenter,
    NewOrganization,
    OrderBody,
    OrderView,
    Renaming,
    RollChange,
    Splitting,
)
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import BAD_CURSOR, CONFLICT, OUT_OF_SCOPE
from shared.mongo import Conflict
from shared.security.principals import Principal, Role
from shared.thai.calendar import in_bangkok
from shared.thai.dates import DateReadingError, parse_date
from shared.thai.text import normalise

Clock = Callable[[], datetime]
Orderer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.PROVINCE))]
Keeper = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
Anybody = Annotated[Principal, Depends(requires())]
Subject = Annotated[str, Path(alias="code", max_length=64)]
InRound = Annotated[str, Path(alias="round", max_length=64)]


class Counter:
    """Takes orders over the counter: each route hands its words in here."""

    def __init__(self, desk: OrderDesk, clock: Clock) -> None:
        self._desk, self._clock = desk, clock

    async def give(
        self, about: About, subject: str, words: Words, body: OrderBody, by: Principal, response: Response
    ) -> OrderView:
        """Give an order; 200 when it is carried out, 202 while it waits or runs."""
        try:
            order = await self._desk.give(about, subject, words, self._day(body), normalise(body.reason).text, by)
        except Conflict:
            raise CONFLICT.problem(where="path") from None
        if not isinstance(order, Order):
            opens = isinstance(words, orders.OpenOrganization | orders.OpenCenter)
            raise problems.of_order(order, None if opens else subject, center=about == "center")
        if order.state != "done":
            response.status_code = status.HTTP_202_ACCEPTED
        return OrderView.of(order)

    def _day(self, body: OrderBody) -> date:
        if body.effective is None:
            return in_bangkok(self._clock()).date()
        try:
            return parse_date(body.effective)
        except DateReadingError as wrong:
            raise DATE_UNREADABLE.problem(wrong.thai, wrong.english, where="body.effective") from None


def routers(desk: OrderDesk, store: TreeStore, scope: Scope, clock: Clock) -> list[Router]:
    """Everything that changes the tree, and the orders themselves."""
    counter = Counter(desk, clock)
    return [_organizations(counter), _centers(counter), _rolls(counter), _orders(desk, store, scope)]


def _organizations(counter: Counter) -> Router:
    router = Router(prefix="/v1/organizations", tags=["tree orders"])

    @router.post("")
    async def open_organization(body: NewOrganization, by: Keeper, response: Response) -> OrderView:
        """A new province, district or LAO."""
        words = orders.OpenOrganization(level=body.kind, name=_name(body.name), parent=body.parent, email=body.email)
        return await counter.give("organization", body.code, words, body, by, response)

    @router.post("/{code}/rename")
    async def rename(code: Subject, body: Renaming, by: Orderer, response: Response) -> OrderView:
        """Another name for an organization."""
        return await counter.give("organization", code, orders.Rename(name=_name(body.name)), body, by, response)

    @router.post("/{code}/move")
    async def move(code: Subject, body: MovingOrganization, by: Orderer, response: Response) -> OrderView:
        """Another parent for an organization; all below goes with it."""
        return await counter.give("organization", code, orders.Move(to=body.parent), body, by, response)

    @router.post("/{code}/merge")
    async def merge(code: Subject, body: Merging, by: Orderer, response: Response) -> OrderView:
        """Other organizations are closed and carried on by this one."""
        return await counter.give("organization", code, _merge(body), body, by, response)

    @router.post("/{code}/split")
    async def split(code: Subject, body: Splitting, by: Orderer, response: Response) -> OrderView:
        """A new organization beside this one takes over some of its children."""
        children = tuple(sorted(set(body.children)))
        words = orders.Split(code=body.code, name=_name(body.name), email=body.email, children=children)
        return await counter.give("organization", code, words, body, by, response)

    @router.post("/{code}/close")
    async def close(code: Subject, body: Closing, by: Orderer, response: Response) -> OrderView:
        """An organization with nothing under it ends."""
        return await counter.give("organization", code, orders.Close(), body, by, response)

    return router


def _centers(counter: Counter) -> Router:
    router = Router(prefix="/v1/centers", tags=["tree orders"])

    @router.post("")
    async def open_center(body: NewCenter, by: Orderer, response: Response) -> OrderView:
        """A new center under an LAO; it is on no roll yet."""
        said = body.model_dump(exclude={"code", "effective", "reason", "name"})
        words = orders.OpenCenter(name=_name(body.name), **said)
        return await counter.give("center", body.code, words, body, by, response)

    @router.post("/{code}/rename")
    async def rename(code: Subject, body: Renaming, by: Orderer, response: Response) -> OrderView:
        """Another name for a center."""
        return await counter.give("center", code, orders.Rename(name=_name(body.name)), body, by, response)

    @router.post("/{code}/move")
    async def move(code: Subject, body: MovingCenter, by: Orderer, response: Response) -> OrderView:
        """Another LAO for a center."""
        return await counter.give("center", code, orders.Move(to=body.lao), body, by, response)

    @router.post("/{code}/merge")
    async def merge(code: Subject, body: Merging, by: Orderer, response: Response) -> OrderView:
        """Other centers are closed; what they owed, held and sent is this one's."""
        return await counter.give("center", code, _merge(body), body, by, response)

    @router.post("/{code}/close")
    async def close(code: Subject, body: Closing, by: Orderer, response: Response) -> OrderView:
        """A center ends; it owes nothing any more in rounds that run."""
        return await counter.give("center", code, orders.Close(), body, by, response)

    return router


def _rolls(counter: Counter) -> Router:
    router = Router(prefix="/v1/rounds", tags=["rounds"])

    @router.post("/{round}/additions")
    async def add(round_id: InRound, body: RollChange, by: Keeper, response: Response) -> OrderView:
        """Centers join the roll of a round that is open, and owe its report."""
        words = orders.Add(centers=tuple(sorted(set(body.centers))))
        return await counter.give("round", round_id, words, body, by, response)

    @router.post("/{round}/removals")
    async def remove(round_id: InRound, body: RollChange, by: Keeper, response: Response) -> OrderView:
        """Centers leave the roll of a round that is open; what they owed is released."""
        words = orders.Remove(centers=tuple(sorted(set(body.centers))))
        return await counter.give("round", round_id, words, body, by, response)

    return router


def _orders(desk: OrderDesk, store: TreeStore, scope: Scope) -> Router:
    router = Router(prefix="/v1/orders", tags=["tree orders"])

    @router.get("")
    async def read_all(
        page: Annotated[PageQuery, Depends()],
        who: Anybody,
        within: Annotated[str | None, Query(max_length=64, description="code of an organization")] = None,
    ) -> Page[OrderView]:
        """Orders about what hung under an organization, the newest first; without one, all in sight."""
        root = await scope.root(who, within)
        try:
            found = await store.orders_within(root, page.after(), page.limit + 1)
        except ValueError:  # a cursor that is well made but not of this list
            raise BAD_CURSOR.problem(where="query.cursor") from None
        shown = found[: page.limit]
        return Page(
            items=[OrderView.of(order) for _, order in shown],
            next=write_cursor(shown[-1][0]) if len(found) > page.limit else None,
        )

    @router.get("/{id}")
    async def read(order_id: Annotated[str, Path(alias="id", max_length=64)], who: Anybody) -> OrderView:
        """One order, and how far it has come."""
        return OrderView.of(await _visible(store, order_id, who))

    @router.post("/{id}/cancel")
    async def cancel(order_id: Annotated[str, Path(alias="id", max_length=64)], who: Orderer) -> OrderView:
        """Drop an order whose day has not come."""
        order = await _visible(store, order_id, who)
        if order.org != who.org and who.role is Role.PROVINCE:
            raise OUT_OF_SCOPE.problem(where="path.id")
        after = await desk.cancel(order, who)
        if after is None or after.state != "cancelled":
            raise problems.ORDER_BEGUN.problem(where="path.id")
        return OrderView.of(after)

    return router


async def _visible(store: TreeStore, order_id: str, who: Principal) -> Order:
    order = await store.order(order_id)
    if order is None or not may_read(who, order):
        raise problems.ORDER_UNKNOWN.problem(where="path.id")
    return order


def _merge(body: Merging) -> orders.Merge:
    return orders.Merge(sources=tuple(sorted(set(body.sources))))


def _name(text: str) -> str:
    return normalise(text).text
