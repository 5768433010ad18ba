"""The receipt on paper: one page that a phone's camera and, years later, an auditor can check. Pure: bytes out.

It says what was signed and nothing that may change afterwards, so the same receipt is the same page. When the file was
decided on is known only after the receipt was given: it stands at the address that the page leads to.
"""

from dataclasses import dataclass

from services.submissions.receipts.codes import spoken
from services.submissions.receipts.signing import Receipt
from shared.paper import Paper
from shared.thai.calendar import buddhist_year, format_moment, in_bangkok
from shared.thai.numerals import to_thai


@dataclass(frozen=True, slots=True)
class Office:
    """Whose receipt it is, in words. Years are Buddhist Era."""

    name: str
    fiscal_year: int
    academic_year: int


def receipt_paper(receipt: Receipt, signed: str, office: Office, address: str) -> bytes:
    """A PDF of one page. `address` is where anybody may check it; `signed` travels inside the file as its keywords."""
    code = spoken(receipt.code)
    paper = Paper(f"ใบรับ {code}", made_at=receipt.received_at, footer=f"ใบรับ {code}", keywords=signed)
    paper.heading("ใบรับรายงานการประเมินตนเอง (SAR)")
    paper.heading("Receipt of a self-assessment report", size=13)
    paper.space(4)
    paper.code(code)
    paper.space(4)
    when = in_bangkok(receipt.received_at)
    years = f"ปีงบประมาณ พ.ศ. {to_thai(office.fiscal_year)} ปีการศึกษา {to_thai(office.academic_year)}"
    paper.labels(
        [
            ("ศูนย์ / center", f"{office.name} ({receipt.center})"),
            ("รอบ / round", f"{receipt.round} {years}"),
            ("ได้รับเมื่อ / received", f"{format_moment(receipt.received_at)} ({when:%H:%M:%S})"),
            ("", f"{when.day} {when:%B} B.E. {buddhist_year(when.date())} ({when.year}), {when:%H:%M:%S} Thai time"),
            ("ผล / result", "หลังกำหนด / after the deadline" if receipt.late else "ภายในกำหนด / on time"),
            ("ขนาด / size", f"{receipt.size:,} ไบต์ / bytes"),
            ("SHA-256", "\n".join((receipt.sha256[:32], receipt.sha256[32:]))),
        ],
        column=50,
    )
    paper.rule()
    with paper.beside_qr(address):
        paper.paragraph("ตรวจใบรับนี้", bold=True)
        paper.paragraph("สแกนรหัสด้านขวา หรือเปิดที่อยู่ด้านล่าง ผู้ใดมีเลขใบรับก็ตรวจได้ ไม่ต้องลงชื่อเข้าใช้")
        paper.paragraph("Scan the code or open the address: whoever has the receipt's code may check it.", size=11)
        paper.paragraph(
            "วันเวลาที่ตรวจไฟล์เสร็จและผลล่าสุดอยู่ที่เดียวกัน / When its file was decided on, and how it stands, is told there.",
            size=11,
        )
        paper.paragraph(address, size=11)
        paper.paragraph(
            "ตรวจได้โดยไม่ใช้เครือข่าย: saraban receipts check (ลายเซ็นอยู่ในไฟล์ PDF นี้) "
            "/ Offline: saraban receipts check; the signature is inside this PDF.",
            size=11,
        )
    return paper.pdf()
