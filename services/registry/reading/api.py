"""Organizations and centers over HTTP: each principal sees its own branch of the tree."""

from typing import Annotated

from fastapi import Depends, Query

from services.registry.domain import Center, Organization
from services.registry.store import RegistryStore
from services.registry.views import CenterView, OrganizationView
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import CENTER_UNKNOWN, ORGANIZATION_UNKNOWN, OUT_OF_SCOPE
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE, may_see
from shared.thai.text import normalise

Anybody = Annotated[Principal, Depends(requires())]
Paging = Annotated[PageQuery, Depends()]

_TIERS = frozenset({Role.PROVINCE, Role.DISTRICT, Role.LAO})


def router(store: RegistryStore) -> Router:
    """`/v1/organizations` and `/v1/centers`."""
    routes = Router(prefix="/v1", tags=["tree"])

    @routes.get("/organizations/{code}")
    async def organization(code: str, principal: Anybody) -> OrganizationView:
        return OrganizationView.of(await _visible(store, principal, code, "path.code"))

    @routes.get("/organizations/{code}/children")
    async def children(code: str, page: Paging, principal: Anybody) -> Page[OrganizationView]:
        await _visible(store, principal, code, "path.code")
        found = await store.children(code, page.after(), page.limit + 1)
        shown = found[: page.limit]
        return Page(
            items=[OrganizationView.of(node) for node in shown],
            next=write_cursor(shown[-1].order) if len(found) > page.limit else None,
        )

    @routes.get("/centers")
    async def centers(
        page: Paging,
        principal: Anybody,
        in_round: Annotated[str | None, Query(alias="round", max_length=64, description="on this round's roll")] = None,
        within: Annotated[str | None, Query(max_length=64, description="code of an organization")] = None,
        q: Annotated[str | None, Query(max_length=100, description="part of a name, or how a code begins")] = None,
    ) -> Page[CenterView]:
        if principal.role is Role.CENTER:
            return await _itself(store, principal, within)
        root = within or (principal.org if principal.role in _TIERS else DEPARTMENT_CODE)
        await _visible(store, principal, root, "query.within")
        words = normalise(q).text if q else None
        found = await store.centers_within(root, in_round, words, page.after(), page.limit + 1)
        shown = found[: page.limit]
        return Page(
            items=[CenterView.of(center) for center in shown],
            next=write_cursor(shown[-1].order) if len(found) > page.limit else None,
        )

    @routes.get("/centers/{code}")
    async def center(code: str, principal: Anybody) -> CenterView:
        found = await store.center(code)
        if found is None:
            raise CENTER_UNKNOWN.problem(where="path.code")
        if not may_see(principal, found.path, code):
            raise OUT_OF_SCOPE.problem(where="path.code")
        return CenterView.of(found)

    return routes


async def _visible(store: RegistryStore, principal: Principal, code: str, where: str) -> Organization:
    """The organization, if it lies on the principal's branch. Codes of organizations are public, so a foreign one
    is told from one that does not exist.
    """
    found = await store.organization(code)
    if found is None:
        raise ORGANIZATION_UNKNOWN.problem(where=where)
    if not may_see(principal, found.path):
        raise OUT_OF_SCOPE.problem(where=where)
    return found


async def _itself(store: RegistryStore, principal: Principal, within: str | None) -> Page[CenterView]:
    """A center's list holds the center."""
    if within is not None:
        raise OUT_OF_SCOPE.problem(where="query.within")
    found: Center | None = await store.center(principal.org)
    return Page(items=[CenterView.of(found)] if found else [])
