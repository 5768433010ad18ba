"""The deadline evening: `make evening`, smaller with `ARGS="--centers 300 --minutes 1"`.

So many centers send a report of 200 KB to 2 MB within so many minutes to a whole local stack, while the broker and the
database are killed and started again once each and a tenth of the centers lose the line in the middle of a part and
resume. Then the inspection is awaited, and everything is reconciled: what the clients were told against what the
database has, and that by `saraban verify`. Exit code 1 if a report or an answer was lost, a receipt stands twice, one
in a hundred waited 5 s for `complete`, or the evening lasted longer than its minutes (and a twentieth, and 20 s for the
last to come).

A last group of centers then sends as fast as it goes, and once all of that is done, the same client puts the same bytes
into the object store alone: as fast as it goes, and at the pace of the evening. The throughput beside that is told,
with its aim of 0.7.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from deploy.local.crowd.campaign import Campaign
from deploy.local.crowd.demo import doors_of
from deploy.local.crowd.doors import Doors
from deploy.local.crowd.steps import Step, Steps
from deploy.local.crowd.waiting import Insight, until_whole
from deploy.local.roll.generator import generate
from deploy.local.roll.writers import write_xlsx
from deploy.local.stack import Stack
from deploy.local.verify.reconcile import reconcile
from deploy.local.verify.screen import show
from shared.thai.calendar import now_in_bangkok
from tests.bench.processors import used
from tests.bench.rawstore import RawStore
from tests.bench.reckoning import Evening, Plan, compare, tell
from tests.bench.senders import Sender, arrive

TOKEN_SECONDS = 6 * 3600
DROPPING = 0.1


async def run(stack: Stack, plan: Plan, steps: Steps, console: Console) -> bool:
    doors, insight = doors_of(stack), Insight.of(stack.environment())
    doors.token = lambda role, org: stack.token(role, org, ttl=TOKEN_SECONDS)
    doors.patience = 300.0
    evening = Evening(plan, f"evening-{now_in_bangkok():%H%M%S}")
    try:
        centers = await prepare(doors, insight, evening, steps)
        sender = Sender(doors, evening.round, plan.seed)
        sender.listen()
        await the_evening(stack, sender, evening, centers[: plan.centers], steps)
        await settle(insight, evening, steps)
        await at_once(sender, evening, centers[plan.centers :], steps)
        await settle(insight, None, steps)
        await by_the_store_alone(stack, sender, evening, centers[plan.centers :], steps)
        with steps.step("verify", "ตรวจสอบว่าไม่มีอะไรหาย / verify that nothing was lost"):
            evening.faults += await compare(insight, evening)
            verdict = await reconcile(stack.environment(), deep=plan.deep)
        steps.__exit__(None, None, None)  # the bars are done; tables follow
        show(console, verdict)
        tell(console, evening)
    finally:
        await doors.close()
        insight.close()
    return verdict.clean and not evening.faults


async def prepare(doors: Doors, insight: Insight, evening: Evening, steps: Steps) -> list[str]:
    """A round with its roll, known everywhere, and everybody signed in. The centers' codes."""
    plan, campaign = evening.plan, Campaign(doors, evening.round)
    count = plan.centers + plan.burst
    with steps.step("roll", f"สร้างรอบและบัญชีรายชื่อ / a round and a roll of {count:,} centers") as (step, _):
        roll = await asyncio.to_thread(generate, count, plan.seed)
        await campaign.create((now_in_bangkok() + timedelta(days=1)).replace(microsecond=0))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "roll.xlsx"
            await asyncio.to_thread(write_xlsx, roll, file)
            await campaign.import_roll(file)
        await campaign.open()
        await until_whole(insight.projected, step.tick, within=600)
    codes = [row.code for row in roll.rows]
    with steps.step("tokens", "ทุกศูนย์ลงชื่อเข้าใช้ / everybody signs in") as (step, _):
        for number, code in enumerate(codes, 1):
            await doors.bearer("center", code)
            step.tick(number, len(codes))
    return codes


