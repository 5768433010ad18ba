"""The whole system as processes, and one small round that was run through it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local.crowd.demo import doors_of
from deploy.local.crowd.doors import Doors
from deploy.local.crowd.rehearsal import Outcome, Plan, rehearse
from deploy.local.crowd.steps import Steps
from deploy.local.crowd.waiting import Insight
from deploy.local.stack import Stack
from tests.e2e.planting import Planter
from tests.world import a_stack

PLAN = Plan(roll=60, crowd=40, seed=7, ahead=25)
CONTROL = "Saraban-Control-7f3k"
"""Stands in the environment of every service, so that a search of their memory has something to find."""

KINDS = {
    *("password", "username", "bearer token", "rotated password", "claim code"),
    *("sealed username", "sealed password", "batch key", "code key", "master key", "short code"),
}


@dataclass
class Round:
    """A system, and what a rehearsal in it came to."""

    stack: Stack
    doors: Doors
    insight: Insight
    outcome: Outcome
    folder: Path
    traces: Path
    crashes: Path
    """Where dumps of the services would land."""
    environ: dict[str, str]
    """What its stack was given: who restarts a service gives it the same."""


@pytest.fixture(scope="package")
async def finished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Round]:
    folder = tmp_path_factory.mktemp("whole")
    traces, crashes = folder / "traces.jsonl", folder / "crashes"
    crashes.mkdir()
    environ = {"SARABAN_TRACE_FILE": str(traces), "SARABAN_CONTROL": CONTROL}
    stack = a_stack(folder / "data", environ)
    async with contextlib.AsyncExitStack() as ending:
        ending.callback(stack.stop)
        with contextlib.chdir(crashes):
            stack.start()
        doors, insight = doors_of(stack), Insight.of(stack.environment())
        ending.push_async_callback(doors.close)
        ending.callback(insight.close)
        with Steps(Console(quiet=True)) as steps:
            outcome = await rehearse(doors, insight, PLAN, steps)
        yield Round(stack, doors, insight, outcome, folder / "data", traces, crashes, environ)


@pytest.fixture(scope="package")
async def planted(finished: Round) -> Planter:
    """Secrets of every kind, of offices that had done nothing yet."""
    busy = {story.person.code for story in finished.outcome.stories}
    centers = finished.insight.mongos["registry"].documents("centers")
    idle = [(d["_id"], d["email"]) async for d in centers.each({}) if d["_id"] not in busy][:6]
    planter = Planter(finished.stack, finished.doors, finished.outcome.round, finished.insight.mongos["credentials"])
    for center, email in idle[:2]:
        await planter.claimed(center, email)
    await planter.rotated(*idle[1])
    await planter.printed(idle[2][0])
    await planter.sealed(idle[3][0], idle[4][0])
    await planter.claimed(*idle[3], "sealed password")
    assert {secret.kind for secret in planter.secrets} | {"short code"} == KINDS
    assert len(set(planter.numbers)) >= 3
    return planter
