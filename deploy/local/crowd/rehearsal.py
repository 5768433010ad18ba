"""A whole round, from the roll to the last mail, with a crowd of offices at work."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.local.crowd.campaign import Campaign
from deploy.local.crowd.doors import Doors, RefusedError
from deploy.local.crowd.office import Office, Person, Story, people
from deploy.local.crowd.steps import Steps
from deploy.local.crowd.waiting import Insight, until_whole
from deploy.local.roll.generator import Roll, generate
from deploy.local.roll.writers import write_xlsx
from shared.thai.calendar import format_moment, now_in_bangkok

AT_ONCE = 24
"""Offices that are at it at the same moment."""
LAOS_CLAIMING = 0.1
"""What share as many LAOs as offices claim their own credential."""


@dataclass
class Plan:
    """How large a rehearsal is. `ahead` is how many seconds ahead the round's deadline lies when the round is made."""

    roll: int
    crowd: int
    seed: int = 2569
    ahead: float | None = None
    late: bool = True
    """Whether some offices come after the deadline; without them nobody waits for it."""

    @property
    def deadline(self) -> timedelta:
        """Without `ahead`, enough for the roll, the sealing and most of the crowd on two cores; then come the late."""
        return timedelta(seconds=self.ahead or 20 + self.roll * 0.008 + self.crowd * 0.13)


@dataclass
class Outcome:
    """What happened."""

    plan: Plan
    round: str
    deadline: datetime
    roll_report: dict[str, Any] = field(default_factory=dict)
    opened: dict[str, Any] = field(default_factory=dict)
    sealed: dict[str, Any] = field(default_factory=dict)
    stories: list[Story] = field(default_factory=list)
    laos: list[Story] = field(default_factory=list)
    import_to_projected: float = 0.0
    asked: int = 0
    repeated: int = 0

    @property
    def troubles(self) -> list[Story]:
        """Offices that could not do what they meant to."""
        return [story for story in (*self.stories, *self.laos) if story.trouble]


async def rehearse(doors: Doors, insight: Insight, plan: Plan, steps: Steps) -> Outcome:
    """Run a round. Raises RefusedError or TimeoutError when the system does not do what it should."""
    now = now_in_bangkok()
    outcome = Outcome(plan, f"demo-{now:%H%M%S}", (now + plan.deadline).replace(microsecond=0))
    campaign = Campaign(doors, outcome.round)
    with steps.step("roll", f"สร้างบัญชีรายชื่อ / draw a roll of {plan.roll:,} centers") as (_, note):
        roll = await asyncio.to_thread(generate, plan.roll, plan.seed)
        note.append(f"{len(roll.lao_codes):,} LAOs")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "roll.xlsx"
        await asyncio.to_thread(write_xlsx, roll, file)
        await _open_round(campaign, insight, outcome, file, steps)
    await _seal(campaign, outcome, steps)
    await _crowd(doors, outcome, roll, steps)
    await _settle(insight, outcome, steps)
    outcome.asked, outcome.repeated = doors.traffic.asked, doors.traffic.repeated
    return outcome


async def _open_round(campaign: Campaign, insight: Insight, outcome: Outcome, file: Path, steps: Steps) -> None:
    with steps.step("import", "นำเข้าบัญชีรายชื่อและเปิดรอบ / import the roll, open the round, known everywhere") as (
        step,
        note,
    ):
        await campaign.create(outcome.deadline)
        started = asyncio.get_running_loop().time()
        outcome.roll_report = await campaign.import_roll(file)
        imported = asyncio.get_running_loop().time() - started
        outcome.opened = await campaign.open()
        await until_whole(insight.projected, step.tick, within=300)
        outcome.import_to_projected = asyncio.get_running_loop().time() - started
        note.append(f"import {imported:.1f} s, the last projection after {outcome.import_to_projected:.1f} s;")
        note.append(f"ครบกำหนด / deadline {format_moment(outcome.deadline)}")


async def _seal(campaign: Campaign, outcome: Outcome, steps: Steps) -> None:
    with steps.step("seal", "ผนึกรหัสให้ผู้ถือบัญชีทุกราย / seal a credential for every holder") as (step, note):
        outcome.sealed = await campaign.seal(step.tick)
        note.append(f"{outcome.sealed['credentials']:,} holders")


async def _crowd(doors: Doors, outcome: Outcome, roll: Roll, steps: Steps) -> None:
    """Late offices wait for the deadline outside the gate, so that they keep nobody from working."""
    chosen = people(list(roll.rows), outcome.plan.crowd, outcome.plan.seed, late=outcome.plan.late)
    laos = _laos(roll, max(1, int(len(chosen) * LAOS_CLAIMING)))
    with steps.step("crowd", f"{len(chosen):,} ศูนย์รับรหัสและส่งรายงาน / centers claim and send") as (step, note):
        gate, done = asyncio.Semaphore(AT_ONCE), 0

        async def one(person: Person) -> Story:
            nonlocal done
            office = Office(doors, outcome.round, person, seed=outcome.plan.seed)
            try:
                async with gate:
                    await office.claim()
                    if person.role == "center" and person.habit != "late":
                        await office.report(outcome.deadline)
                if person.habit == "late":
                    await office.report(outcome.deadline)
            except (RefusedError, TimeoutError, httpx.HTTPError) as trouble:
                office.story.trouble = str(trouble) or type(trouble).__name__
            done += 1
            step.tick(done, len(chosen) + len(laos))
            return office.story

        told = await asyncio.gather(*(one(person) for person in (*chosen, *laos)))
        outcome.stories, outcome.laos = told[: len(chosen)], told[len(chosen) :]
        habits = Counter(story.person.habit for story in outcome.stories)
        note.append(", ".join(f"{habit} {count}" for habit, count in habits.most_common()))


def _laos(roll: Roll, count: int) -> Sequence[Person]:
    offices = {row.lao_code: row.lao_email for row in roll.rows}
    return [Person(code, email, "plain", "lao") for code, email in list(offices.items())[:count]]


async def _settle(insight: Insight, outcome: Outcome, steps: Steps) -> None:
    with steps.step("decide", "ตรวจรายงานที่รับแล้ว / inspect what was received") as (step, _):
        await until_whole(insight.undecided, step.tick, within=300)
    if now_in_bangkok() > outcome.deadline:
        with steps.step("deadline", "ประกาศผู้ที่เลยกำหนด / tell who missed the deadline") as (step, _):
            await until_whole(lambda: insight.past(outcome.round), step.tick, within=300)
    with steps.step("mail", "ส่งหนังสือแจ้งทุกฉบับ / send every notice") as (step, note):
        await until_whole(insight.mailed, step.tick, within=600)
        note.append(f"{(await insight.mailed())[1]:,} notices")
    with steps.step("announce", "ประกาศเหตุการณ์ที่เหลือ / announce what is left") as (step, _):
        await until_whole(insight.announced, step.tick, within=120)
