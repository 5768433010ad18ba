"""Clusters to take along: GeoJSON for map programs, a picture of a province for paper."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from starlette.responses import Response

from services.registry.clusters.cluster import Cluster
from services.registry.clusters.desk import ClusterDesk
from services.registry.clusters.drawing import draw
from services.registry.clusters.geojson import MEDIA_TYPE, features
from services.registry.clusters.measuring import Map
from services.registry.clusters.plan_desk import PlanDesk
from services.registry.clusters.store import ClusterStore
from services.registry.reading.scope import Scope
from services.registry.roll.places import district_name, province_name
from shared.http import Router, requires
from shared.http.problems import ORGANIZATION_UNKNOWN, OUT_OF_SCOPE
from shared.security.principals import Principal, Role
from shared.security.scope import may_see

Watcher = Annotated[
    Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.PROVINCE, Role.ASSESSOR, Role.AUDITOR))
]
Anybody = Annotated[Principal, Depends(requires())]
InRound = Annotated[str, Path(alias="round", max_length=64)]
Planned = Annotated[str, Path(alias="plan", max_length=64)]
Province = Annotated[str, Path(pattern=r"^[0-9]{2}$")]
SVG = "image/svg+xml"
_LOCKED = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; font-src data:; sandbox"}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {SVG: {"schema": {"type": "string"}}}, "description": "the picture"}
}
_FEATURES: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}, "description": "a feature collection"}
}


def router(desk: ClusterDesk, plans: PlanDesk, store: ClusterStore, scope: Scope) -> Router:
    """`…/clusters.geojson` and `…/maps/{province}.svg`, of the round and of a plan."""
    routes = Router(prefix="/v1/rounds/{round}", tags=["clusters"])

    @routes.get("/clusters.geojson", response_class=Response, responses=_FEATURES)
    async def geojson(
        round_id: InRound,
        who: Anybody,
        within: Annotated[str | None, Query(max_length=64, description="code of an organization")] = None,
    ) -> Response:
        """The clusters with a member in one's part of the tree, with their trees and members."""
        await desk.round(round_id)
        if who.role is Role.CENTER:
            raise OUT_OF_SCOPE.problem(where="query.within")
        found = await store.every_cluster(round_id, await scope.root(who, within))
        provinces = sorted({one.province for one in found})
        grounds = {code: (await desk.ground(round_id, code))[0] for code in provinces}
        return await asyncio.to_thread(_collection, found, grounds)

    @routes.get("/plans/{plan}/clusters.geojson", response_class=Response, responses=_FEATURES)
    async def planned_geojson(round_id: InRound, plan_id: Planned, who: Watcher) -> Response:
        """The same of a plan's answers in hand."""
        _, parts = await plans.plan(round_id, plan_id, who)
        found = [one for part in parts for one in part.clusters]
        return await asyncio.to_thread(_collection, found, {part.province: Map(part.sites) for part in parts})

    @routes.get("/maps/{province}.svg", response_class=Response, responses=_PICTURE)
    async def picture(round_id: InRound, province: Province, who: Anybody) -> Response:
        """The province's clusters on a map."""
        name = _known(province)
        if not may_see(who, ("00", province)):
            raise OUT_OF_SCOPE.problem(where="path.province")
        ground, found = await desk.ground(round_id, province)
        return await asyncio.to_thread(_picture, f"กลุ่มการประเมิน จังหวัด{name}", round_id, found, ground)

    @routes.get("/plans/{plan}/maps/{province}.svg", response_class=Response, responses=_PICTURE)
    async def planned_picture(round_id: InRound, plan_id: Planned, province: Province, who: Watcher) -> Response:
        """The same of a plan's answer in hand."""
        name = _known(province)
        part = await plans.part(round_id, plan_id, province, who)
        title = f"แผนจัดกลุ่มการประเมิน จังหวัด{name}"
        return await asyncio.to_thread(_picture, title, round_id, part.clusters, Map(part.sites))

    return routes


def _known(province: str) -> str:
    try:
        return province_name(province)
    except KeyError:
        raise ORGANIZATION_UNKNOWN.problem(where="path.province") from None


def _collection(clusters: list[Cluster], grounds: dict[str, Map]) -> Response:
    found = [one for cluster in clusters for one in features([cluster], grounds[cluster.province])]
    body = json.dumps({"type": "FeatureCollection", "features": found}, ensure_ascii=False)
    return Response(body, media_type=MEDIA_TYPE)


def _picture(title: str, round_id: str, clusters: tuple[Cluster, ...] | list[Cluster], ground: Map) -> Response:
    members, km = sum(len(one.members) for one in clusters), sum(one.span_km for one in clusters)
    subtitle = f"รอบ {round_id}   {len(clusters):,} กลุ่ม   {members:,} ศูนย์   ระยะทางรวม {km:,.0f} กม."
    names = {site.district: _district(site.district) for site in ground.sites}
    return Response(draw(title, subtitle, clusters, ground, names), media_type=SVG, headers=_LOCKED)


def _district(code: str) -> str:
    try:
        return district_name(code)
    except KeyError:
        return code
