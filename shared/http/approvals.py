"""The refusals of the two-person rule as problem documents: one wording, whichever service says it."""

from typing import Final

from shared.http.problems import Problem, ProblemKind
from shared.security.approval import (
    AlreadySettled,
    ApprovalRefusal,
    NotTheAsker,
    RequestExpired,
    SamePerson,
    TierTooLow,
)
from shared.thai.calendar import format_moment, in_bangkok

REQUEST_UNKNOWN: Final = ProblemKind(
    "request-unknown", 404, "ไม่มีคำขอนี้", "There is no such request",
    "ตรวจเลขคำขอ", "Check the request's id.",
)  # fmt: skip
SECOND_PERSON: Final = ProblemKind(
    "second-person-needed", 403, "ต้องให้ผู้อื่นเป็นผู้พิจารณา", "This takes a second person",
    "ผู้ขอพิจารณาคำขอของตนเองไม่ได้ ให้เจ้าหน้าที่อีกคนในระดับเดียวกันหรือสูงกว่าพิจารณา",
    "Who asked cannot decide; let another officer of the same tier or a higher one do it.",
)  # fmt: skip
NOT_THE_ASKER: Final = ProblemKind(
    "not-the-asker", 403, "ถอนคำขอได้เฉพาะผู้ขอ", "Only who asked can withdraw it",
    "ถ้าไม่เห็นชอบ ให้ใช้การไม่อนุมัติ", "Refuse it instead.",
)  # fmt: skip
TIER_TOO_LOW: Final = ProblemKind(
    "tier-too-low", 403, "ต้องให้เจ้าหน้าที่ระดับเดียวกับผู้ขอหรือสูงกว่า", "This is for the asker's tier or a higher one",
    "ขอให้เจ้าหน้าที่ระดับนั้นอนุมัติ", "Ask an officer of such a tier to decide.",
)  # fmt: skip
REQUEST_EXPIRED: Final = ProblemKind(
    "request-expired", 409, "คำขอหมดอายุแล้ว", "The request has expired",
    "ยื่นคำขอใหม่", "Ask again.",
)  # fmt: skip
REQUEST_SETTLED: Final = ProblemKind(
    "request-settled", 409, "คำขอนี้พิจารณาไปแล้ว", "The request is decided already",
    "ดูผลของคำขอ", "Look at what was decided.",
)  # fmt: skip

_STATES: Final = {
    "asked": ("ยังรอการพิจารณา", "nobody has decided yet"),
    "approved": ("อนุมัติแล้ว", "it was approved"),
    "refused": ("ไม่อนุมัติ", "it was refused"),
    "withdrawn": ("ผู้ขอถอนแล้ว", "it was withdrawn"),
    "undone": ("ยกเลิกผลแล้ว", "it was undone"),
}


def of_approval(refusal: ApprovalRefusal, where: str = "path") -> Problem:
    """The problem with a step that the two-person rule refuses."""
    match refusal:
        case SamePerson():
            return SECOND_PERSON.problem(where=where)
        case NotTheAsker():
            return NOT_THE_ASKER.problem(where=where)
        case TierTooLow(role):
            return TIER_TOO_LOW.problem(
                f"{TIER_TOO_LOW.title} ({role.value})", f"{TIER_TOO_LOW.title_en} ({role.value}).", where=where
            )
        case RequestExpired(at):
            return REQUEST_EXPIRED.problem(
                f"หมดอายุเมื่อ{format_moment(at)}", f"It expired at {in_bangkok(at).isoformat()}.", where=where
            )
        case AlreadySettled(state):
            thai, english = _STATES[state]
            return REQUEST_SETTLED.problem(f"สถานะคำขอ: {thai}", f"The request stands so: {english}.", where=where)
