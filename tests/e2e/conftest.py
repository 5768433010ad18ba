"""The whole system as processes, and one small round that was run through it."""

import contextlib
import os
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

PLAN = Plan(roll=60, crowd=40, seed=7, ahead=25)
CONTROL = "Saraban-Control-7f3k"
"""Stands in the environment of every service, so that a search of their memory has something to find."""


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


@pytest.fixture(scope="package")
async def finished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Round]:
    folder = tmp_path_factory.mktemp("whole")
    traces, crashes = folder / "traces.jsonl", folder / "crashes"
    crashes.mkdir()
    environ = {"SARABAN_TRACE_FILE": str(traces), "SARABAN_CONTROL": CONTROL}
    kind = os.environ.get("SARABAN_TEST_STACK", "local")
    stack = Stack(folder / "data", kind=kind, ports="ephemeral", environ=environ)  # type: ignore[arg-type]
    with contextlib.chdir(crashes):
        stack.start()
    doors, insight = doors_of(stack), Insight.of(stack.environment())
    try:
        with Steps(Console(quiet=True)) as steps:
            outcome = await rehearse(doors, insight, PLAN, steps)
        yield Round(stack, doors, insight, outcome, folder / "data", traces, crashes)
    finally:
        await doors.close()
        insight.close()
        stack.stop()
