"""Lists as files over HTTP: the same questions, the same reach as the lists themselves."""

from typing import Annotated

from fastapi import Depends, Path, Query, Response

from services.registry.domain import Round
from services.registry.reading import tables
from services.registry.reading.exports import ANSWERS
from services.registry.reading.handing import HandingOut
from services.registry.reading.obligations import Obligations
from services.registry.reading.rows import Rows
from services.registry.reading.scope import Scope
from services.registry.reading.views import CentersFile, ObligationsFile, OrganizationsFile, RollFile
from services.registry.store import RegistryStore
from shared.http import Router, requires
from shared.http.problems import ROUND_UNKNOWN
from shared.security.principals import Principal

Anybody = Annotated[Principal, Depends(requires())]
InPath = Annotated[str, Path(alias="round", max_length=64)]


def add_exports(routes: Router, store: RegistryStore, scope: Scope) -> None:
    """Add `/exports` to the routes of the tree."""
    out = HandingOut(store)
    rows = Rows(store.center_lists, store.organization_lists, Obligations(store.center_lists, store.obligation_lists))

    @routes.get("/exports/centers", response_class=Response, responses=ANSWERS)
    async def centers(asked: Annotated[CentersFile, Query()], principal: Anybody) -> Response:
        """The list of centers as a file."""
        wanted = await scope.centers(principal, asked)
        return await out.hand(tables.CENTERS, asked.format, rows.centers(wanted), wanted, "centers")

    @routes.get("/exports/organizations", response_class=Response, responses=ANSWERS)
    async def organizations(asked: Annotated[OrganizationsFile, Query()], principal: Anybody) -> Response:
        """The list of organizations as a file; on a map each stands in the middle of its centers."""
        wanted = await scope.organizations(principal, asked)
        batches = rows.organizations(wanted, on_map=asked.format == "geojson")
        return await out.hand(tables.ORGANIZATIONS, asked.format, batches, wanted, "organizations")

    @routes.get("/exports/rounds/{round}/roll", response_class=Response, responses=ANSWERS)
    async def roll(round_id: InPath, asked: Annotated[RollFile, Query()], principal: Anybody) -> Response:
        """The roll of a round as a file that an import of a roll reads as it is."""
        await known(round_id)
        wanted = await scope.listed(principal, round_id, asked.within)
        return await out.hand(tables.ROLL, asked.format, rows.centers(wanted), wanted, "roll")

    @routes.get("/exports/rounds/{round}/obligations", response_class=Response, responses=ANSWERS)
    async def obligations(round_id: InPath, asked: Annotated[ObligationsFile, Query()], principal: Anybody) -> Response:
        """Who owes a report in a round, with the deadline of each, as a file."""
        state = await known(round_id)
        wanted = await scope.listed(principal, round_id, asked.within, owed=asked.state == "owed")
        return await out.hand(tables.OBLIGATIONS, asked.format, rows.duties(wanted, state), wanted, "obligations")

    async def known(round_id: str) -> Round:
        stored = await store.round(round_id)
        if stored is None:
            raise ROUND_UNKNOWN.problem(where="path.round")
        return stored.state
