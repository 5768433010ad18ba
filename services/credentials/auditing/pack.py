"""The subject pack: who saw or changed what about one subject, why and when, as data and as paper."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.credentials.auditing.views import PackEntry, SubjectPack
from services.credentials.auditing.words import meaning_of, who
from shared.contracts.events import AuditRecorded
from shared.mongo.trail import AuditTrail, place
from shared.paper import Paper
from shared.thai.calendar import format_moment
from shared.thai.numerals import to_thai

MOST: Final = 20_000
MOST_PRINTED: Final = 1_500
"""About forty pages."""
_PAGE: Final = 500


async def gather(trail: AuditTrail, subject: str) -> tuple[list[AuditRecorded], bool]:
    """Every entry about a subject, oldest first, and whether that is all."""
    found: list[AuditRecorded] = []
    after: str | None = None
    while len(found) < MOST:
        page = await trail.about(subject, after, _PAGE)
        found += [entry for _, entry in page]
        if len(page) < _PAGE:
            return found, True
        after = page[-1][0]
    return found, False


def pack(
    subject: str, entries: Sequence[AuditRecorded], made_at: datetime, kept_days: int, *, named: bool, complete: bool
) -> SubjectPack:
    """The pack of these entries. `named`: with references to persons, for auditors."""
    return SubjectPack(
        subject=subject,
        made_at=made_at,
        kept_days=kept_days,
        entries=[_entry(each, named=named) for each in entries],
        complete=complete,
    )


def printed(made: SubjectPack) -> bytes:
    """The pack as a PDF to hand to the subject."""
    paper = Paper(
        "รายงานการเข้าถึงข้อมูลของเจ้าของข้อมูล", made_at=made.made_at, footer="สารบรรณ · พ.ร.บ. คุ้มครองข้อมูลส่วนบุคคล พ.ศ. ๒๕๖๒"
    )
    paper.heading("รายงานการเข้าถึงข้อมูล", size=18)
    paper.paragraph("Who saw or changed what, why and when", size=11, align="C")
    paper.space(2)
    shown = made.entries[:MOST_PRINTED]
    paper.labels(
        [
            ("เรื่องของ", made.subject),
            ("จัดทำเมื่อ", format_moment(made.made_at)),
            ("จำนวน", to_thai(f"{len(made.entries)} รายการ") + ("" if made.complete else " (มีมากกว่านี้)")),
            ("เก็บรักษาไว้", to_thai(f"{made.kept_days} วัน นับจากวันที่เกิดรายการ")),
        ],
        size=12,
        column=30,
    )
    paper.space(2)
    paper.table(
        ["เมื่อ", "ใคร", "ทำอะไร", "เพื่ออะไร", "ผล"],
        [
            (
                format_moment(each.time, short=True),
                who(each.role, each.org),
                each.what,
                each.why,
                "ทำได้" if each.outcome == "allowed" else "ถูกปฏิเสธ",
            )
            for each in shown
        ],
        [5, 4, 5, 7, 2.5],
        size=10,
    )
    if len(shown) < len(made.entries):
        paper.paragraph(to_thai(f"พิมพ์ {len(shown)} รายการแรก รายการทั้งหมดอยู่ในไฟล์ JSON"), size=10)
    return paper.pdf()


def _entry(entry: AuditRecorded, *, named: bool) -> PackEntry:
    meaning = meaning_of(entry.action)
    return PackEntry(
        time=entry.time,
        role=entry.role,
        org=entry.org,
        actor=entry.actor if named else None,
        action=entry.action,
        **meaning._asdict(),
        outcome=entry.outcome,
        detail=entry.detail,
        entry=place(entry),
        hash=entry.hash,
    )
