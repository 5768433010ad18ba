"""How far the one who asks may look: every list and every export begins here."""

from dataclasses import replace

from services.registry.domain import Center, Organization
from services.registry.reading import refusals
from services.registry.reading.filters import Box, Filter, read_box
from services.registry.reading.views import CenterFilter, OrganizationFilter
from services.registry.store import RegistryStore
from shared.http.problems import CENTER_UNKNOWN, ORGANIZATION_UNKNOWN, OUT_OF_SCOPE
from shared.mongo import Stored
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE, may_see

_TIERS = frozenset({Role.PROVINCE, Role.DISTRICT, Role.LAO})


class Scope:
    """What a principal may see. Raises the problems 403 `out-of-scope` and 404 for what it may not or what is not.

    Codes of organizations are public, so a foreign one is told from one that does not exist.
    """

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    async def organization(self, principal: Principal, code: str, where: str) -> Stored[Organization]:
        """The organization, if it lies on the principal's branch."""
        found = await self._store.organizations.load(code)
        if found is None:
            raise ORGANIZATION_UNKNOWN.problem(where=where)
        if not may_see(principal, found.state.path):
            raise OUT_OF_SCOPE.problem(where=where)
        return found

    async def center(self, principal: Principal, code: str) -> Stored[Center]:
        """The center, if it lies on the principal's branch."""
        found = await self._store.centers.load(code)
        if found is None:
            raise CENTER_UNKNOWN.problem(where="path.code")
        if not may_see(principal, found.state.path, code):
            raise OUT_OF_SCOPE.problem(where="path.code")
        return found

    async def centers(self, principal: Principal, asked: CenterFilter) -> Filter:
        """The part of the list of centers that is asked for; to a center, itself."""
        box = _box(asked.bbox)
        itself = principal.org if principal.role is Role.CENTER else None
        if itself is not None and asked.within is not None:
            raise OUT_OF_SCOPE.problem(where="query.within")
        root = DEPARTMENT_CODE if itself is not None else await self.root(principal, asked.within)
        return Filter(
            root, itself=itself, round=asked.round, state=asked.state, box=box, words=asked.q, near=asked.near
        )

    async def organizations(self, principal: Principal, asked: OrganizationFilter) -> Filter:
        """The part of the list of organizations that is asked for."""
        root = await self.root(principal, asked.within)
        return Filter(root, "organizations", state=asked.state, kind=asked.kind, words=asked.q, near=asked.near)

    async def listed(self, principal: Principal, round_id: str, within: str | None, *, owed: bool = True) -> Filter:
        """The part of the roll of a round, or of its obligations, that is asked for; to a center, itself."""
        wanted = await self.centers(principal, CenterFilter(within=within, round=round_id))
        return replace(wanted, of="obligations", owed=owed)

    async def root(self, principal: Principal, within: str | None) -> str:
        """The top of what is asked for: `within`, or all that the principal may see."""
        if within is not None:
            return (await self.organization(principal, within, "query.within")).id
        root = principal.org if principal.role in _TIERS else DEPARTMENT_CODE
        if not may_see(principal, (root,)):
            raise OUT_OF_SCOPE.problem(where="query.within")
        return root


def _box(text: str | None) -> Box | None:
    if text is None:
        return None
    box = read_box(text)
    if not isinstance(box, Box):
        raise refusals.of_box(box)
    return box
