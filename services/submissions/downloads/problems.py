"""Why a file is not handed out, as problem documents."""

from typing import Final

from services.submissions.downloads.rules import (
    CopyMissing,
    NoFile,
    NotAccepted,
    OriginalNotForYou,
    ReasonMissing,
    Why,
    may_have_originals,
)
from services.submissions.reviewing.problems import REPORT_UNKNOWN
from shared.http import Problem, ProblemKind
from shared.http.problems import CLUSTER_UNKNOWN
from shared.security.principals import Principal

__all__ = ["CLUSTER_UNKNOWN", "REPORT_UNKNOWN", "no_file", "no_originals"]

FILE_NOT_ACCEPTED: Final = ProblemKind(
    "file-not-accepted", 409, "ไฟล์ฉบับนี้ยังไม่ผ่านการตรวจ จึงดาวน์โหลดไม่ได้", "This file has not passed its inspection",
    "รอผลการตรวจ หรือเลือกฉบับอื่น", "Wait for the inspection, or choose another version.",
)  # fmt: skip
ORIGINAL_NOT_FOR_YOU: Final = ProblemKind(
    "original-not-for-you", 403, "ท่านดาวน์โหลดได้เฉพาะสำเนาที่ปลอดภัย", "You may have the copy, not the file as it was sent",
    "ขอแบบ file=copy", "Ask for file=copy.",
)  # fmt: skip
WHY_MISSING: Final = ProblemKind(
    "why-missing", 422, "การขอไฟล์ต้นฉบับต้องบอกเหตุผล", "Say why you need the file as it was sent",
    "ระบุ why", "Give `why`.",
)  # fmt: skip
COPY_MISSING: Final = ProblemKind(
    "copy-missing", 409, "รายงานฉบับนี้ไม่มีสำเนาที่ปลอดภัย", "There is no copy of this report",
    "ผู้ประเมินหรือผู้ตรวจสอบขอต้นฉบับได้โดยบอกเหตุผล", "An assessor or auditor may ask for the original and say why.",
)  # fmt: skip


def no_file(refusal: NoFile) -> Problem:
    """Why there is no file for this principal."""
    match refusal:
        case NotAccepted():
            return FILE_NOT_ACCEPTED.problem(where="path.version")
        case OriginalNotForYou():
            return ORIGINAL_NOT_FOR_YOU.problem(where="body.file")
        case ReasonMissing():
            return WHY_MISSING.problem(where="body.why")
        case CopyMissing():
            return COPY_MISSING.problem(where="path.version")


def no_originals(who: Principal, why: Why | None) -> Problem | None:
    """Why an archive of the files as they were sent is not for this principal; None if it is."""
    if not may_have_originals(who):
        return ORIGINAL_NOT_FOR_YOU.problem(where="query.file")
    return WHY_MISSING.problem(where="query.why") if why is None else None
