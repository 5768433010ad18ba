"""What people see of a form: five pages and their refusals, Thai first, days in the Buddhist Era. Pure: text out.

Each page is whole in itself. Its policy allows its own style, by its hash, no script at all, and posting to the places
that it names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from services.submissions.domain import Duty, on_time_until
from services.submissions.forms.form import Form
from services.submissions.forms.rules import CONFIRM_WITHIN, Posted
from services.submissions.forms.style import STYLE, STYLE_HASH
from services.submissions.forms.tickets import LENGTH
from services.submissions.receipts.codes import spoken
from services.submissions.sizes import in_english, in_thai
from shared.blobs import SignedPost
from shared.http import Problem
from shared.thai.calendar import buddhist_year, format_moment, in_bangkok
from shared.thai.numerals import to_thai

PRIVATE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Facts:
    """Whose report it is, by when, and what the form takes."""

    center: str
    name: str | None
    round: str
    deadline: datetime
    on_time_until: datetime
    late: bool
    form: Form

    @classmethod
    def of(cls, name: str | None, duty: Duty, opened_at: datetime, form: Form, now: datetime) -> "Facts":
        """The same, from the rules; `late` is whether a file that is confirmed now would be."""
        until = on_time_until(duty, opened_at)
        return cls(duty.center, name, duty.round.round, duty.deadline, until, now > until, form)


def answer(
    html: str, *, status: int = 200, post_to: tuple[str, ...] = (), more: Mapping[str, str] | None = None
) -> HTMLResponse:
    """A page as it goes out. It may post to this service, and to the places of `post_to`."""
    origins = dict.fromkeys(f"{one.scheme}://{one.netloc}" for one in map(urlsplit, post_to))
    places = " ".join(("'self'", *origins))
    policy = (
        f"default-src 'none'; style-src {STYLE_HASH}; form-action {places}; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        **PRIVATE,
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        **(more or {}),
    }
    return HTMLResponse(html, status_code=status, headers=headers)


def code_page(largest: int) -> str:
    """Where the code is typed in."""
    return _page(
        "ส่งรายงาน SAR",
        _heading("ส่งรายงานการประเมินตนเอง (SAR)", "Send a self-assessment report, without any script")
        + _said(
            f"หน้านี้รับไฟล์ PDF หนึ่งไฟล์ ขนาดไม่เกิน {in_thai(largest)} หากไฟล์ใหญ่กว่านี้หรือสัญญาณอ่อน "
            "ให้ส่งทางหน้าส่งไฟล์ตามปกติ ซึ่งส่งต่อจากที่ค้างได้",
            f"One PDF file of at most {in_english(largest)}. For larger files or a weak signal use the usual page, "
            "which goes on where it stopped.",
        )
        + f'<form method="post" action="forms">{_code_field()}{_button("เปิดหน้าส่งไฟล์", "Open the page")}</form>',
    )


def file_page(facts: Facts, post: SignedPost) -> str:
    """Where the file is chosen; it goes straight to the store."""
    return _page(
        "เลือกไฟล์รายงาน",
        _heading("เลือกไฟล์แล้วกดส่ง", "Choose the file and send it")
        + _list(facts)
        + _lateness(facts)
        + _file_form(facts, post),
    )


def confirm_page(upload: str, etag: str, facts: Facts | None = None, size: int | None = None) -> str:
    """Where the store sends the browser. `facts` and `size` stand where the browser has shown the code."""
    return _page(
        "ยืนยันการส่ง",
        _arrived(size)
        + (_lateness(facts) if facts else "")
        + _confirm_form(upload, etag)
        + (_list(facts, posted=True) if facts else ""),
    )


def waiting_page(address: str, posted: Posted, facts: Facts, post: SignedPost | None) -> str:
    """Where the code was typed again and a file waits: to confirm it at `address` or, in time, to choose another."""
    html = _arrived(posted.size) + _list(facts, posted=post is None) + _lateness(facts)
    if post is None:
        over = facts.form.until + CONFIRM_WITHIN
        html += _box(
            "warn",
            f"ส่งไฟล์อื่นด้วยรหัสนี้ไม่ได้แล้ว ยืนยันไฟล์ที่มาถึงได้ถึง{format_moment(over)}",
            f"This code takes no other file any more; the one that arrived may be confirmed until {_moment(over)}.",
        )
    html += _confirm_form(address, posted.etag)
    if post:
        html += _said(
            "หากไฟล์ที่มาถึงไม่ใช่ไฟล์ที่ต้องการ ให้เลือกไฟล์อื่นแทน", "Or, if that is not the file you want, choose another."
        )
        html += _file_form(facts, post)
    return _page("ยืนยันการส่ง", html)


def code_again_page(upload: str, etag: str) -> str:
    """The browser kept no cookie: the code once more, and the same press of the button."""
    return _page(
        "ใส่รหัสอีกครั้ง",
        _heading("ใส่รหัสส่งไฟล์อีกครั้งเพื่อยืนยัน", "Type the code once more to confirm")
        + _said(
            "เบราว์เซอร์ของท่านไม่ได้จำรหัสไว้ ไฟล์ยังอยู่ ไม่ต้องส่งใหม่", "Your browser did not keep the code. The file is safe."
        )
        + f'<form method="post" action="{escape(upload)}">{_hidden("etag", etag) if etag else ""}{_code_field()}'
        + _button("ยืนยันการส่ง", "Hand the file in")
        + "</form>",
    )


def trouble_page(problem: Problem, back: str) -> str:
    """A refusal: what, and what to do. `back` is where a code is typed in."""
    told = problem.document
    thai = [one for one in dict.fromkeys((told.title, told.detail, told.hint)) if one]
    english = [one.rstrip(".") for one in dict.fromkeys((told.title_en, told.detail_en, told.hint_en)) if one]
    rest = "".join(f"<p>{escape(line)}</p>" for line in thai[1:])
    return _page(
        thai[0],
        f'<h1>{escape(thai[0])}</h1><div class="stop">{rest}<p lang="en">{escape(". ".join(english))}.</p></div>'
        f'<p><a href="{escape(back)}">กลับไปหน้าใส่รหัส<span lang="en">Back to the code</span></a></p>',
    )


def _arrived(size: int | None) -> str:
    came = f" (ขนาด {in_thai(size)})" if size else ""
    came_en = f" ({in_english(size)})" if size else ""
    return _heading("ไฟล์มาถึงแล้ว แต่ยังไม่ได้ส่ง", "The file has arrived and is not handed in yet") + _said(
        f"ตรวจแล้วกดปุ่มด้านล่าง{came} วันเวลาที่กดคือวันเวลาที่ระบบรับรายงาน",
        f"Press the button{came_en}: the moment you press counts as the moment of receipt.",
    )


def _confirm_form(address: str, etag: str) -> str:
    return (
        f'<form method="post" action="{escape(address)}">{_hidden("etag", etag) if etag else ""}'
        + _button("ยืนยันการส่ง (ขั้นที่ ๒ จาก ๒)", "Hand the file in (step 2 of 2)")
        + "</form>"
    )


def _file_form(facts: Facts, post: SignedPost) -> str:
    """Posts to the store, and says what its refusals mean. The file's field must be the last one."""
    hidden = "".join(_hidden(name, value) for name, value in post.fields.items())
    size, size_en = in_thai(facts.form.largest), in_english(facts.form.largest)
    return (
        f'<form method="post" enctype="multipart/form-data" action="{escape(post.url)}">{hidden}'
        f'<label for="file">ไฟล์ PDF ไม่เกิน {size}<span lang="en">a PDF file of at most {size_en}</span></label>'
        '<input id="file" type="file" name="file" accept="application/pdf,.pdf" required>'
        + _button("ส่งไฟล์ (ขั้นที่ ๑ จาก ๒)", "Send the file (step 1 of 2)")
        + "</form>"
        + _box(
            "warn",
            "เมื่อไฟล์ถึงแล้ว หน้าถัดไปจะให้กด “ยืนยันการส่ง” หากไม่กด ระบบจะถือว่ายังไม่ได้ส่งรายงาน",
            "The next page asks you to confirm. Until you do, nothing is handed in.",
        )
        + _said(
            "หากขึ้นหน้าภาษาอังกฤษที่มีคำว่า Error แปลว่าไฟล์ไม่ถูกรับ: EntityTooLarge คือไฟล์ใหญ่เกิน ให้ลดขนาดภาพแล้วบันทึกใหม่; "
            "EntityTooSmall คือไฟล์ว่าง; AccessDenied คือหมดเวลา ให้กลับมาเปิดหน้านี้ด้วยรหัสเดิมหรือขอรหัสใหม่",
            "If a page with the word Error comes up, the file was not taken: EntityTooLarge (reduce its images), "
            "EntityTooSmall (it is empty) or AccessDenied (its time is over: open this page again, or ask for another "
            "code).",
            small=True,
        )
    )


