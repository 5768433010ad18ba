"""Carries plans out, one after the other, whichever process took them; what a dead one left, the next goes on with."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final

from services.registry.clusters.adopting import Stale, adopt
from services.registry.clusters.answering import answered, question
from services.registry.clusters.books import Books, Change
from services.registry.clusters.cluster import Cluster
from services.registry.clusters.plan import ANSWER, ENDED, Book, Part, Plan, PlanState
from services.registry.clusters.preparing import parts
from services.registry.clusters.store import ClusterStore, by_province
from services.registry.clusters.task import Found
from services.registry.clusters.workers import QuestionFailed, WorkerDied, Workers
from shared.failpoints import failpoint
from shared.loops import Loop
from shared.mongo import UNAVAILABLE, Backpressure, Conflict, Lease, Leases
from shared.mongo.aggregates import new_id
from shared.telemetry import get_logger

log = get_logger()

LOOK_EVERY_S: Final = 1.0
LEASE: Final = timedelta(seconds=10)
"""How long a dead process's plan waits for another."""
TICK_S: Final = 1.0
"""How often a plan's lease is renewed, and how long a cancelled one may go on."""
STORE_EVERY_S: Final = 2.0
"""A better answer on the way is written no more often."""
ATTEMPTS: Final = 2
"""How often a province is tried whose process dies."""
AT_ONCE: Final = 8
PASSING: Final[tuple[type[Exception], ...]] = (*UNAVAILABLE, Backpressure, Conflict)
"""What passes by itself: the plan stays open and is gone on with."""


