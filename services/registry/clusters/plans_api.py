"""Plans over HTTP: start, watch, cancel, compare, adopt."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query, status

from services.registry.clusters.comparing import Comparison, compare
from services.registry.clusters.desk import ClusterDesk
from services.registry.clusters.explaining import explain
from services.registry.clusters.measuring import Map
from services.registry.clusters.plan import Part
from services.registry.clusters.plan_desk import PlanDesk
from services.registry.clusters.plan_views import ComparisonView, NewPlan, PlanProgress, PlansCompared, PlanView
from services.registry.clusters.views import ClusterExplained, ClusterView
from services.registry.reading.scope import Scope
from services.registry.rounds.journal import Journal
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import BAD_CURSOR, CLUSTER_UNKNOWN
from shared.security.principals import Principal, Role
from shared.telemetry import get_logger

log = get_logger()

Officer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.PROVINCE))]
Watcher = Annotated[
    Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.PROVINCE, Role.ASSESSOR, Role.AUDITOR))
]
InRound = Annotated[str, Path(alias="round", max_length=64)]
Planned = Annotated[str, Path(alias="plan", max_length=64)]
Paging = Annotated[PageQuery, Depends()]


def router(desk: PlanDesk, clusters: ClusterDesk, scope: Scope, journal: Journal) -> Router:
    """`POST /v1/rounds/{round}/clusters` and `/v1/rounds/{round}/plans`."""
    routes = Router(prefix="/v1/rounds/{round}", tags=["plans"])
    _steps(routes, desk, clusters, journal)
    _lists(routes, desk, clusters)
    _answers(routes, desk, scope)
    return routes


def _steps(routes: Router, desk: PlanDesk, clusters: ClusterDesk, journal: Journal) -> None:

    @routes.post("/clusters", status_code=status.HTTP_202_ACCEPTED)
    async def start(round_id: InRound, wish: NewPlan, by: Officer) -> PlanView:
        """Begin to make clusters. Answers at once; the plan's own page shows how far it is."""
        await clusters.round(round_id, changing=True)
        await journal.enter(by, "plan.start", round_id)
        plan = await desk.start(round_id, wish, by)
        log.info("registry.plan.asked", plan=plan.plan, round=round_id)
        return PlanView.of(plan)

    @routes.post("/plans/{plan}/cancel")
    async def cancel(round_id: InRound, plan_id: Planned, by: Officer) -> PlanView:
        """Stop it. The answers it has by then stay, and can be adopted."""
        await desk.plan(round_id, plan_id, by)
        await journal.enter(by, "plan.cancel", round_id, plan_id)
        return PlanView.of(await desk.cancel(round_id, plan_id, by))

    @routes.post("/plans/{plan}/adopt", status_code=status.HTTP_202_ACCEPTED)
    async def adopt(round_id: InRound, plan_id: Planned, by: Officer) -> PlanView:
        """Make its answers the round's clusters. Answers at once; `adoption` says when it is done."""
        await desk.plan(round_id, plan_id, by)
        await journal.enter(by, "plan.adopt", round_id, plan_id)
        return PlanView.of(await desk.adopt(round_id, plan_id, by))


def _lists(routes: Router, desk: PlanDesk, clusters: ClusterDesk) -> None:
    @routes.get("/plans")
    async def read_all(round_id: InRound, page: Paging, _who: Watcher) -> Page[PlanView]:
        """The round's plans, the newest first."""
        await clusters.round(round_id)
        found = await desk.plans(round_id, _moment(page.after()), page.limit + 1)
        shown = found[: page.limit]
        return Page(
            items=[PlanView.of(plan) for plan in shown],
            next=write_cursor(shown[-1].asked_at.isoformat()) if len(found) > page.limit else None,
        )

    @routes.get("/plans/{plan}")
    async def read(round_id: InRound, plan_id: Planned, who: Watcher) -> PlanProgress:
        """How far each province is, and how good its answer in hand is."""
        return PlanProgress.with_parts(*await desk.plan(round_id, plan_id, who))


def _answers(routes: Router, desk: PlanDesk, scope: Scope) -> None:
    @routes.get("/plans/{plan}/clusters")
    async def planned(
        round_id: InRound,
        plan_id: Planned,
        page: Paging,
        who: Watcher,
        within: Annotated[str | None, Query(max_length=64, description="code of an organization")] = None,
    ) -> Page[ClusterView]:
        """The clusters of the answers in hand, by id."""
        root = await scope.root(who, within)
        _, parts = await desk.plan(round_id, plan_id, who)
        after = page.after() or ""
        found = sorted(
            (one for part in parts for one in part.clusters if root in one.touches and one.cluster > after),
            key=lambda one: one.cluster,
        )
        shown = found[: page.limit]
        return Page(
            items=[ClusterView.of(one) for one in shown],
            next=write_cursor(shown[-1].cluster) if len(found) > page.limit else None,
        )

    @routes.get("/plans/{plan}/clusters/{id}")
    async def planned_one(
        round_id: InRound, plan_id: Planned, name: Annotated[str, Path(alias="id", max_length=64)], who: Watcher
    ) -> ClusterExplained:
        """A planned cluster and why it is as it is."""
        part = await desk.part(round_id, plan_id, name.partition("-")[0], who)
        found = next((one for one in part.clusters if one.cluster == name), None)
        if found is None:
            raise CLUSTER_UNKNOWN.problem(where="path.id")
        ground = Map(part.sites)
        explanation = await asyncio.to_thread(explain, found, part.clusters, ground)
        return ClusterExplained.explained(found, explanation, ground)

    _comparison(routes, desk)


def _comparison(routes: Router, desk: PlanDesk) -> None:
    @routes.get("/plans/{plan}/comparison")
    async def comparison(
        round_id: InRound,
        plan_id: Planned,
        who: Watcher,
        other: Annotated[
            str | None, Query(alias="with", max_length=64, description="another plan; else the adopted clusters")
        ] = None,
    ) -> PlansCompared:
        """The plan (`second`) beside another one or beside the clusters that stand (`first`)."""
        _, parts = await desk.plan(round_id, plan_id, who)
        sides = {}
        if other is not None:
            sides = {part.province: part for part in (await desk.plan(round_id, other, who))[1]}
        found = []
        for part in parts:
            if other is not None and part.province not in sides:
                continue
            first = (
                {one.cluster: one.members for one in sides[part.province].clusters}
                if other is not None
                else {one.cluster: one.members for one in await desk.standing(round_id, part.province)}
            )
            found.append(await asyncio.to_thread(_compared, part, first, sides.get(part.province)))
        return PlansCompared(
            moved=sum(len(one.moved) for one in found),
            more_km=round(sum(one.second.km - one.first.km for one in found), 3),
            provinces=[ComparisonView.of(one) for one in found],
        )


def _compared(part: Part, first: dict[str, tuple[str, ...]], other: Part | None) -> Comparison:
    """On one map: a center that only one side has still has its place there."""
    sites = {site.code: site for site in (*(other.sites if other else ()), *part.sites)}
    second = {one.cluster: one.members for one in part.clusters}
    return compare(part.province, Map([sites[code] for code in sorted(sites)]), first, second)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BAD_CURSOR.problem(where="query.cursor") from None
