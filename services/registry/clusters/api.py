"""Clusters over HTTP: who is visited with whom, why, and changes by hand."""

import asyncio
from typing import Annotated

from fastapi import Depends, Path, Query, status

from services.registry.clusters import refusals
from services.registry.clusters.answering import question
from services.registry.clusters.cluster import cluster_key
from services.registry.clusters.desk import ClusterDesk
from services.registry.clusters.measuring import Map
from services.registry.clusters.plan import Part
from services.registry.clusters.sites import Charges, weights
from services.registry.clusters.solver.trees import length
from services.registry.clusters.store import ClusterStore
from services.registry.clusters.views import ApartView, ClusterExplained, ClusterView, ClusterWish, Standing, VisitWish
from services.registry.clusters.workers import QuestionFailed, WorkerDied, Workers
from services.registry.reading.scope import Scope
from services.registry.rounds.journal import Journal
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import OUT_OF_SCOPE
from shared.security.principals import Principal, Role
from shared.security.scope import may_act, may_see
from shared.telemetry import get_logger

log = get_logger()

Officer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.PROVINCE))]
Visitor = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.ASSESSOR))]
Anybody = Annotated[Principal, Depends(requires())]
InRound = Annotated[str, Path(alias="round", max_length=64)]
Named = Annotated[str, Path(alias="id", max_length=64)]
Within = Annotated[str | None, Query(max_length=64, description="code of an organization")]
Province = Annotated[str, Path(pattern=r"^[0-9]{2}$")]
Paging = Annotated[PageQuery, Depends()]


def router(desk: ClusterDesk, store: ClusterStore, scope: Scope, workers: Workers, journal: Journal) -> Router:
    """`/v1/rounds/{round}/clusters`."""
    routes = Router(prefix="/v1/rounds/{round}", tags=["clusters"])
    _lists(routes, desk, store, scope)
    _single(routes, desk, store, workers)
    _changes(routes, desk, journal)
    return routes


def _lists(routes: Router, desk: ClusterDesk, store: ClusterStore, scope: Scope) -> None:

    @routes.get("/clusters")
    async def read_all(round_id: InRound, page: Paging, who: Anybody, within: Within = None) -> Page[ClusterView]:
        """The clusters with a member in one's part of the tree, by id. A center's list holds its own."""
        await desk.round(round_id)
        if who.role is Role.CENTER:
            own = await desk.own(round_id, who.org)
            return Page(items=[ClusterView.of(own)] if own else [])
        root = await scope.root(who, within)
        found = await store.clusters_within(round_id, root, cluster_key(round_id, page.after() or ""), page.limit + 1)
        shown = found[: page.limit]
        return Page(
            items=[ClusterView.of(one) for one in shown],
            next=write_cursor(shown[-1].cluster) if len(found) > page.limit else None,
        )

    @routes.get("/standing")
    async def standing(round_id: InRound, who: Officer, within: Within = None) -> Standing:
        """Whether everybody who owes is in a cluster, and what a person must see to."""
        return await desk.standing(round_id, await scope.root(who, within))


def _single(routes: Router, desk: ClusterDesk, store: ClusterStore, workers: Workers) -> None:
    @routes.get("/clusters/{id}")
    async def read(round_id: InRound, name: Named, who: Anybody) -> ClusterExplained:
        """A cluster and why it is as it is: its tree, its borders, what it would cost to change it."""
        found = await desk.active(round_id, name)
        if not (any(may_see(who, (code,)) for code in found.touches) or who.org in found.members):
            raise OUT_OF_SCOPE.problem(where="path.id")
        explanation, ground = await desk.explained(found)
        return ClusterExplained.explained(found, explanation, ground)

    @routes.get("/clusters/{id}/apart")
    async def apart(round_id: InRound, name: Named, who: Officer) -> ApartView:
        """Solve the province anew without this cluster: what it costs to have its members apart, proven."""
        found = await desk.active(round_id, name)
        if not may_see(who, found.path):
            raise OUT_OF_SCOPE.problem(where="path.id")
        ground, neighbours = await desk.ground(round_id, found.province)
        others = tuple(one for one in neighbours if one.cluster == name or not one.frozen)
        part = Part(
            plan="apart", round=round_id, province=found.province, path=found.path, basis=0, serial=0,
            sites=tuple(site for site in ground.sites if any(site.code in one.members for one in others)),
        )  # fmt: skip
        plan = await store.plan(found.plan) if found.plan else None
        charges = (plan.charges if plan else Charges()).model_copy(update={"change_km": 0.0})
        task = question(part, charges).model_copy(update={"apart": found.members})
        try:
            answer = (await asyncio.wait_for(workers.best(task), 60)).found
        except (WorkerDied, QuestionFailed, TimeoutError):
            raise refusals.WORKER_FAILED.problem(where="path.id") from None
        now = _cost(Map(part.sites), charges, [one.members for one in others])
        alone = found.members in answer.clusters
        return ApartView(
            cluster=name,
            extra_km=None if alone else round(answer.cost - now, 3),
            extra_at_least_km=None if alone else round(answer.bound - now, 3),
            instead=[one for one in answer.clusters if set(one) & set(found.members)],
        )


def _changes(routes: Router, desk: ClusterDesk, journal: Journal) -> None:
    @routes.put("/clusters/{id}")
    async def change(round_id: InRound, name: Named, wish: ClusterWish, by: Officer) -> ClusterView:
        """Say who belongs to it and who is pinned there. Nothing is changed unless all of it can be."""
        found = await desk.active(round_id, name)
        if not may_act(by, found.path):
            raise OUT_OF_SCOPE.problem(where="path.id")
        await journal.enter(by, "cluster.change", round_id, name)
        after = await desk.edited(round_id, name, wish.edit())
        log.info("registry.cluster.changed", round=round_id, cluster=name, members=len(after.members))
        return ClusterView.of(after)

    @routes.post("/provinces/{province}/clusters", status_code=status.HTTP_201_CREATED)
    async def make(round_id: InRound, province: Province, wish: ClusterWish, by: Officer) -> ClusterView:
        """A new cluster by hand, of centers that are in none or leave theirs."""
        await desk.round(round_id, changing=True)
        if not may_act(by, ("00", province)):
            raise OUT_OF_SCOPE.problem(where="path.province")
        await journal.enter(by, "cluster.make", round_id, province)
        after = await desk.made(round_id, province, wish.edit())
        log.info("registry.cluster.changed", round=round_id, cluster=after.cluster, members=len(after.members))
        return ClusterView.of(after)

    @routes.put("/clusters/{id}/visit")
    async def visit(round_id: InRound, name: Named, wish: VisitWish, by: Visitor) -> ClusterView:
        """The assessors were there: no new plan changes it any more."""
        await desk.active(round_id, name)
        await journal.enter(by, "cluster.visit", round_id, name)
        return ClusterView.of(await desk.visited(round_id, name, there=wish.visited))


def _cost(ground: Map, charges: Charges, clusters: list[tuple[str, ...]]) -> float:
    """What clusters cost by a plan's measure."""
    cost = weights(ground.sites, charges, {})
    return sum(length(cost, [ground.at[code] for code in members if code in ground.at]) for members in clusters)
