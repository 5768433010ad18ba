"""What the demo tells in the end: tables of what happened."""

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from deploy.local.crowd.rehearsal import Outcome
from deploy.local.crowd.steps import Steps
from deploy.local.stack import Status
from shared.mongo import Mongo

MEGABYTE = 1 << 20


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", min_width=50)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def chain_table(outcome: Outcome) -> Table:
    """The tiers of the chain, in numbers."""
    table = _table("สิ่งที่เกิดขึ้น / what happened", "", "จำนวน / number")
    rows = outcome.roll_report["rows"]
    stories = outcome.stories
    facts = [
        ("ศูนย์ในบัญชีรายชื่อ / centers on the roll", rows["total"]),
        ("แถวที่รับ / rows accepted", rows["accepted"] + rows["repaired"]),
        ("ศูนย์ที่ต้องส่งรายงาน / obligations", outcome.opened["obligations"]),
        ("ผู้ถือบัญชีที่ผนึกรหัสแล้ว / holders sealed", outcome.sealed["credentials"]),
        ("ผู้ที่รับรหัสและยืนยัน / claimed and confirmed", sum(s.confirmed for s in (*stories, *outcome.laos))),
        ("รายงานที่ได้ใบรับ / reports receipted", sum(bool(s.receipt) for s in stories)),
        ("ในจำนวนนี้ ส่งหลังกำหนด / of them late", sum(bool(s.late) for s in stories)),
        ("สายหลุดแล้วส่งต่อได้ / cut and resumed", sum(s.resumed for s in stories)),
        ("ปริมาณไฟล์ MB / megabytes", sum(s.size for s in stories if s.receipt) // MEGABYTE),
        ("คำขอ HTTP / requests (ถามซ้ำ / repeated)", f"{outcome.asked:,} ({outcome.repeated:,})"),
    ]
    for name, number in facts:
        table.add_row(name, number if isinstance(number, str) else f"{number:,}")
    return table


async def decisions_table(submissions: Mongo, outcome: Outcome) -> Table:
    """Reports by what was decided, set against what the offices sent on purpose."""
    habits = {story.person.code: story.person.habit for story in outcome.stories}
    counts: Counter[tuple[str, str]] = Counter()
    async for document in submissions.documents("submissions").each({"round": outcome.round}):
        for report in document["reports"]:
            said = report["state"] if report["state"] != "rejected" else f"rejected: {report['reason']}"
            counts[habits.get(document["center"], "?"), said] += 1
    table = _table("ผลการตรวจ / decisions", "ที่ส่งมา / sent", "ผล / decision", "จำนวน / number")
    for (habit, said), count in sorted(counts.items()):
        table.add_row(habit, said, f"{count:,}")
    return table


async def mails_table(notifier: Mongo) -> Table:
    """Notices by kind and how they ended."""
    rows = await notifier.documents("deliveries").gather(
        [{"$group": {"_id": {"kind": "$kind", "state": "$state"}, "count": {"$sum": 1}}}]
    )
    table = _table("หนังสือแจ้ง / notices", "ชนิด / kind", "ผล / end", "จำนวน / number")
    for row in sorted(rows, key=lambda row: (row["_id"]["kind"], row["_id"]["state"])):
        table.add_row(row["_id"]["kind"], row["_id"]["state"], f"{row['count']:,}")
    return table


def time_table(outcome: Outcome, steps: Steps, whole: float) -> Table:
    """Seconds by step."""
    table = _table("เวลา / time", "ขั้น / step", "วินาที / seconds")
    for name, seconds in steps.seconds.items():
        table.add_row(name, f"{seconds:.1f}")
    table.add_row("นำเข้าจนทุกบริการรู้ / import until known everywhere", f"{outcome.import_to_projected:.1f}")
    table.add_row("ทั้งหมด / whole", f"{whole:.1f}")
    return table


def memory_table(found: Sequence[Status]) -> Table:
    """Peak memory of each process."""
    table = _table("หน่วยความจำสูงสุด / peak memory", "ส่วน / part", "MB")
    for one in found:
        if one.peak:
            table.add_row(one.name, f"{one.peak // MEGABYTE:,}")
    return table


def troubles_table(outcome: Outcome) -> Table:
    """Offices that could not do what they meant to."""
    table = _table("ศูนย์ที่มีปัญหา / offices in trouble", "รหัส / code", "habit", "trouble")
    for story in outcome.troubles[:20]:
        table.add_row(story.person.code, story.person.habit, story.trouble)
    return table
