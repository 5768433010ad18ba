"""A whole system in which processes die: a small round runs through it, and the reconciliation must stay clean."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rich.console import Console

from deploy.local.crowd.demo import doors_of
from deploy.local.crowd.doors import Doors
from deploy.local.crowd.rehearsal import Outcome, Plan, rehearse
from deploy.local.crowd.steps import Steps
from deploy.local.crowd.waiting import Insight
from deploy.local.stack import Stack
from deploy.local.verify.reconcile import reconcile
from tests.world import eventually

_seeds = itertools.count(100)


@dataclass
class Arena:
    """A running system. Every round in it has centers of its own."""

    stack: Stack
    doors: Doors
    insight: Insight
    died: list[str] = field(default_factory=list)

    async def round(self, *, roll: int = 14, crowd: int = 8) -> Outcome:
        """Run a small round to its end."""
        plan = Plan(roll=roll, crowd=crowd, seed=next(_seeds), ahead=300, late=False)
        with Steps(Console(quiet=True)) as steps:
            return await rehearse(self.doors, self.insight, plan, steps)

    @asynccontextmanager
    async def dying(self, service: str, points: str) -> AsyncIterator[None]:
        """A service that dies at a failpoint and is started again without it, as a supervisor would."""
        await asyncio.to_thread(self.stack.kill, service)
        await asyncio.to_thread(self.stack.start_service, service, {"SARABAN_FAILPOINTS": points})
        doomed = self.stack.pid(service)
        watcher = asyncio.create_task(self._revive(service, doomed))
        try:
            yield
        finally:
            if not watcher.done():
                watcher.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watcher
                await asyncio.to_thread(self.stack.restart, service)

    async def _revive(self, service: str, doomed: int | None) -> None:
        while self.stack.pid(service) == doomed:
            await asyncio.sleep(0.05)
        self.died.append(service)
        await asyncio.to_thread(self.stack.start_service, service)

    async def clean(self, but: frozenset[str] = frozenset()) -> dict[str, list[str]]:
        """The gaps of the reconciliation, by check; waits, within bounds, until there is none `but` the expected."""
        gaps: dict[str, list[str]] = {}

        async def without_gaps() -> bool:
            nonlocal gaps
            verdict = await reconcile(self.stack.environment(), deep=True)
            gaps = {check.name: check.gaps[:5] for check in verdict.checks if not check.clean}
            return set(gaps) == but

        with contextlib.suppress(AssertionError):
            await eventually(without_gaps, within=45)
        return gaps


@asynccontextmanager
async def arena(stack: Stack) -> AsyncIterator[Arena]:
    """Around a started stack."""
    doors, insight = doors_of(stack), Insight.of(stack.environment())
    doors.patience = 150.0
    try:
        yield Arena(stack, doors, insight)
    finally:
        await doors.close()
        insight.close()