def _list(facts: Facts, *, posted: bool = False) -> str:
    """What a sender must know before the data is spent, and before the file is handed in."""
    name = f"{facts.name} ({facts.center})" if facts.name else facts.center
    rows = (
        ("ศูนย์", "center", name, None),
        ("รอบการประเมิน", "round", facts.round, None),
        ("กำหนดส่ง", "due by", format_moment(facts.deadline), _moment(facts.deadline)),
        ("ส่งและยืนยันให้ทันภายใน", "on time until", format_moment(facts.on_time_until), _moment(facts.on_time_until)),
        ("แบบส่งนี้ใช้ได้ถึง", "this form works until", format_moment(facts.form.until), _moment(facts.form.until)),
    )
    return "<dl>" + "".join(_row(*row) for row in (rows[:-1] if posted else rows)) + "</dl>"


def _row(thai: str, name: str, value: str, english: str | None) -> str:
    more = f'<span lang="en">{escape(english)}</span>' if english else ""
    return f'<dt>{escape(thai)} <span lang="en">{escape(name)}</span></dt><dd>{escape(value)}{more}</dd>'


def _lateness(facts: Facts) -> str:
    if not facts.late:
        return ""
    return _box("warn", "เลยกำหนดแล้ว ยังส่งได้ แต่จะนับว่าส่งช้า", "The deadline has passed: a report is still taken, as late.")


