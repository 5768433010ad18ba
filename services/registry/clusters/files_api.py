"""Clusters and plans as files over HTTP: the same questions, the same reach as the lists themselves."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.registry.clusters.desk import ClusterDesk
from services.registry.clusters.files import CLUSTERS, PLANS, ClusterRows, MemberRow
from services.registry.clusters.plan_desk import PlanDesk
from services.registry.reading.exports import ANSWERS
from services.registry.reading.filters import Filter
from services.registry.reading.handing import HandingOut
from services.registry.reading.scope import Scope
from services.registry.reading.sheets import Format
from shared.http import Router, requires
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE

Watcher = Annotated[
    Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.PROVINCE, Role.ASSESSOR, Role.AUDITOR))
]
Anybody = Annotated[Principal, Depends(requires())]
InRound = Annotated[str, Path(alias="round", max_length=64)]
Planned = Annotated[str, Path(alias="plan", max_length=64)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Format = Field(description="`xlsx` and `csv` for people, `geojson` for maps (each member where it lies)")


class ClustersFile(_File):
    """Which clusters, as what."""

    within: str | None = Field(None, max_length=64, description="code of an organization; one's own without it")


class PlansFile(_File):
    """As what."""


def router(desk: ClusterDesk, plans: PlanDesk, rows: ClusterRows, scope: Scope, out: HandingOut) -> Router:
    """`/v1/exports/rounds/{round}/clusters`, `…/plans` and `…/plans/{plan}/clusters`."""
    routes = Router(prefix="/v1/exports/rounds/{round}", tags=["clusters"])

    async def hand(
        asked: _File, batches: AsyncIterator[Sequence[MemberRow]], root: str, round_id: str, plain: str
    ) -> Response:
        return await out.hand(CLUSTERS, asked.format, batches, Filter(root, round=round_id), plain)

    @routes.get("/clusters", response_class=Response, responses=ANSWERS)
    async def clusters(round_id: InRound, asked: Annotated[ClustersFile, Query()], who: Anybody) -> Response:
        """The clusters with a member in one's part of the tree, a row for each of their members."""
        await desk.round(round_id)
        if who.role is Role.CENTER:
            own = await desk.own(round_id, who.org)
            return await hand(asked, rows.these([own] if own else []), DEPARTMENT_CODE, round_id, "clusters")
        root = await scope.root(who, asked.within)
        return await hand(asked, rows.adopted(round_id, root), root, round_id, "clusters")

    @routes.get("/plans", response_class=Response, responses=ANSWERS)
    async def all_plans(round_id: InRound, asked: Annotated[PlansFile, Query()], who: Watcher) -> Response:
        """The round's plans and what their answers in hand come to."""
        await desk.round(round_id)
        seen = (lambda province: province == who.org) if who.role is Role.PROVINCE else (lambda _: True)
        wanted = Filter(DEPARTMENT_CODE, round=round_id)
        return await out.hand(PLANS, asked.format, rows.plans(round_id, seen), wanted, "plans")

    @routes.get("/plans/{plan}/clusters", response_class=Response, responses=ANSWERS)
    async def planned(
        round_id: InRound, plan_id: Planned, asked: Annotated[ClustersFile, Query()], who: Watcher
    ) -> Response:
        """The clusters of a plan's answers in hand."""
        root = await scope.root(who, asked.within)
        _, parts = await plans.plan(round_id, plan_id, who)
        found = [one for part in parts for one in part.clusters if root in one.touches]
        found.sort(key=lambda one: one.cluster)
        return await hand(asked, rows.these(found), root, round_id, f"clusters-of-plan-{plan_id}")

    return routes
