"""The tree and its lists over HTTP: each principal sees its own branch."""

from typing import Annotated

from fastapi import Depends, Query

from services.registry.reading.filters import Filter
from services.registry.reading.listing import Lists
from services.registry.reading.scope import Scope
from services.registry.reading.views import (
    CenterFound,
    CentersQuery,
    OrganizationFound,
    OrganizationsQuery,
    Paging,
)
from services.registry.store import RegistryStore
from services.registry.views import CenterView, OrganizationView
from shared.http import Page, Router, requires
from shared.security.principals import Principal

Anybody = Annotated[Principal, Depends(requires())]


def router(store: RegistryStore) -> Router:
    """`/v1/organizations` and `/v1/centers`."""
    routes = Router(prefix="/v1", tags=["tree"])
    scope = Scope(store)
    centers, organizations = Lists(store.center_lists), Lists(store.organization_lists)

    @routes.get("/organizations")
    async def list_organizations(
        asked: Annotated[OrganizationsQuery, Query()], principal: Anybody
    ) -> Page[OrganizationFound]:
        wanted = await scope.organizations(principal, asked)
        found = await organizations.page(wanted, asked.cursor, asked.limit)
        return Page(items=[OrganizationFound.of_row(row) for row in found.rows], next=found.next)

    @routes.get("/organizations/{code}")
    async def organization(code: str, principal: Anybody) -> OrganizationView:
        return OrganizationView.of((await scope.organization(principal, code, "path.code")).state)

    @routes.get("/organizations/{code}/children")
    async def children(code: str, page: Annotated[Paging, Query()], principal: Anybody) -> Page[OrganizationFound]:
        await scope.organization(principal, code, "path.code")
        found = await organizations.page(Filter(code, parent=code), page.cursor, page.limit)
        return Page(items=[OrganizationFound.of_row(row) for row in found.rows], next=found.next)

    @routes.get("/centers")
    async def list_centers(asked: Annotated[CentersQuery, Query()], principal: Anybody) -> Page[CenterFound]:
        wanted = await scope.centers(principal, asked)
        found = await centers.page(wanted, asked.cursor, asked.limit)
        return Page(items=[CenterFound.of_row(row) for row in found.rows], next=found.next)

    @routes.get("/centers/{code}")
    async def center(code: str, principal: Anybody) -> CenterView:
        return CenterView.of((await scope.center(principal, code)).state)

    return routes
