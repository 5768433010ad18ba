"""Why a verdict does not count, as problem documents."""

from typing import Final

from services.submissions.receipts.codes import spoken
from services.submissions.reviewing.rules import CannotReview, Code, NoSuchReport
from shared.http import Problem, ProblemKind

REPORT_UNKNOWN: Final = ProblemKind(
    "report-unknown", 404, "ศูนย์นี้ไม่มีรายงานฉบับนี้", "The center has no such version",
    "ตรวจเลขใบรับหรือเลขฉบับ", "Check the receipt or the version.",
)  # fmt: skip
OVERTAKEN: Final = ProblemKind(
    "review-overtaken", 409, "ศูนย์ส่งฉบับใหม่กว่ามาแล้ว ผลพิจารณาฉบับเดิมใช้ไม่ได้",
    "The center has sent a newer version; a verdict on the old one does not count",
    "อ่านฉบับใหม่แล้วพิจารณาอีกครั้ง", "Read the newer version and judge that.",
)  # fmt: skip
NOT_INSPECTED: Final = ProblemKind(
    "report-not-inspected", 409, "รายงานฉบับนี้ยังอยู่ระหว่างตรวจไฟล์", "The file of this version is still being inspected",
    "รอสักครู่แล้วลองใหม่", "Wait a moment and try again.",
)  # fmt: skip
NOT_ACCEPTED: Final = ProblemKind(
    "report-not-accepted", 409, "ไฟล์ของรายงานฉบับนี้ไม่ผ่านการตรวจ", "The file of this version did not pass its inspection",
    "รอศูนย์ส่งฉบับใหม่", "Wait for a new version.",
)  # fmt: skip
REVIEWED_ALREADY: Final = ProblemKind(
    "reviewed-already", 409, "รายงานฉบับนี้มีผลพิจารณาแล้ว", "This version has been judged already",
    "หากต้องแก้ผล ให้ระบุ replaces เป็นเลขของผลเดิม", "To correct the verdict, name it in `replaces`.",
)  # fmt: skip
NO_REASONS: Final = ProblemKind(
    "reasons-missing", 422, "การส่งกลับต้องบอกเหตุผล", "A return needs its reasons",
    "ใส่เหตุผลอย่างน้อยหนึ่งข้อ", "Give at least one.",
)  # fmt: skip
DUE_UNUSABLE: Final = ProblemKind(
    "due-unusable", 422, "วันที่ต้องส่งคืนใช้ไม่ได้", "The day by which it must be back cannot be used",
    "ใช้วันในอนาคต ไม่เกินหนึ่งปี", "Give a time to come, within a year.",
)  # fmt: skip
TOO_MANY_REVIEWS: Final = ProblemKind(
    "too-many-reviews", 409, "มีผลพิจารณามากเกินกำหนดแล้ว", "Too many verdicts were given",
    "ติดต่อผู้ดูแลระบบ", "Ask the operator.",
)  # fmt: skip

_KINDS: Final[dict[Code, tuple[ProblemKind, str]]] = {
    "overtaken": (OVERTAKEN, "body.receipt"),
    "not_inspected": (NOT_INSPECTED, "body.receipt"),
    "not_accepted": (NOT_ACCEPTED, "body.receipt"),
    "reviewed_already": (REVIEWED_ALREADY, "body.replaces"),
    "no_reasons": (NO_REASONS, "body.reasons"),
    "due_unusable": (DUE_UNUSABLE, "body.due"),
    "too_many": (TOO_MANY_REVIEWS, "path.center"),
}


def cannot_review(refusal: CannotReview | NoSuchReport) -> Problem:
    """Why a verdict does not count."""
    if isinstance(refusal, NoSuchReport):
        return REPORT_UNKNOWN.problem(where="body.receipt")
    kind, where = _KINDS[refusal.code]
    if refusal.code == "overtaken" and refusal.current:
        newer = spoken(refusal.current)
        return kind.problem(f"ฉบับใหม่มีใบรับเลขที่ {newer}", f"The newer version has receipt {newer}.", where=where)
    if refusal.code == "reviewed_already" and refusal.current:
        return kind.problem(f"ผลเดิมคือ {refusal.current}", f"The verdict that stands is {refusal.current}.", where=where)
    return kind.problem(where=where)
