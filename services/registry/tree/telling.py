"""Days gone by over HTTP: what a node was, what hung under it, and its history."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Path, Query

from services.registry.domain import Center, Organization
from services.registry.reading.scope import Scope
from services.registry.store import RegistryStore
from services.registry.tree import problems
from services.registry.tree.history import NotYet, ends
from services.registry.tree.times import Times
from services.registry.tree.views import HistoryView
from services.registry.views import CenterView, OrganizationView
from shared.http import Router, requires
from shared.security.principals import Principal

Anybody = Annotated[Principal, Depends(requires())]
AsOf = Annotated[date | None, Query(description="a day; today's state without it")]
Code = Annotated[str, Path(max_length=64)]


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
    scope = Scope(store)

    @routes.get("/organizations/{code}/history")
    async def organization_history(code: Code, who: Anybody) -> HistoryView:
        """All that an organization was, and the orders about it."""
        node = (await scope.organization(who, code, "path.code")).state
        return HistoryView.of(node, *await times.orders(node))

    @routes.get("/organizations/{code}/centers")
    async def centers(code: Code, who: Anybody, as_of: AsOf = None) -> list[CenterView]:
        """The active centers right below an LAO, today or on a day, in Thai order."""
        node = (await scope.organization(who, code, "path.code")).state
        day = as_of or date.max
        return [CenterView.of(center) for center in await times.centers(node, day)]

    @routes.get("/centers/{code}/history")
    async def center_history(code: Code, who: Anybody) -> HistoryView:
        """All that a center was, and the orders about it."""
        center = (await scope.center(who, code)).state
        return HistoryView.of(center, *await times.orders(center))

    return routes
