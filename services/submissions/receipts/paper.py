"""The receipt on paper: one page that a phone's camera and, years later, an auditor can check. Pure: bytes out.

Above stands what was signed, the same on every print. Below stands what came of it by the time of the print: when its
file was decided on is known only after the receipt was given. How it stands later is told at the address.
"""

from dataclasses import dataclass
from datetime import datetime

from services.submissions.domain import Standing
from services.submissions.receipts.codes import spoken
from services.submissions.receipts.page import STATES
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


@dataclass(frozen=True, slots=True)
class Since:
    """What came of a receipt by the time it is printed. `late` is as it counts then."""

    printed_at: datetime
    state: Standing
    decided_at: datetime | None
    late: bool


def receipt_paper(receipt: Receipt, signed: str, office: Office, address: str, since: Since) -> bytes:
    """A PDF of one page. `address` is where anybody may check it; `signed` travels inside the file as its keywords."""
    code = spoken(receipt.code)
    paper = Paper(f"ใบรับ {code}", made_at=since.printed_at, footer=f"ใบรับ {code}", keywords=signed)
    paper.heading("ใบรับรายงานการประเมินตนเอง (SAR)")
    paper.heading("Receipt of a self-assessment report", size=13)
    paper.space(4)
    paper.code(code)
    paper.space(4)
    years = f"ปีงบประมาณ พ.ศ. {to_thai(office.fiscal_year)} ปีการศึกษา {to_thai(office.academic_year)}"
    paper.labels(
        [
            ("ศูนย์ / center", f"{office.name} ({receipt.center})"),
            ("รอบ / round", f"{receipt.round} {years}"),
            (
                "ได้รับเมื่อ / received",
                f"{format_moment(receipt.received_at)} ({in_bangkok(receipt.received_at):%H:%M:%S})",
            ),
            ("", _english(receipt.received_at)),
            ("ผล / result", " / ".join(_lateness(receipt.late))),
            ("ขนาด / size", f"{receipt.size:,} ไบต์ / bytes"),
            ("SHA-256", "\n".join((receipt.sha256[:32], receipt.sha256[32:]))),
        ],
        column=50,
    )
    paper.rule()
    paper.labels(_came_of_it(receipt, since), column=50)
    paper.rule()
    with paper.beside_qr(address):
        paper.paragraph("ตรวจใบรับนี้", bold=True)
        paper.paragraph("สแกนรหัสด้านขวา หรือเปิดที่อยู่ด้านล่าง ผู้ใดมีเลขใบรับก็ตรวจได้ ไม่ต้องลงชื่อเข้าใช้")
        paper.paragraph("Scan the code or open the address: whoever has the receipt's code may check it.", size=11)
        paper.paragraph(
            "ผลล่าสุดหลังวันที่พิมพ์อยู่ที่เดียวกัน / How it stands after the print is told there.",
            size=11,
        )
        paper.paragraph(address, size=11)
        paper.paragraph(
            "ตรวจได้โดยไม่ใช้เครือข่าย: saraban receipts check (ลายเซ็นอยู่ในไฟล์ PDF นี้) "
            "/ Offline: saraban receipts check; the signature is inside this PDF.",
            size=11,
        )
    return paper.pdf()


def _came_of_it(receipt: Receipt, since: Since) -> list[tuple[str, str]]:
    """In pairs of lines, Thai and English: both in one label are wider than its column."""
    undecided = "ยังตรวจไม่เสร็จ ณ วันที่พิมพ์", "not yet, as of the print"
    decided = (format_moment(since.decided_at), _english(since.decided_at)) if since.decided_at else undecided
    told = [("ตรวจไฟล์เสร็จเมื่อ", "file decided on", *decided), ("สถานะ", "state", *STATES[since.state])]
    if since.late != receipt.late:
        told.append(("ขณะนี้นับว่าส่ง", "counts now as", *_lateness(since.late)))
    told.append(("พิมพ์เมื่อ", "printed", format_moment(since.printed_at), _english(since.printed_at)))
    return [row for label, name, thai, english in told for row in ((label, thai), (name, english))]


def _english(at: datetime) -> str:
    when = in_bangkok(at)
    return f"{when.day} {when:%B} B.E. {buddhist_year(when.date())} ({when.year}), {when:%H:%M:%S} Thai time"


def _lateness(late: bool) -> tuple[str, str]:
    return ("หลังกำหนด", "after the deadline") if late else ("ภายในกำหนด", "on time")
