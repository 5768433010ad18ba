"""`saraban demo`: a national round on this machine, and the proof that nothing was lost."""

import asyncio
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.choice import DataOption, StackOption
from deploy.local.crowd import tables
from deploy.local.crowd.doors import Doors, RefusedError
from deploy.local.crowd.rehearsal import Outcome, Plan, rehearse
from deploy.local.crowd.steps import Steps
from deploy.local.crowd.waiting import Insight
from deploy.local.running import hear_the_end, watch
from deploy.local.screen import overview
from deploy.local.stack import Stack
from deploy.local.state import State, default_directory
from deploy.local.verify.reconcile import reconcile
from deploy.local.verify.screen import show

NATION = 10_002
CROWD = 500
FAST = Plan(roll=300, crowd=60)

console = Console(width=None if sys.stdout.isatty() else 120)


def demo(
    *,
    centers: Annotated[int, typer.Option(help="ศูนย์ที่รับรหัสและส่งรายงาน / Centers that claim and send.")] = CROWD,
    roll: Annotated[int, typer.Option(help="ศูนย์ในบัญชีรายชื่อ / Centers on the roll.")] = NATION,
    fast: Annotated[bool, typer.Option("--fast", help="รอบเล็ก ๓๐๐ ศูนย์ / A small round of 300 centers.")] = False,
    leave: Annotated[
        bool, typer.Option("--exit", help="จบแล้วหยุด รหัสจบคือคำตัดสิน / Stop at the end; the verdict is the exit code.")
    ] = False,
    data: DataOption = None,
    stack: StackOption = None,
) -> None:
    """ทั้งรอบของประเทศบนเครื่องนี้ พร้อมพิสูจน์ว่าไม่มีอะไรหาย / A national round here, and proof that nothing was lost."""
    plan = FAST if fast else Plan(roll=max(roll, centers), crowd=centers)
    directory = data or default_directory(stack or "local").with_name("saraban-demo")
    _empty(directory, given=data is not None)
    chosen = Stack(directory, kind=stack or "local")
    started = time.monotonic()
    hear_the_end()
    try:
        clean = _run(chosen, plan, started)
    except KeyboardInterrupt:
        chosen.stop()
        raise typer.Exit(130) from None
    except (RefusedError, TimeoutError) as failure:
        console.print(f"[bold red]✗ {failure}[/]\n  {directory / 'logs'}", soft_wrap=True, highlight=False)
        chosen.stop()
        raise typer.Exit(1) from None
    except BaseException:
        chosen.stop()
        raise
    if leave:
        chosen.stop()
        raise typer.Exit(0 if clean else 1)
    console.print(overview(chosen, chosen.status(), console.width))
    try:
        watch(chosen)
    except KeyboardInterrupt:
        chosen.stop()


def _run(chosen: Stack, plan: Plan, started: float) -> bool:
    with Steps(console) as steps:
        with steps.step("up", "เริ่มเซิร์ฟเวอร์และบริการ / start the servers and services"):
            chosen.start()
        return asyncio.run(_rehearse(chosen, plan, steps, started))


async def _rehearse(chosen: Stack, plan: Plan, steps: Steps, started: float) -> bool:
    doors = doors_of(chosen)
    insight = Insight.of(chosen.environment())
    try:
        outcome = await rehearse(doors, insight, plan, steps)
        with steps.step("verify", "ตรวจสอบว่าไม่มีอะไรหาย / verify that nothing was lost"):
            verdict = await reconcile(chosen.environment(), deep=True)
        steps.__exit__(None, None, None)  # the bars are done; tables follow
        await _tell(chosen, outcome, insight, steps, time.monotonic() - started)
        show(console, verdict)
    finally:
        await doors.close()
        insight.close()
    return verdict.clean and not outcome.troubles


async def _tell(chosen: Stack, outcome: Outcome, insight: Insight, steps: Steps, whole: float) -> None:
    said = [
        tables.chain_table(outcome),
        await tables.decisions_table(insight.mongos["submissions"], outcome),
        await tables.mails_table(insight.mongos["notifier"]),
        tables.time_table(outcome, steps, whole),
        tables.memory_table(chosen.status()),
        tables.troubles_table(outcome),
    ]
    for table in said:
        if table.row_count:
            console.print(table)


def doors_of(chosen: Stack) -> Doors:
    """The public addresses of a running stack."""
    addresses = {name: server.address for name, server in chosen.servers.items()}
    return Doors(
        registry=addresses["registry"],
        credentials=addresses["credentials"],
        submissions=addresses["submissions"],
        notifier=addresses["notifier"],
        mail=chosen.mail_page or "",
        token=chosen.token,
    )


def _empty(directory: Path, *, given: bool) -> None:
    """A demo begins with nothing. Its own folder is cleared; a folder of the user's must be new or a stack's."""
    if not directory.exists():
        return
    known = State(directory)
    if given and any(directory.iterdir()) and not known.exists:
        console.print(f"[red]{directory} ไม่ว่าง / is not empty and holds no stack: give another --data")
        raise typer.Exit(2)
    if known.exists:
        Stack(directory, kind=known.kind or "local").stop()
    shutil.rmtree(directory)
