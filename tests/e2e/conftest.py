"""The whole system as processes, and one small round that was run through it."""

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


@dataclass
class Round:
    """A system, and what a rehearsal in it came to."""

    stack: Stack
    doors: Doors
    insight: Insight
    outcome: Outcome
    folder: Path
    traces: Path


@pytest.fixture(scope="package")
async def finished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Round]:
    folder = tmp_path_factory.mktemp("whole")
    traces = folder / "traces.jsonl"
    kind = os.environ.get("SARABAN_TEST_STACK", "local")
    stack = Stack(folder / "data", kind=kind, ports="ephemeral", environ={"SARABAN_TRACE_FILE": str(traces)})  # type: ignore[arg-type]
    stack.start()
    doors, insight = doors_of(stack), Insight.of(stack.environment())
    try:
        with Steps(Console(quiet=True)) as steps:
            outcome = await rehearse(doors, insight, PLAN, steps)
        yield Round(stack, doors, insight, outcome, folder / "data", traces)
    finally:
        await doors.close()
        insight.close()
        stack.stop()
