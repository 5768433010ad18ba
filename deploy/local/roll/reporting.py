"""Shows what a registry said of a roll: counts first, then each cell that needs somebody."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.roll.client import Refused, Report

_NAMED = 10
"""Centers that are named here; the report has all."""
VERDICTS = {
    "rejected": ("ไม่รับ / rejected", "red"),
    "repeated": ("ซ้ำ / repeated", "dim"),
    "repaired": ("แก้ให้แล้ว / repaired", "yellow"),
    "accepted": ("รับ / accepted", "green"),
}
OUTCOMES = {
    "rehearsed": "ตรวจโดยไม่เปลี่ยนข้อมูล / rehearsed",
    "imported": "นำเข้าแล้ว / imported",
    "waiting": "รอผู้อื่นอนุมัติ ยังไม่เปลี่ยนข้อมูล / waits for a second person",
}
GONE = {
    "part": "คงอยู่ เพราะไฟล์เป็นเพียงบางส่วน / they stay: the file is a part of the roll",
    "held": "คงอยู่ เพราะบางแถวอ่านรหัสศูนย์ไม่ได้ / they stay: rows without a readable code may be theirs",
    "leave": "ออกจากบัญชีรอบนี้ / they leave the roll",
    "wait": "จะออกจากบัญชีเมื่อผู้อื่นอนุมัติ / they leave once a second person approves",
    "refused": "ออกจากรอบที่เปิดแล้วได้ด้วยคำสั่งเท่านั้น / an open round: they leave by an order alone",
}
CHANGES = {
    "centers_added": "ศูนย์ใหม่ / centers added",
    "centers_changed": "ศูนย์ที่เปลี่ยน / centers changed",
    "centers_moved": "ศูนย์ที่ย้ายสังกัด / of these, moved",
    "centers_unchanged": "ศูนย์ที่เหมือนเดิม / centers unchanged",
    "organizations_added": "หน่วยงานใหม่ / organizations added",
    "organizations_changed": "หน่วยงานที่เปลี่ยน / organizations changed",
    "listed": "เข้าบัญชีรอบนี้ / joined the round's roll",
    "absent": "อยู่ในบัญชีแต่ไม่มีในไฟล์ / on the roll, not in the file",
    "obligations": "ต้องส่งรายงานเพิ่ม / new obligations",
}


def show_report(console: Console, report: Report, most: int) -> None:
    """Print the counts, then up to `most` findings, rejections first."""
    content = report.content
    counts = Table(box=box.SIMPLE, show_header=False, title=f"{OUTCOMES[content['outcome']]} · {content['round']}")
    counts.add_column()
    counts.add_column(justify="right")
    counts.add_row("แถว / rows", f"{content['rows']['total']:,}")
    for verdict, (words, color) in VERDICTS.items():
        counts.add_row(Text(words, style=color), f"{content['rows'][verdict]:,}")
    for name, words in CHANGES.items():
        if content["changes"][name]:
            counts.add_row(words, f"{content['changes'][name]:,}")
    console.print(counts)
    _show_gone(console, content)
    if content["ignored_lines"]:
        lines = ", ".join(str(line) for line in content["ignored_lines"])
        console.print(Text(f"บรรทัดที่ไม่ใช่แถวของศูนย์ / lines that are no center's row: {lines}", style="dim"))
    if content["findings"]:
        _show_findings(console, content, most)


def _show_gone(console: Console, content: Mapping[str, Any]) -> None:
    """What becomes of centers that the file does not name, and who moves from where to where."""
    gone = content["diff"]["gone"]
    if gone["count"] or content["gone"] == "held":
        names = ", ".join(f"{each['code']} {each['name']}" for each in gone["first"][:_NAMED])
        console.print(Text(f"{content['changes']['absent']:,} · {GONE.get(content['gone'], '')}", style="yellow"))
        console.print(Text(f"  {names}{' …' if gone['count'] > _NAMED else ''}", style="dim"))
    for each in content["diff"]["moved"]["first"][:_NAMED]:
        console.print(Text(f"  {each['code']} {each['name']}: {each['was']} → {each['becomes']}"))
    if content["request"]:
        number, route = content["request"]["id"], f"/v1/rounds/{content['round']}/roll/requests"
        console.print(Text(f"คำขอ / request {number}\n  POST {route}/{number}/approve", style="bold"))


def _show_findings(console: Console, content: Mapping[str, Any], most: int) -> None:
    order = list(VERDICTS)
    findings = sorted(content["findings"], key=lambda found: (order.index(found["verdict"]), found["row"]))
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("แถว\nrow", justify="right")
    table.add_column("คอลัมน์\ncolumn")
    table.add_column("ค่าที่พบ\nvalue", overflow="fold")
    table.add_column("เหตุ\nreason", overflow="fold")
    table.add_column("น่าจะเป็น\nsuggestion", overflow="fold")
    for found in findings[:most]:
        color = VERDICTS[found["verdict"]][1]
        table.add_row(
            str(found["row"]),
            Text(" ".join(found["column"].split())),
            Text(found["value"]),
            Text.assemble((found["message"], color), "\n", (found["message_en"], "dim")),
            Text(found["suggestion"] or ""),
        )
    console.print(table)
    total = sum(content["reasons"].values())
    if total > most:
        console.print(
            Text(f"แสดง {min(most, len(findings)):,} จาก {total:,} รายการ / shown of all; --most N", style="dim")
        )


def show_refusal(console: Console, refused: Refused) -> None:
    """Print a problem document: what is wrong, where, and what to do."""
    problem = refused.problem
    console.print(Text(f"{problem.get('title', 'ถูกปฏิเสธ')} / {problem.get('title_en', 'refused')}", style="bold red"))
    for thai, english in (("detail", "detail_en"), ("hint", "hint_en")):
        if problem.get(thai) and problem[thai] != problem.get("title"):
            console.print(Text(f"{problem[thai]}\n{problem.get(english, '')}"))
    if problem.get("where"):
        console.print(Text(f"ที่ / at: {problem['where']}", style="dim"))
    console.print(Text(f"{refused.status} {problem.get('type', '')}", style="dim"))
