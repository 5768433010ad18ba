"""Why ONESQA sends a report back, and the one sentence that tells a center what to do about it. Pure."""

from dataclasses import dataclass
from typing import Final, get_args

from shared.contracts.events import ReasonCode, ReturnReason


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason to return a report. `code` is stable: other systems and the events hold on to it."""

    code: ReasonCode
    sentence: str
    sentence_en: str

    @property
    def told(self) -> ReturnReason:
        """As events and letters carry it."""
        return ReturnReason(code=self.code, sentence=self.sentence, sentence_en=self.sentence_en)


_ALL = (
    Reason(
        "wrong_center",
        "รายงานนี้เป็นของศูนย์อื่น กรุณาส่งรายงานของศูนย์ท่านเอง",
        "This is another center's report. Send your own.",
    ),
    Reason(
        "wrong_year",
        "รายงานนี้เป็นของปีการศึกษาอื่น กรุณาส่งรายงานของปีการศึกษาที่กำหนด",
        "This report is of another academic year. Send the one of the year that was asked for.",
    ),
    Reason(
        "incomplete",
        "รายงานขาดบางส่วน กรุณาเติมให้ครบทุกส่วนแล้วส่งใหม่",
        "Parts of the report are missing. Complete it and send it again.",
    ),
    Reason(
        "standard_missing",
        "รายงานยังไม่ครบทุกมาตรฐาน กรุณาประเมินให้ครบแล้วส่งใหม่",
        "Not every standard is covered. Assess them all and send it again.",
    ),
    Reason(
        "evidence_missing",
        "ยังไม่มีหลักฐานหรือข้อมูลสนับสนุนผลการประเมิน กรุณาเพิ่มแล้วส่งใหม่",
        "The ratings lack evidence. Add it and send the report again.",
    ),
    Reason(
        "unsigned",
        "รายงานยังไม่มีผู้ลงนามรับรอง กรุณาให้ผู้มีอำนาจลงนามแล้วส่งใหม่",
        "The report is not signed by whoever is in charge. Have it signed and send it again.",
    ),
    Reason(
        "illegible",
        "บางหน้าอ่านไม่ออก กรุณาสแกนใหม่ให้ชัดแล้วส่งอีกครั้ง",
        "Some pages cannot be read. Scan them again and send the report anew.",
    ),
    Reason(
        "summary_differs",
        "ผลประเมินในแบบสรุปไม่ตรงกับในรายงาน กรุณาแก้ให้ตรงกันแล้วส่งใหม่",
        "The summary and the report do not agree. Correct them and send again.",
    ),
    Reason(
        "other",
        "โปรดอ่านข้อสังเกตของ สมศ. ในระบบ แก้ไขแล้วส่งใหม่",
        "Read ONESQA's remarks in the system, correct the report and send it again.",
    ),
)

REASONS: Final[dict[ReasonCode, Reason]] = {reason.code: reason for reason in _ALL}
assert set(REASONS) == set(get_args(ReasonCode)), "each code has its sentences"
