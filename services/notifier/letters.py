"""The words of each notice: Thai first, English beside it. No secret, and of persons nothing but the office's name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape

from services.notifier.alarms import alarm_text
from services.notifier.checks import Known
from services.notifier.deadlines import deadline_of, english_moment, thai_moment
from services.notifier.domain import Delivery, Kind, ReportFacts
from shared.contracts.events import RoundChanged
from shared.thai.numerals import to_thai

_GREETING = "เรียน {office}"
_GREETING_EN = "To: {office}"
_FORWARDED = "หนังสือแจ้งนี้เดิมถึงรหัส {code} ซึ่งควบรวมเข้ากับหน่วยงานของท่านแล้ว"
_FORWARDED_EN = "This was first for {code}, which has been merged into your office."
_CLOSING = "ระบบสารบรรณ (หนังสือแจ้งอัตโนมัติ ไม่ต้องตอบกลับ)"
_CLOSING_EN = "Saraban (sent automatically; please do not reply)"
_SIGN_IN = "โปรดลงชื่อเข้าใช้ระบบสารบรรณตามที่อยู่ที่ท่านใช้อยู่เดิม หนังสือแจ้งนี้ไม่มีลิงก์และไม่มีรหัสผ่าน"
_SIGN_IN_EN = "Please sign in to Saraban at the address you already use. This notice contains no link and no password."
_CLAIM = (
    "หน้ารับรหัส: {page} (ที่อยู่นี้ไม่มีรหัสใด ๆ ต้องใช้รหัสบนใบรับสิทธิที่ต้นสังกัดส่งให้ หรือลงชื่อเข้าใช้ระบบสารบรรณ) "
    "หนังสือแจ้งนี้ไม่มีรหัสผ่าน ระบบไม่เคยขอชื่อผู้ใช้หรือรหัสผ่าน e-SAR"
)
_CLAIM_EN = (
    "Claim it at {page} (the address holds no code; you need the one on the activation sheet that your organization "
    "hands you, or to sign in to Saraban). This notice contains no password, and nobody will ask you for one."
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be put in an envelope. Paragraphs are plain text."""

    subject: str
    thai: tuple[str, ...]
    english: tuple[str, ...]

    @property
    def text(self) -> str:
        """As plain text."""
        return "\n\n".join((*self.thai, "―" * 20, *self.english)) + "\n"

    @property
    def html(self) -> str:
        """As a simple page without anything to load or to click."""
        return (
            '<!doctype html><html lang="th"><meta charset="utf-8">'
            '<body style="font-family:Sarabun,Tahoma,sans-serif;line-height:1.6;max-width:40em">'
            f"{_paragraphs(self.thai)}<hr>"
            f'<div lang="en" style="color:#444">{_paragraphs(self.english)}</div></body></html>\n'
        )


