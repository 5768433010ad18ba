"""What is printed on an activation sheet. Never the credential itself; nobody's name or address but the office's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.paper import Paper
from shared.thai.calendar import format_moment
from shared.thai.numerals import to_thai

OFFICES: Final = {"department": "กรมส่งเสริมการปกครองท้องถิ่น", "operator": "ผู้ดูแลระบบ", "lao": "อปท. ต้นสังกัด"}


@dataclass(frozen=True)
class Sheet:
    """One holder's sheet. `place` are the names of its LAO, district and province; `reachable`: it has a contact."""

    name: str
    holder: str
    round: str
    place: str
    number: str
    code: str
    made_at: datetime
    ends: datetime
    by_role: str
    reachable: bool


def draw(sheets: Sequence[Sheet], page: str, made_at: datetime) -> bytes:
    """A page for each sheet, in order. `page` is the address of the claim page."""
    paper = Paper("ใบรับสิทธิเปิดรหัส e-SAR", made_at=made_at, footer="สารบรรณ · ใบนี้ไม่มีชื่อผู้ใช้และรหัสผ่าน")
    for sheet in sheets:
        _one(paper, sheet, page)
    return paper.pdf()


def _one(paper: Paper, sheet: Sheet, page: str) -> None:
    paper.page()
    paper.heading("ใบรับสิทธิเปิดชื่อผู้ใช้และรหัสผ่าน e-SAR")
    paper.paragraph("Activation sheet for an e-SAR account", size=11, align="C")
    paper.space(3)
    with paper.beside_qr(f"{page}#{sheet.code}", side=46):
        paper.labels(
            [
                ("เรียน", sheet.name),
                ("สังกัด", sheet.place),
                ("รหัสหน่วยงาน", sheet.holder),
                ("รอบการประเมิน", to_thai(sheet.round)),
                ("เลขที่ใบ", sheet.number),
                ("ผู้ออกใบ", OFFICES.get(sheet.by_role, sheet.by_role)),
                ("ออกเมื่อ", format_moment(sheet.made_at, short=True)),
                ("ใช้ได้ถึง", format_moment(sheet.ends, short=True)),
            ],
            column=36,
        )
    paper.space(3)
    paper.paragraph("รหัสรับสิทธิ / Claim code", size=11)
    paper.code(sheet.code, size=19)
    paper.space(2)
    paper.paragraph("วิธีเปิดรหัส", bold=True)
    paper.steps(
        [
            "สแกนคิวอาร์โค้ดด้วยกล้องโทรศัพท์ หรือเปิดหน้าเว็บตามที่อยู่ด้านล่าง แล้วพิมพ์รหัสรับสิทธิทั้ง ๖ กลุ่ม",
            "ระบบส่งรหัสยืนยัน ๖ หลักไปยังอีเมลที่หน่วยงานของท่านลงทะเบียนไว้ กรอกรหัสยืนยันภายใน ๑๐ นาที",
            "กด “เปิดดูรหัส” ชื่อผู้ใช้และรหัสผ่านจะแสดงเพียงครั้งเดียว จดเก็บในที่ปลอดภัย แล้วกด “ได้รับแล้ว”",
            "เปิดเสร็จแล้วให้ทำลายใบนี้ หากไม่ได้รับอีเมลหรือเปิดไม่ได้ ขอใบใหม่จาก อปท. ต้นสังกัด ใบเดิมจะใช้ไม่ได้",
        ]
    )
    paper.paragraph(page, size=12, align="C")
    paper.space(1)
    if not sheet.reachable:
        paper.note("หน่วยงานนี้ยังไม่มีอีเมลที่ลงทะเบียนไว้ ให้แจ้ง อปท. ต้นสังกัดบันทึกอีเมลก่อนเปิดรหัส")
        paper.space(2)
    paper.note(
        "ใบนี้อย่างเดียวเปิดรหัสไม่ได้ เจ้าหน้าที่ทุกระดับจะไม่ขอรหัสยืนยันหรือรหัสผ่านจากท่าน หากมีผู้ขอ หรือใบนี้หาย โปรดแจ้งอำเภอหรือจังหวัดทันที"
    )
    paper.paragraph(
        "This sheet alone opens nothing: the six-digit code goes to your registered mailbox. "
        "No officer will ever ask you for it. The username and password are shown once.",
        size=11,
    )
    paper.rule()
    paper.paragraph(
        "ผู้ส่งมอบ ลงชื่อ ........................................ วันที่ ........../........../..........", size=13
    )
    paper.space(2)
    paper.paragraph(
        "ผู้รับมอบ ลงชื่อ ........................................ วันที่ ........../........../..........", size=13
    )
