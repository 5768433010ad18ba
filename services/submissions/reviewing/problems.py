"""Why a verdict does not count, as problem documents."""

from typing import Final

from services.submissions.receipts.codes import spoken
from services.submissions.reviewing.refusals import WORDS, Code
from services.submissions.reviewing.rules import CannotReview, NoSuchReport
from shared.http import Problem, ProblemKind

REPORT_UNKNOWN: Final = ProblemKind(
    "report-unknown", 404, "ศูนย์นี้ไม่มีรายงานฉบับนี้", "The center has no such version",
    "ตรวจเลขใบรับหรือเลขฉบับ", "Check the receipt or the version.",
)  # fmt: skip


def _kind(slug: str, status: int, code: Code) -> ProblemKind:
    words = WORDS[code]
    return ProblemKind(slug, status, words.title, words.title_en, words.hint, words.hint_en)


_KINDS: Final[dict[Code, tuple[ProblemKind, str]]] = {
    "overtaken": (_kind("review-overtaken", 409, "overtaken"), "body.receipt"),
    "not_inspected": (_kind("report-not-inspected", 409, "not_inspected"), "body.receipt"),
    "not_accepted": (_kind("report-not-accepted", 409, "not_accepted"), "body.receipt"),
    "reviewed_already": (_kind("reviewed-already", 409, "reviewed_already"), "body.replaces"),
    "no_reasons": (_kind("reasons-missing", 422, "no_reasons"), "body.reasons"),
    "due_unusable": (_kind("due-unusable", 422, "due_unusable"), "body.due"),
    "too_many": (_kind("too-many-reviews", 409, "too_many"), "path.center"),
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
