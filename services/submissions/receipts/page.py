"""The page that a phone shows after its camera has read a receipt's code. Whole in itself: no script, no link."""

from datetime import datetime
from html import escape
from typing import Final

from services.submissions.domain import Standing
from services.submissions.receipts.codes import spoken
from services.submissions.receipts.views import ReceiptView
from shared.thai.calendar import buddhist_year, format_moment, in_bangkok

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
STATES: Final[dict[Standing, tuple[str, str]]] = {
    "received": ("ได้รับแล้ว กำลังตรวจไฟล์", "received; its file is being inspected"),
    "accepted": ("ได้รับแล้ว ไฟล์ผ่านการตรวจ", "received; its file passed the inspection"),
    "rejected": ("ไฟล์ใช้ไม่ได้ ต้องส่งใหม่", "its file was refused; another must be sent"),
    "returned": ("สมศ. ส่งกลับให้แก้ไข", "returned by ONESQA for correction"),
    "approved": ("สมศ. รับรายงานแล้ว", "accepted by ONESQA"),
}
_STYLE: Final = """
body{font:18px/1.6 Sarabun,"TH Sarabun New",system-ui,sans-serif;max-width:36rem;margin:1.5rem auto;padding:0 1rem;
color:#1b1f24;background:#fff}h1{font-size:1.35rem;margin:.2rem 0}dl{margin:1rem 0}dt{font-weight:700;margin-top:.6rem}
dd{margin:0;overflow-wrap:anywhere}.en{color:#57606a;font-size:.85em}code{font-family:ui-monospace,monospace}
.code{font-size:1.5rem;letter-spacing:.06em;border:1px solid #1b1f24;padding:.4rem;text-align:center;margin:.8rem 0}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}.en{color:#8b949e}.code{border-color:#e6edf3}}
"""


def receipt_page(receipt: ReceiptView) -> str:
    """What a stranger may know of a receipt, Thai first, days in the Buddhist Era."""
    state, state_en = STATES[receipt.state]
    late, late_en = ("หลังกำหนด", "after the deadline") if receipt.late else ("ภายในกำหนด", "on time")
    facts = (
        ("รอบการประเมิน", "round", receipt.round),
        ("รหัสศูนย์", "center", receipt.center),
        ("ได้รับเมื่อ", "received", _moment(receipt.received_at)),
        ("ส่ง", "in time?", f"{late}\n{late_en}"),
        ("สถานะ", "state", f"{state}\n{state_en}"),
        ("ตรวจไฟล์เสร็จเมื่อ", "file decided on", _moment(receipt.decided_at)),
        *((("สมศ. พิจารณาเมื่อ", "reviewed", _moment(receipt.reviewed_at)),) if receipt.reviewed_at else ()),
        ("SHA-256 ของไฟล์", "SHA-256 of the file", receipt.sha256),
    )
    listed = "".join(
        f'<dt>{escape(thai)} <span class="en">{escape(name)}</span></dt><dd>{_lines(value)}</dd>'
        for thai, name, value in facts
    )
    return _page(
        f"ใบรับ {spoken(receipt.code)}",
        f'<h1>ใบรับนี้เป็นของจริง</h1><p class="en">This receipt is genuine.</p>'
        f'<p class="code"><code>{escape(spoken(receipt.code))}</code></p><dl>{listed}</dl>'
        "<p>เทียบเลขใบรับและ SHA-256 กับที่ท่านถืออยู่ หากไม่ตรงกัน ใบรับที่ท่านถืออาจถูกแก้ไข</p>"
        '<p class="en">Compare code and SHA-256 with those you hold: if they differ, yours may have been changed.</p>',
    )


def unknown_page() -> str:
    """There is no receipt with this code."""
    return _page(
        "ไม่พบใบรับ",
        '<h1>ไม่พบใบรับเลขนี้</h1><p class="en">There is no receipt with this code.</p>'
        "<p>ตรวจเลขใบรับ ๑๒ ตัวอีกครั้ง หากสแกนจากกระดาษแล้วยังไม่พบ ใบรับนั้นอาจไม่ใช่ของจริง</p>"
        '<p class="en">Check its twelve characters. If you scanned it from paper, it may not be genuine.</p>',
    )


def _moment(at: datetime | None) -> str:
    if at is None:
        return "ยังตรวจไม่เสร็จ\nnot yet"
    when = in_bangkok(at)
    english = f"{when.day} {when:%B} B.E. {buddhist_year(when.date())} ({when.year}), {when:%H:%M} Thai time"
    return f"{format_moment(at)}\n{english}"


def _lines(value: str) -> str:
    first, *rest = value.split("\n")
    return escape(first) + "".join(f'<br><span class="en">{escape(line)}</span>' for line in rest)


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="th"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>{body}</html>'
    )
