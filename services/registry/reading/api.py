"""The tree and its lists over HTTP: each principal sees its own branch."""

from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Response

from services.registry.reading.export_api import add_exports
from services.registry.reading.filters import Filter
from services.registry.reading.listing import Lists
from services.registry.reading.obligations import Obligations
from services.registry.reading.scope import Scope
from services.registry.reading.views import (
    CenterFound,
    CentersQuery,
    ChildrenQuery,
    DutyView,
    ObligationsQuery,
    OrganizationFound,
    OrganizationsQuery,
)
from services.registry.store import RegistryStore
from services.registry.tree.telling import AsOf, Telling
from services.registry.views import CenterView, OrganizationView
from shared.http import Page, Router, requires
from shared.http.conditional import NOT_MODIFIED, IfNoneMatch, unchanged
from shared.http.problems import ROUND_UNKNOWN
from shared.mongo import Stored
from shared.security.principals import Principal

_VIEW: Final = 1
"""Of what the views show. It is part of their tags: raise it when they show something else of the same state."""

Anybody = Annotated[Principal, Depends(requires())]


def router(store: RegistryStore, telling: Telling) -> Router:
    """The tree, its lists, and the lists as files."""
    routes = Router(prefix="/v1", tags=["tree"])
    scope = Scope(store)
    _organizations(routes, store, scope, telling)
    _centers(routes, store, scope, telling)
    _obligations(routes, store, scope)
    add_exports(routes, store, scope)
    return routes


def _organizations(routes: Router, store: RegistryStore, scope: Scope, telling: Telling) -> None:
    organizations = Lists(store.organization_lists)

    @routes.get("/organizations")
    async def list_organizations(
        asked: Annotated[OrganizationsQuery, Query()], principal: Anybody
    ) -> Page[OrganizationFound]:
        wanted = await scope.organizations(principal, asked)
        found = await organizations.page(wanted, asked.cursor, asked.limit)
        return Page(items=[OrganizationFound.of_row(row) for row in found.rows], next=found.next)

    @routes.get("/organizations/{code}", response_model=OrganizationView, responses=NOT_MODIFIED)
    async def organization(
        code: str, principal: Anybody, response: Response, as_of: AsOf = None, if_none_match: IfNoneMatch = None
    ) -> OrganizationView | Response:
        found = await scope.organization(principal, code, "path.code")
        if as_of is None and (same := unchanged(response, if_none_match, _tag(found))):
            return same
        return await telling.organization(found.state, as_of)

    @routes.get("/organizations/{code}/children")
    async def children(
        code: str, page: Annotated[ChildrenQuery, Query()], principal: Anybody
    ) -> Page[OrganizationFound]:
        parent = await scope.organization(principal, code, "path.code")
        if page.as_of is not None:
            then = await telling.children(parent.state, page.as_of)
            return Page(items=[OrganizationFound(**node.model_dump()) for node in then])
        found = await organizations.page(Filter(code, "organizations", parent=code), page.cursor, page.limit)
        return Page(items=[OrganizationFound.of_row(row) for row in found.rows], next=found.next)


def _centers(routes: Router, store: RegistryStore, scope: Scope, telling: Telling) -> None:
    centers = Lists(store.center_lists)

    @routes.get("/centers")
    async def list_centers(asked: Annotated[CentersQuery, Query()], principal: Anybody) -> Page[CenterFound]:
        wanted = await scope.centers(principal, asked)
        found = await centers.page(wanted, asked.cursor, asked.limit)
        return Page(items=[CenterFound.of_row(row) for row in found.rows], next=found.next)

    @routes.get("/centers/{code}", response_model=CenterView, responses=NOT_MODIFIED)
    async def center(
        code: str, principal: Anybody, response: Response, as_of: AsOf = None, if_none_match: IfNoneMatch = None
    ) -> CenterView | Response:
        found = await scope.center(principal, code)
        if as_of is None and (same := unchanged(response, if_none_match, _tag(found))):
            return same
        return await telling.center(found.state, as_of)


def _obligations(routes: Router, store: RegistryStore, scope: Scope) -> None:
    obligations = Obligations(store.center_lists, store.obligation_lists)

    @routes.get("/rounds/{round}/obligations")
    async def list_obligations(
        round_id: Annotated[str, Path(alias="round", max_length=64)],
        asked: Annotated[ObligationsQuery, Query()],
        principal: Anybody,
    ) -> Page[DutyView]:
        """Who owes a report in a round, in the Thai order of the centers. A page may be short and have a next."""
        stored = await store.round(round_id)
        if stored is None:
            raise ROUND_UNKNOWN.problem(where="path.round")
        wanted = await scope.listed(principal, round_id, asked.within, owed=asked.state == "owed")
        found = await obligations.page(wanted, asked.cursor, asked.limit)
        return Page(items=[DutyView.of(duty, stored.state) for duty in found.rows], next=found.next)


def _tag(stored: Stored[Any]) -> str:
    return f"{_VIEW}-{stored.version}"