class Planner:
    """Looks for plans that wait, that a dead process left, or that are to be adopted.

    Each province has an answer in hand as soon as its first one is written, and its best one at the end; what is
    written stays written. Two processes never work on the same plan for longer than a lease.
    """

    def __init__(
        self, store: ClusterStore, books: Books, workers: Workers, leases: Leases, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._books, self._workers, self._leases, self._clock = store, books, workers, leases, clock
        self._holder = new_id()
        self.loop = Loop("plans", self.work, rest_s=LOOK_EVERY_S)

    async def work(self) -> bool:
        """Carry one plan to its next end; whether there was one to take."""
        for plan in await self._store.open_plans(AT_ONCE):
            lease = await self._leases.take(f"plans/{plan.plan}", self._holder, self._clock(), LEASE)
            if lease is not None:
                try:
                    await self._carry(plan, lease)
                finally:
                    await self._leases.give_back(lease)
                return True
        return False

    async def _carry(self, plan: Plan, lease: Lease) -> None:
        """Work on a plan while its lease is ours and nobody cancels it."""
        work = asyncio.create_task(self._adopt(plan) if plan.adoption == "adopting" else self._solve(plan))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=TICK_S)
                self.loop.beat()
                if await self._leases.take(lease.name, self._holder, self._clock(), LEASE) is None:
                    return
                now = await self._store.plan(plan.plan)
                if now is None or (now.cancel and now.adoption is None):
                    work.cancel()
                    await asyncio.gather(work, return_exceptions=True)
                    await self._cancelled(plan)
                    return
            await work
        except PASSING:
            raise
        except Exception as error:
            log.warning("registry.plan.failed", plan=plan.plan, exc_info=error)
            await self._end(plan, "failed", "interrupted")
        finally:
            if not work.done():
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    # solving

    async def _solve(self, plan: Plan) -> None:
        began = time.perf_counter()
        if plan.cancel:
            await self._cancelled(plan)
            return
        if not plan.prepared:
            await self._prepare(plan)
        todo = [part for part in await self._store.parts_of(plan.plan) if part.state in {"waiting", "running"}]
        await asyncio.gather(*(self._first(plan, part) for part in todo if not part.clusters))
        todo.sort(key=lambda part: -len(part.sites))
        await asyncio.gather(*(self._improve(plan, part) for part in todo))
        failed = any(part.state == "failed" for part in await self._store.parts_of(plan.plan))
        await self._end(plan, "finished", "some_provinces_failed" if failed else None)
        log.info("registry.plan.finished", plan=plan.plan, seconds=round(time.perf_counter() - began, 3))

    async def _prepare(self, plan: Plan) -> None:
        """Write down what the plan starts from, so that a resumed one goes on from the same."""
        stored = await self._store.books(plan.round)
        for book in stored:
            await self._books.settled(plan.round, book.state.province)
        books = {book.state.province: book.state for book in await self._store.books(plan.round)}
        centers = self._store.owing if plan.owed else self._store.listed
        found = by_province([center async for center in centers(plan.round)])
        standing = {code: await self._store.every_cluster(plan.round, code) for code in books}
        await self._store.add_parts(parts(plan, found, books, standing))
        failpoint("registry.plan_prepared")
        await self._store.change_plan(
            plan.plan,
            lambda now: now.model_copy(
                update={"prepared": True, "state": "running", "started_at": now.started_at or self._clock()}
            ),
        )

    async def _first(self, plan: Plan, part: Part) -> None:
        """An answer at once, so that there is one in hand whatever comes."""
        try:
            found = (await self._workers.best(question(part, plan.charges, first=True))).found
        except (WorkerDied, QuestionFailed):
            return  # it is tried in full next, and that failure is told
        after = await asyncio.to_thread(answered, part, plan.charges, found)
        await self._store.change_part(part.key, lambda now: after if not now.clusters else now)

    async def _improve(self, plan: Plan, part: Part) -> None:
        for attempt in range(part.attempts + 1, ATTEMPTS + 1):
            try:
                await self._best(plan, part, attempt)
            except (WorkerDied, QuestionFailed) as failure:
                kind = "worker_died" if isinstance(failure, WorkerDied) else "question_failed"
                log.warning("registry.plan.province_failed", plan=plan.plan, province=part.province, failure=kind)
                failed = kind
            else:
                return
        await self._store.change_part(
            part.key, lambda now: now.model_copy(update={"state": "failed", "failure": failed})
        )

    async def _best(self, plan: Plan, part: Part, attempt: int) -> None:
        await self._store.change_part(
            part.key, lambda now: now.model_copy(update={"state": "running", "attempts": attempt})
        )
        written = time.monotonic()
        async with aclosing(self._workers.answers(question(part, plan.charges))) as answers:
            async for answer in answers:
                last = answer
                if time.monotonic() - written > STORE_EVERY_S:
                    await self._keep(plan, part, answer.found, {})
                    written = time.monotonic()
        failpoint("registry.province_solved")
        await self._keep(plan, part, last.found, {"state": "finished", "cpu_seconds": last.cpu_seconds})

    async def _keep(self, plan: Plan, part: Part, found: Found, marks: dict[str, object]) -> None:
        after = await asyncio.to_thread(answered, part, plan.charges, found)
        kept = {name: getattr(after, name) for name in ANSWER}
        await self._store.change_part(part.key, lambda now: now.model_copy(update={**kept, **marks}))

    # ending

    async def _cancelled(self, plan: Plan) -> None:
        for part in await self._store.parts_of(plan.plan):
            if part.state in {"waiting", "running"}:
                await self._store.change_part(part.key, lambda now: now.model_copy(update={"state": "cancelled"}))
        await self._end(plan, "cancelled", None)
        log.info("registry.plan.cancelled", plan=plan.plan)

    async def _end(self, plan: Plan, state: PlanState, failure: str | None) -> None:
        def ended(now: Plan) -> Plan:
            if now.state in ENDED:
                return now.model_copy(update={"open": now.adoption == "adopting"})
            marks = {"state": state, "failure": failure, "ended_at": self._clock(), "open": False}
            return now.model_copy(update=marks)

        await self._store.change_plan(plan.plan, ended)

    async def _adopt(self, plan: Plan) -> None:
        """Province by province; one whose clusters were changed meanwhile stays as it is, and says so."""
        for part in await self._store.parts_of(plan.plan):
            if part.adoption is not None:
                continue
            await self._adopt_part(plan, part)
        marks = {"adoption": "adopted", "adopted_at": self._clock(), "open": False}
        await self._store.change_plan(plan.plan, lambda now: now.model_copy(update=marks))
        log.info("registry.plan.adopted", plan=plan.plan, round=plan.round)

    async def _adopt_part(self, plan: Plan, part: Part) -> None:
        def rule(book: Book, standing: Mapping[str, Cluster]) -> Change | Stale:
            return adopt(part, book, standing)

        outcome = await self._books.change(plan.round, part.province, rule)
        mark = "stale" if isinstance(outcome, Stale) else "adopted"
        await self._store.change_part(part.key, lambda now: now.model_copy(update={"adoption": mark}))
