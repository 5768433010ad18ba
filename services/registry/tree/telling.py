"""Days gone by over HTTP: what a node was, what hung under it, and its history."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import Field

from services.registry.domain import Center, Organization
from services.registry.reading.filters import Filter
from services.registry.reading.listing import Lists
from services.registry.reading.scope import Scope
from services.registry.reading.views import Paging
from services.registry.store import RegistryStore
from services.registry.tree import problems
from services.registry.tree.history import NotYet, ends
from services.registry.tree.times import Times
from services.registry.tree.views import HistoryView
from services.registry.views import CenterView, OrganizationView
from shared.http import Page, Router, requires
from shared.http.paging import read_cursor, write_cursor
from shared.http.problems import BAD_CURSOR
from shared.security.principals import Principal

Anybody = Annotated[Principal, Depends(requires())]
AsOf = Annotated[date | None, Query(description="a day; today's state without it")]
Code = Annotated[str, Path(max_length=64)]


class CentersOfDay(Paging):
    """Which page, and of which day."""

    as_of: date | None = Field(None, description="a day; today's state without it")


class Telling:
    """Answers with a node as it is, or as it was on a day. Addresses and coordinates are today's."""

    def __init__(self, times: Times) -> None:
        self._times = times

    async def organization(self, node: Organization, day: date | None) -> OrganizationView:
        """Raises the 404 problem for a day before its first."""
        if day is None:
            return OrganizationView.of(node)
        then = await self._times.organization(node, day)
        if isinstance(then, NotYet):
            raise problems.of_day(then)
        return OrganizationView.of(then, ends(node, day))

    async def center(self, center: Center, day: date | None) -> CenterView:
        """Raises the 404 problem for a day before its first."""
        if day is None:
            return CenterView.of(center)
        then = await self._times.center(center, day)
        if isinstance(then, NotYet):
            raise problems.of_day(then)
        return CenterView.of(then, ends(center, day))

    async def children(self, parent: Organization, day: date) -> list[OrganizationView]:
        """The organizations that were active right below one on a day."""
        return [OrganizationView.of(node) for node in await self._times.children(parent, day)]


def router(store: RegistryStore, times: Times) -> Router:
    """Histories, and the centers of an LAO on a day."""
    routes = Router(prefix="/v1", tags=["tree"])
    scope, lists = Scope(store), Lists(store.center_lists)

    @routes.get("/organizations/{code}/history")
    async def organization_history(code: Code, who: Anybody) -> HistoryView:
        """All that an organization was, and the orders about it."""
        node = (await scope.organization(who, code, "path.code")).state
        return HistoryView.of(node, *await times.orders(node))

    @routes.get("/organizations/{code}/centers")
    async def centers(code: Code, page: Annotated[CentersOfDay, Query()], who: Anybody) -> Page[CenterView]:
        """The active centers right below an LAO, today or on a day, in Thai order."""
        node = (await scope.organization(who, code, "path.code")).state
        if page.as_of is not None:
            return _of_day(await times.centers(node, page.as_of), page.as_of, page.cursor, page.limit)
        if node.kind != "lao":
            return Page(items=[])
        found = await lists.page(Filter(code, state="active"), page.cursor, page.limit)
        return Page(items=[CenterView.of(Center.model_validate(row.document)) for row in found.rows], next=found.next)

    @routes.get("/centers/{code}/history")
    async def center_history(code: Code, who: Anybody) -> HistoryView:
        """All that a center was, and the orders about it."""
        center = (await scope.center(who, code)).state
        return HistoryView.of(center, *await times.orders(center))

    return routes


def _of_day(centers: Sequence[Center], day: date, cursor: str | None, limit: int) -> Page[CenterView]:
    """A page of those of a day gone by, which stay what they were."""
    of, _, last = ("", "", "") if cursor is None else read_cursor(cursor).partition("|")
    if cursor is not None and of != day.isoformat():
        raise BAD_CURSOR.problem(where="query.cursor")
    behind = [center for center in centers if center.order > last]
    shown = behind[:limit]
    return Page(
        items=[CenterView.of(center) for center in shown],
        next=write_cursor(f"{day.isoformat()}|{shown[-1].order}") if len(behind) > limit else None,
    )