def _paragraphs(texts: tuple[str, ...]) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the sentences are filled with, already in words."""

    round: RoundChanged
    deadline: datetime
    centers: int
    report: ReportFacts | None
    claim_page: str

    @property
    def fiscal(self) -> str:
        return f"ปีงบประมาณ พ.ศ. {to_thai(self.round.fiscal_year)}"

    @property
    def academic(self) -> str:
        return f"ปีการศึกษา {to_thai(self.round.academic_year)}"

    @property
    def filed(self) -> ReportFacts:
        assert self.report is not None  # a delivery about a report always carries its facts
        return self.report


def compose(delivery: Delivery, known: Known, claim_page: str = "") -> Letter:
    """The letter of a delivery that may be sent: its round and its office are known. `claim_page` is an address without
    any code.
    """
    assert known.round is not None
    assert known.office is not None
    center = delivery.recipient if delivery.holder == "center" else None
    due = deadline_of(known.round, delivery.path, center)
    facts = _Facts(known.round, due, known.centers, delivery.report, claim_page)
    alarm = delivery.alarm
    subject, thai, english = alarm_text(alarm, facts.fiscal) if alarm else _TEXTS[delivery.kind](facts)
    if delivery.forwarded_from is not None:
        thai = (_FORWARDED.format(code=delivery.forwarded_from), *thai)
        english = (_FORWARDED_EN.format(code=delivery.forwarded_from), *english)
    return Letter(
        subject,
        (_GREETING.format(office=known.office.name), *thai, _CLOSING),
        (_GREETING_EN.format(office=known.office.name), *english, _CLOSING_EN),
    )


Text = tuple[str, tuple[str, ...], tuple[str, ...]]


def _round_opened(facts: _Facts) -> Text:
    plural = "s" if facts.centers != 1 else ""
    return (
        f"แจ้งเปิดรอบการประเมิน {facts.fiscal} / Assessment round FY {facts.round.fiscal_year} is open",
        (
            (
                f"เปิดรอบการประเมินคุณภาพภายนอก {facts.fiscal} แล้ว "
                f"ศูนย์พัฒนาเด็กเล็กในสังกัดของท่านอยู่ในบัญชีรายชื่อ จำนวน {to_thai(facts.centers)} แห่ง"
            ),
            f"ขอให้ศูนย์ส่งรายงานการประเมินตนเอง (SAR) {facts.academic} ภายใน{thai_moment(facts.deadline)}",
            "โปรดแจ้งศูนย์ในสังกัด และรับทราบหนังสือแจ้งนี้ในระบบ",
            _SIGN_IN,
        ),
        (
            (
                f"The external quality assessment of fiscal year B.E. {facts.round.fiscal_year} is open. "
                f"{facts.centers} child development center{plural} of your organization are on the roll."
            ),
            (
                f"Each owes its self-assessment report (SAR) of academic year B.E. {facts.round.academic_year} "
                f"by {english_moment(facts.deadline)}."
            ),
            "Please tell your centers, and acknowledge this notice in Saraban.",
            _SIGN_IN_EN,
        ),
    )


def _credential_ready(facts: _Facts) -> Text:
    return (
        f"บัญชี e-SAR {facts.fiscal} พร้อมให้รับแล้ว / Your e-SAR account is ready to claim",
        (
            (
                f"ชื่อผู้ใช้และรหัสผ่าน e-SAR สำหรับรอบการประเมิน {facts.fiscal} ถูกผนึกไว้ให้หน่วยงานของท่านแล้ว "
                "หน่วยงานอื่นรวมทั้งต้นสังกัดเปิดดูไม่ได้"
            ),
            "เปิดรับได้ครั้งเดียว เมื่อขอรับ ระบบจะส่งรหัสยืนยัน ๖ หลักมายังอีเมลนี้ ห้ามบอกรหัสแก่ผู้ใด เจ้าหน้าที่จะไม่ขอรหัสจากท่าน",
            f"กำหนดส่งรายงาน (SAR) {facts.academic}: {thai_moment(facts.deadline)}",
            _CLAIM.format(page=facts.claim_page) if facts.claim_page else _SIGN_IN,
        ),
        (
            (
                f"The e-SAR username and password for the round of fiscal year B.E. {facts.round.fiscal_year} are "
                "sealed for your office; no other office, not even the one above you, can open them."
            ),
            (
                "They open once. When you claim them, a 6-digit code comes to this address. "
                "Tell it to nobody; no officer will ask for it."
            ),
            (
                f"The report (SAR) of academic year B.E. {facts.round.academic_year} is due by "
                f"{english_moment(facts.deadline)}."
            ),
            _CLAIM_EN.format(page=facts.claim_page) if facts.claim_page else _SIGN_IN_EN,
        ),
    )


def _report_received(facts: _Facts) -> Text:
    filed = facts.filed
    late, late_en = ("หลังกำหนด", "after the deadline") if filed.late else ("ภายในกำหนด", "on time")
    return (
        f"ได้รับรายงานของท่านแล้ว ใบรับ {filed.receipt} / Report received, receipt {filed.receipt}",
        (
            (
                f"ได้รับรายงาน (SAR) {facts.academic} ฉบับที่ {to_thai(filed.version)} "
                f"เมื่อ{thai_moment(filed.received_at)} ({late})"
            ),
            f"เลขใบรับ: {filed.receipt}",
            "ระบบกำลังตรวจไฟล์ และจะแจ้งผลอีกครั้ง เวลาที่ได้รับข้างต้นไม่เปลี่ยนตามเวลาตรวจ",
        ),
        (
            (
                f"Version {filed.version} of your report (SAR) of academic year B.E. {facts.round.academic_year} "
                f"was received on {english_moment(filed.received_at)} ({late_en})."
            ),
            f"Receipt: {filed.receipt}",
            "The file is being inspected; you will be told the result. The time of receipt above stands.",
        ),
    )


def _report_accepted(facts: _Facts) -> Text:
    filed = facts.filed
    return (
        f"รายงานผ่านการตรวจไฟล์แล้ว ใบรับ {filed.receipt} / Report accepted, receipt {filed.receipt}",
        (
            (
                f"รายงาน (SAR) {facts.academic} ฉบับที่ {to_thai(filed.version)} เลขใบรับ {filed.receipt} "
                "ผ่านการตรวจไฟล์แล้ว ไม่ต้องดำเนินการใดเพิ่ม"
            ),
        ),
        (
            (
                f"Version {filed.version} of your report (SAR) of academic year B.E. {facts.round.academic_year}, "
                f"receipt {filed.receipt}, passed the file inspection. Nothing more is needed."
            ),
        ),
    )


def _report_rejected(facts: _Facts) -> Text:
    filed = facts.filed
    return (
        f"รายงานใช้ไม่ได้ โปรดส่งใหม่ ใบรับ {filed.receipt} / Report refused, please send it again",
        (
            (
                f"รายงาน (SAR) {facts.academic} ฉบับที่ {to_thai(filed.version)} เลขใบรับ {filed.receipt} "
                f"ไม่ผ่านการตรวจไฟล์: {filed.sentence or 'ไฟล์ใช้ไม่ได้'}"
            ),
            f"โปรดแก้ไขและส่งใหม่ ภายใน{thai_moment(facts.deadline)}",
            _SIGN_IN,
        ),
        (
            (
                f"Version {filed.version} of your report (SAR) of academic year B.E. {facts.round.academic_year}, "
                f"receipt {filed.receipt}, was refused: {filed.sentence_en or 'the file can not be used'}"
            ),
            f"Please correct it and send it again by {english_moment(facts.deadline)}.",
            _SIGN_IN_EN,
        ),
    )


def _reminder(facts: _Facts) -> Text:
    return (
        f"เตือน: ยังไม่ได้รับรายงาน (SAR) {facts.academic} / Reminder: your report has not arrived",
        (
            f"ยังไม่ได้รับรายงานการประเมินตนเอง (SAR) {facts.academic} ของท่าน",
            f"กำหนดส่ง: {thai_moment(facts.deadline)}",
            "หากท่านส่งแล้วในขณะที่หนังสือแจ้งนี้กำลังเดินทาง ไม่ต้องดำเนินการใด",
            _SIGN_IN,
        ),
        (
            f"Your self-assessment report (SAR) of academic year B.E. {facts.round.academic_year} has not arrived yet.",
            f"It is due by {english_moment(facts.deadline)}.",
            "If you have sent it while this notice was on its way, there is nothing to do.",
            _SIGN_IN_EN,
        ),
    )


_TEXTS: dict[Kind, Callable[[_Facts], Text]] = {
    "round_opened": _round_opened,
    "credential_ready": _credential_ready,
    "report_received": _report_received,
    "report_accepted": _report_accepted,
    "report_rejected": _report_rejected,
    "reminder": _reminder,
}
