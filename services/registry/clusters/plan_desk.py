"""Plans as people ask for them: checks, the next step, and what there is to see."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.registry.clusters import refusals
from services.registry.clusters.cluster import Cluster
from services.registry.clusters.desk import ClusterDesk
from services.registry.clusters.plan import ENDED, Book, Part, Plan
from services.registry.clusters.plan_views import NewPlan
from services.registry.clusters.planner import Planner
from services.registry.clusters.sites import Charges
from services.registry.clusters.store import ClusterStore
from services.registry.domain import Round
from shared.http.problems import CONFLICT, OUT_OF_SCOPE
from shared.mongo import Conflict
from shared.mongo.aggregates import new_id
from shared.security.principals import Principal, Role

MOST_OPEN: Final = 8
"""Plans of all rounds that may be under way at once."""


class PlanDesk:
    """Every step raises the problem that a caller gets."""

    def __init__(
        self, clusters: ClusterDesk, store: ClusterStore, planner: Planner, clock: Callable[[], datetime]
    ) -> None:
        self._clusters, self._store, self._planner, self._clock = clusters, store, planner, clock

    async def start(self, round_id: str, wish: NewPlan, by: Principal) -> Plan:
        """Put a plan. A province may plan for itself alone, and does so when it names none."""
        state = await self._clusters.round(round_id, changing=True)
        provinces = tuple(sorted(set(wish.provinces))) if wish.provinces else None
        if by.role is Role.PROVINCE:
            if provinces not in {None, (by.org,)}:
                raise OUT_OF_SCOPE.problem(where="body.provinces")
            provinces = (by.org,)
        await self._someone(state, provinces)
        if len(await self._store.open_plans(MOST_OPEN)) >= MOST_OPEN:
            raise refusals.TOO_MANY_PLANS.problem(where="path.round")
        plan = Plan(
            plan=new_id()[:16],
            round=round_id,
            charges=Charges(**wish.model_dump(include=set(Charges.model_fields))),
            provinces=provinces,
            owed=state.state == "open",
            asked_role=by.role.value,
            asked_org=by.org,
            asked_at=self._clock(),
        )
        await self._store.add_plan(plan)
        self._planner.loop.nudge()
        return plan

    async def plan(self, round_id: str, plan_id: str, by: Principal) -> tuple[Plan, list[Part]]:
        """A plan and those of its parts that the caller may see."""
        plan = await self._store.plan(plan_id)
        if plan is None or plan.round != round_id:
            raise refusals.PLAN_UNKNOWN.problem(where="path.plan")
        parts = await self._store.parts_of(plan_id)
        if by.role is Role.PROVINCE:
            parts = [part for part in parts if part.province == by.org]
        return plan, parts

    async def plans(self, round_id: str, before: datetime | None, limit: int) -> list[Plan]:
        """A round's plans, the newest first."""
        return await self._store.plans_of(round_id, before, limit)

    async def standing(self, round_id: str, province: str) -> list[Cluster]:
        """The clusters that a province has now."""
        return await self._store.every_cluster(round_id, province)

    async def part(self, round_id: str, plan_id: str, province: str, by: Principal) -> Part:
        """One province's part of a plan."""
        _, parts = await self.plan(round_id, plan_id, by)
        found = next((part for part in parts if part.province == province), None)
        if found is None:
            raise refusals.PROVINCE_UNKNOWN.problem(where="path.province")
        return found

    async def cancel(self, round_id: str, plan_id: str, by: Principal) -> Plan:
        """Stop a plan; the answers it has stay, and can be adopted."""
        plan, _ = await self.plan(round_id, plan_id, by)
        self._own(plan, by)
        if plan.state in ENDED:
            raise refusals.PLAN_ENDED.problem(where="path.plan")
        after = await self._change(plan_id, lambda now: now.model_copy(update={"cancel": now.state not in ENDED}))
        self._planner.loop.nudge()
        return after

    async def adopt(self, round_id: str, plan_id: str, by: Principal) -> Plan:
        """Make a plan's answers the round's clusters. One that is still being improved is stopped first."""
        await self._clusters.round(round_id, changing=True)
        plan, parts = await self.plan(round_id, plan_id, by)
        self._own(plan, by)
        if plan.adoption is not None:
            return plan
        if plan.state not in ENDED or any(part.sites and not part.clusters for part in parts) or not parts:
            raise refusals.PLAN_WITHOUT_ANSWER.problem(
                "แผนยังทำงานอยู่ หรือบางจังหวัดยังไม่มีคำตอบ",
                "The plan is still at work, or a province has no answer.",
                where="path.plan",
                hint="รอให้เสร็จ หรือยกเลิกแผนเพื่อใช้คำตอบที่มี",
                hint_en="Wait until it has finished, or cancel it to use the answers in hand.",
            )
        books = {stored.state.province: stored.state for stored in await self._store.books(round_id)}
        stale = [part.province for part in parts if books.get(part.province, _none(part)).revision != part.basis]
        if stale:
            raise refusals.PLAN_STALE.problem(
                f"จังหวัด {', '.join(stale)} ถูกแก้ไขไปแล้ว", f"Changed since: {', '.join(stale)}.", where="path.plan"
            )
        after = await self._change(plan_id, lambda now: now.model_copy(update={"adoption": "adopting", "open": True}))
        self._planner.loop.nudge()
        return after

    async def _someone(self, state: Round, provinces: tuple[str, ...] | None) -> None:
        """Refuse a plan for nobody. Provinces are looked at one by one, until one has a center."""
        centers = self._store.listed if state.state == "draft" else self._store.owing
        for province in provinces or (None,):
            async for _ in centers(state.round, province):
                return
            if provinces and await self._store.every_cluster(state.round, province or ""):
                return
        raise refusals.NOTHING_TO_PLAN.problem(where="body.provinces" if provinces else "path.round")

    async def _change(self, plan_id: str, step: Callable[[Plan], Plan]) -> Plan:
        try:
            after = await self._store.change_plan(plan_id, step)
        except Conflict:
            raise CONFLICT.problem(where="path.plan") from None
        if after is None:
            raise refusals.PLAN_UNKNOWN.problem(where="path.plan")
        return after

    def _own(self, plan: Plan, by: Principal) -> None:
        """A province acts on plans for itself alone."""
        if by.role is Role.PROVINCE and plan.provinces != (by.org,):
            raise OUT_OF_SCOPE.problem(where="path.plan")


def _none(part: Part) -> Book:
    return Book(round=part.round, province=part.province)
