"""Why a framework, a draft or a summary is refused, as problem documents."""

from typing import Final

from services.submissions.problems import report_stands
from services.submissions.refusals import AlreadyApproved, ResendingOver
from services.submissions.summary.answers import (
    CannotSend,
    DraftChanged,
    FrameworkChanged,
    NoDraft,
    Places,
    TooManySent,
)
from shared.http import Problem, ProblemKind
from shared.http.problems import PlaceAtFault

FRAMEWORK_MISSING: Final = ProblemKind(
    "framework-missing", 404, "รอบนี้ยังไม่มีกรอบการประเมิน", "This round has no framework (of that version)",
    "รอให้ สมศ. หรือกรมประกาศกรอบการประเมินก่อน", "Wait until ONESQA or the department has published one.",
)  # fmt: skip
TOO_MANY_FRAMEWORKS: Final = ProblemKind(
    "too-many-frameworks", 409, "ประกาศกรอบการประเมินหลายฉบับเกินกำหนด",
    "Too many versions of the framework were published",
    "ใช้ฉบับล่าสุดที่ประกาศแล้ว หรือติดต่อผู้ดูแลระบบ", "Use the newest one, or ask the operator.",
)  # fmt: skip
FRAMEWORK_CHANGED: Final = ProblemKind(
    "framework-changed", 409, "กรอบการประเมินของรอบนี้เปลี่ยนแล้ว", "Another version of the framework counts by now",
    "ตรวจแบบร่างกับกรอบฉบับใหม่ บันทึก แล้วส่งอีกครั้ง", "Check the draft against the newest version, save it and send it again.",
)  # fmt: skip
ANSWERS_UNKNOWN: Final = ProblemKind(
    "answers-unknown", 422, "มีรหัสที่ไม่อยู่ในกรอบการประเมิน หรือซ้ำกัน", "A code is not in the framework, or stands twice",
    "ใช้รหัสตามกรอบการประเมินของรอบ", "Use the codes of the round's framework.",
)  # fmt: skip
SUMMARY_INCOMPLETE: Final = ProblemKind(
    "summary-incomplete", 422, "แบบสรุปยังไม่ครบ", "The summary is not complete",
    "กรอกให้ครบทุกตัวบ่งชี้และทุกมาตรฐานแล้วส่งอีกครั้ง", "Rate every indicator, say what is strong and needed in every standard.",
)  # fmt: skip
DRAFT_MISSING: Final = ProblemKind(
    "draft-missing", 404, "ยังไม่มีแบบร่าง", "There is no draft yet",
    "บันทึกแบบร่างก่อน", "Save one first.",
)  # fmt: skip
DRAFT_CHANGED: Final = ProblemKind(
    "draft-changed", 412, "แบบร่างถูกแก้ไขจากอีกเครื่องหนึ่ง", "Another device has changed the draft since",
    "อ่านแบบร่างล่าสุด รวมส่วนที่แก้ แล้วบันทึกอีกครั้ง", "Read the newest draft, merge your changes and save again.",
)  # fmt: skip
CONDITION_MISSING: Final = ProblemKind(
    "condition-missing", 428, "ต้องบอกว่าแก้ไขจากแบบร่างฉบับใด", "Say which revision of the draft this follows",
    "ส่ง If-Match ด้วยค่า ETag ที่อ่านได้ล่าสุด", "Send If-Match with the ETag that was read last.",
)  # fmt: skip
SUMMARY_MISSING: Final = ProblemKind(
    "summary-missing", 404, "ศูนย์นี้ยังไม่ได้ส่งแบบสรุป", "This center has sent no summary (of that version)",
    "ตรวจเลขฉบับ หรือรอศูนย์ส่งแบบสรุป", "Check the version, or wait until the center has sent one.",
)  # fmt: skip
TOO_MANY_SUMMARIES: Final = ProblemKind(
    "too-many-summaries", 409, "ส่งแบบสรุปหลายฉบับเกินกำหนดแล้ว", "Too many versions of the summary were sent",
    "ติดต่อ อปท. ต้นสังกัด", "Ask the parent organization.",
)  # fmt: skip

_MOST_NAMED: Final = 20
_WHAT: Final = {"level": "ระดับ", "strengths": "จุดเด่น", "needs": "จุดที่ควรพัฒนา"}


def unknown_answers(places: Places) -> Problem:
    """Which codes of a draft the framework does not know."""
    errors = [PlaceAtFault(where=f"body.{where}", fault=fault) for where, fault in places.faults[:_MOST_NAMED]]
    return ANSWERS_UNKNOWN.problem(where=errors[0].where, errors=errors)


def draft_changed(changed: DraftChanged) -> Problem:
    """The draft is at another revision."""
    return DRAFT_CHANGED.problem(
        f"แบบร่างล่าสุดคือฉบับแก้ไขที่ {changed.revision}",
        f"The newest draft is revision {changed.revision}.",
        where="header.If-Match",
    )


def cannot_send(refusal: CannotSend) -> Problem:
    """Why a summary cannot be sent."""
    match refusal:
        case DraftChanged():
            return draft_changed(refusal)
        case NoDraft():
            return DRAFT_MISSING.problem(where="path.center")
        case FrameworkChanged(version):
            return FRAMEWORK_CHANGED.problem(f"ฉบับล่าสุดคือฉบับที่ {version}", f"The newest is version {version}.")
        case Places(faults):
            return _incomplete(faults)
        case ResendingOver() | AlreadyApproved():
            return report_stands(refusal, where="path.center")
        case TooManySent():
            return TOO_MANY_SUMMARIES.problem()


def _incomplete(faults: tuple[tuple[str, str], ...]) -> Problem:
    lacking = [tuple(where.rsplit(" ", 1)) for where, _ in faults]
    code, what = lacking[0]
    more, more_en = (f" และอีก {len(lacking) - 1} แห่ง", f", and {len(lacking) - 1} more") if lacking[1:] else ("", "")
    return SUMMARY_INCOMPLETE.problem(
        f"ขาด{_WHAT[what]}ของ {code}{more}",
        f"Missing: {what} of {code}{more_en}.",
        where=f"draft.{code}",
        errors=[PlaceAtFault(where=f"draft.{code}", fault=f"{what} missing") for code, what in lacking[:_MOST_NAMED]],
    )