def _moment(at: datetime) -> str:
    day = in_bangkok(at)
    return f"{day.day} {day:%B} B.E. {buddhist_year(day.date())} ({day.year}), {day:%H:%M} Thai time"


def _code_field() -> str:
    groups = spoken("X" * LENGTH)
    return (
        f'<label for="code">รหัสส่งไฟล์ {to_thai(LENGTH)} ตัว'
        f'<span lang="en">the code of {LENGTH} letters and digits</span></label>'
        f'<input id="code" name="code" required maxlength="80" autocomplete="off" autocapitalize="characters" '
        f'spellcheck="false" placeholder="{groups}">'
    )


def _heading(thai: str, english: str) -> str:
    return f'<h1>{escape(thai)}<span lang="en">{escape(english)}</span></h1>'


def _said(thai: str, english: str, *, small: bool = False) -> str:
    kind = ' class="small"' if small else ""
    return f'<p{kind}>{escape(thai)}<span lang="en">{escape(english)}</span></p>'


def _box(kind: str, thai: str, english: str) -> str:
    return f'<div class="{kind}">{escape(thai)}<span lang="en">{escape(english)}</span></div>'


def _button(thai: str, english: str) -> str:
    return f'<button type="submit">{escape(thai)}<span lang="en">{escape(english)}</span></button>'


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="th"><head><meta charset="utf-8"><title>{escape(title)} · สารบรรณ</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