async def the_evening(stack: Stack, sender: Sender, evening: Evening, centers: Sequence[str], steps: Steps) -> None:
    plan = evening.plan
    title = f"{len(centers):,} ศูนย์ส่งรายงานใน {plan.minutes:g} นาที / centers send within {plan.minutes:g} minutes"
    with steps.step("evening", title) as (step, note):
        names = list(stack.servers)
        before, started = used(stack, names), time.monotonic()
        outages = asyncio.create_task(strike(stack, evening, step)) if plan.faults else None
        seconds = plan.minutes * 60
        evening.sent = await arrive(sender, centers, seconds, at_once=plan.at_once, dropping=DROPPING, tick=step.tick)
        evening.seconds = time.monotonic() - started
        if outages:
            await outages
        # A process that was started again has begun to count anew: what it had used before is not in this.
        after = used(stack, names)
        evening.cpu = {name: value - (before[name] if value >= before[name] else 0) for name, value in after.items()}
        evening.answers = list(sender.answers)
        note.append(", ".join(evening.outages))


async def strike(stack: Stack, evening: Evening, step: Step) -> None:
    """After a third of the time the broker is killed, after two thirds the database; each is started again at once."""
    for name in ("kafka", "mongo"):
        await asyncio.sleep(evening.plan.minutes * 60 / 3)
        started = time.monotonic()
        await asyncio.to_thread(stack.kill, name)
        await asyncio.to_thread(stack.restart, name)
        evening.outages.append(f"{name} was away for {time.monotonic() - started:.1f} s")


async def settle(insight: Insight, evening: Evening | None, steps: Steps) -> None:
    started = time.monotonic()
    with steps.step("decide", "ตรวจรายงานที่รับแล้ว / inspect what was received") as (step, _):
        await until_whole(insight.undecided, step.tick, within=3_600)
    if evening:
        evening.inspected_after = time.monotonic() - started
    with steps.step("mail", "ส่งหนังสือแจ้งทุกฉบับ / send every notice") as (step, _):
        await until_whole(insight.mailed, step.tick, within=3_600)
    with steps.step("announce", "ประกาศเหตุการณ์ที่เหลือ / announce what is left") as (step, _):
        await until_whole(insight.announced, step.tick, within=300)


async def at_once(sender: Sender, evening: Evening, centers: Sequence[str], steps: Steps) -> None:
    plan = evening.plan
    with steps.step("burst", f"{len(centers):,} ศูนย์ส่งพร้อมกัน / centers send at once") as (step, _):
        started = time.monotonic()
        evening.burst = await arrive(sender, centers, 0, at_once=plan.at_once, dropping=0, tick=step.tick)
        evening.burst_seconds = time.monotonic() - started


async def by_the_store_alone(
    stack: Stack, sender: Sender, evening: Evening, centers: Sequence[str], steps: Steps
) -> None:
    """The same bytes by the same client, while nothing else goes on: as fast as it goes, then at the evening's pace."""
    plan = evening.plan
    with steps.step("raw", "ไบต์ชุดเดียวกันลงที่เก็บไฟล์โดยตรง / the same bytes to the store alone") as (step, _):
        store = RawStore(stack.environment(), sender.doors.http)
        await store.open()
        started = time.monotonic()
        await store.put_all(centers, sender.body_of, at_once=plan.at_once, seconds=0, tick=step.tick)
        evening.raw_burst_seconds = time.monotonic() - started
        pace = plan.centers / (plan.minutes * 60)
        started = time.monotonic()
        evening.raw_paced = await store.put_all(
            centers, sender.body_of, at_once=plan.at_once, seconds=len(centers) / pace, tick=step.tick
        )
        evening.raw_paced_seconds = time.monotonic() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--centers", type=int, default=10_002)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--burst", type=int, default=None, help="centers that send as fast as it goes, afterwards")
    parser.add_argument("--at-once", type=int, default=48, help="centers that send at the same time, at most")
    parser.add_argument("--seed", type=int, default=2569)
    parser.add_argument("--calm", action="store_true", help="kill nothing")
    parser.add_argument("--deep", action="store_true", help="read every byte again when verifying")
    chosen = parser.parse_args()
    burst = min(300, max(20, chosen.centers // 10)) if chosen.burst is None else chosen.burst
    plan = Plan(
        chosen.centers, chosen.minutes, burst, chosen.at_once, chosen.seed, faults=not chosen.calm, deep=chosen.deep
    )
    console = Console(width=None if sys.stdout.isatty() else 140)
    with tempfile.TemporaryDirectory(prefix="saraban-evening-") as directory:
        stack = Stack(Path(directory), ports="ephemeral", environ={})
        try:
            with Steps(console) as steps:
                with steps.step("up", "เริ่มเซิร์ฟเวอร์และบริการ / start the servers and services"):
                    stack.start()
                clean = asyncio.run(run(stack, plan, steps, console))
        finally:
            stack.stop()
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
