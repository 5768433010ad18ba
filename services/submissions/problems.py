"""The refusals of this service as problem documents."""

from typing import Final

from services.submissions.domain import FailReason, Upload
from services.submissions.refusals import (
    AlreadyApproved,
    CannotOpen,
    FileTooLarge,
    NothingOwed,
    PartDigestChanged,
    PartsMissing,
    PartUnknown,
    ResendingOver,
    RoundNotOpen,
    Stands,
    TooManyReports,
    TooManyUploads,
    UploadOver,
    WrongFileType,
)
from services.submissions.sizes import in_english, in_thai
from shared.http import Problem, ProblemKind
from shared.http.problems import ROUND_NOT_OPEN
from shared.thai.calendar import format_moment, in_bangkok

UPLOAD_UNKNOWN: Final = ProblemKind(
    "upload-unknown", 404, "ไม่พบการส่งไฟล์นี้", "There is no such upload",
    "เริ่มส่งไฟล์ใหม่ ระบบจะต่อจากส่วนที่ส่งแล้วให้เองถ้าเป็นไฟล์เดิม",
    "Open an upload again: with the same file it goes on where it stopped.",
)  # fmt: skip
RECEIPT_UNKNOWN: Final = ProblemKind(
    "receipt-unknown", 404, "ไม่พบใบรับเลขนี้", "There is no receipt with this code",
    "ตรวจเลขใบรับ 12 ตัว", "Check the receipt's twelve characters.",
)  # fmt: skip
NOTHING_SENT: Final = ProblemKind(
    "nothing-sent", 404, "ศูนย์นี้ยังไม่ได้ส่งรายงาน", "This center has sent nothing yet",
    "ตรวจรหัสศูนย์และรอบ หากถูกต้อง ให้รอหรือเตือนศูนย์ให้ส่งรายงาน",
    "Check the center's code and the round; if they are right, wait for the report or remind the center.",
)  # fmt: skip
NOTHING_OWED: Final = ProblemKind(
    "nothing-owed", 409, "ศูนย์นี้ไม่อยู่ในบัญชีรายชื่อของรอบนี้", "This center is not on the round's roll",
    "ติดต่อ อปท. ต้นสังกัดเพื่อตรวจบัญชีรายชื่อ", "Ask the parent organization to check the roll.",
)  # fmt: skip
TOO_MANY_UPLOADS: Final = ProblemKind(
    "too-many-uploads", 409, "มีการส่งไฟล์ค้างอยู่หลายรายการแล้ว", "Too many uploads are under way",
    "ส่งรายการที่ค้างให้เสร็จหรือยกเลิกก่อน", "Finish or delete one of them first.",
)  # fmt: skip
TOO_MANY_REPORTS: Final = ProblemKind(
    "too-many-reports", 409, "ส่งรายงานหลายฉบับเกินกำหนดแล้ว", "Too many versions were sent",
    "ติดต่อ อปท. ต้นสังกัด", "Ask the parent organization.",
)  # fmt: skip
RESENDING_OVER: Final = ProblemKind(
    "resending-over", 409, "เลยกำหนดส่งฉบับแก้ไขแล้ว รายงานที่ส่งไว้ยังใช้อยู่",
    "The deadline for a new version has passed; the report that was sent stands",
    "หากต้องแก้ไข โปรดขอให้ สมศ. ส่งรายงานกลับ", "To correct it, ask ONESQA to return it.",
)  # fmt: skip
ALREADY_APPROVED: Final = ProblemKind(
    "report-approved", 409, "สมศ. รับรายงานนี้แล้ว ไม่ต้องส่งอีก",
    "ONESQA has accepted this report; nothing more is to be sent",
    "หากต้องแก้ไข โปรดขอให้ สมศ. ส่งรายงานกลับ", "To correct it, ask ONESQA to return it.",
)  # fmt: skip
FILE_TOO_LARGE: Final = ProblemKind(
    "file-too-large", 413, "ไฟล์ใหญ่เกินกำหนด", "The file is larger than allowed",
    "ลดขนาดภาพในรายงานแล้วบันทึกเป็น PDF ใหม่", "Reduce the images in the report and save it as PDF again.",
)  # fmt: skip
WRONG_FILE_TYPE: Final = ProblemKind(
    "wrong-file-type", 415, "รับเฉพาะไฟล์ PDF", "Only PDF files are taken",
    "บันทึกรายงานเป็น PDF แล้วส่งใหม่", "Save the report as PDF and send that.",
)  # fmt: skip
PART_UNKNOWN: Final = ProblemKind(
    "part-unknown", 422, "ไฟล์นี้ไม่มีส่วนหมายเลขนี้", "The file has no part with this number",
    "อ่านรายการส่วนของไฟล์ (parts) จากรายการส่งนี้ แล้วใช้หมายเลขในนั้น",
    "Read the upload again and use the numbers in its `parts`.",
)  # fmt: skip
PART_DIGEST_MISSING: Final = ProblemKind(
    "part-digest-missing", 422, "ยังไม่ได้แจ้งค่า SHA-256 ของส่วนนี้", "The part's SHA-256 was not told yet",
    "ส่งค่า sha256 ของส่วนนี้มาด้วย", "Send the part's sha256 along.",
)  # fmt: skip
PART_DIGEST_CHANGED: Final = ProblemKind(
    "part-digest-changed", 409, "เนื้อหาของส่วนนี้ไม่ตรงกับที่แจ้งไว้เดิม", "This part was declared with other bytes before",
    "ถ้าไฟล์เปลี่ยนไป ให้เริ่มส่งใหม่เป็นอีกรายการ", "If the file has changed, open another upload for it.",
)  # fmt: skip
PARTS_MISSING: Final = ProblemKind(
    "parts-missing", 409, "ยังส่งไฟล์ไม่ครบทุกส่วน", "Some parts of the file have not arrived",
    "ส่งส่วนที่ขาดแล้วลองใหม่", "Send the missing parts and try again.",
)  # fmt: skip
UPLOAD_OVER: Final = ProblemKind(
    "upload-over", 410, "การส่งไฟล์รายการนี้สิ้นสุดแล้ว", "This upload has ended",
    "เริ่มส่งไฟล์ใหม่", "Open an upload again.",
)  # fmt: skip
UPLOAD_RECEIVED: Final = ProblemKind(
    "upload-received", 409, "ระบบได้รับไฟล์นี้แล้ว", "This upload was received already",
    "ดูใบรับของรายการนี้", "Look at its receipt.",
)  # fmt: skip
NOT_AS_DECLARED: Final = ProblemKind(
    "not-as-declared", 422, "ไฟล์ที่ได้รับไม่ตรงกับที่แจ้งไว้", "What arrived is not what was declared",
    "เริ่มส่งไฟล์ใหม่ ตรวจว่าไฟล์ไม่ถูกแก้ไขระหว่างส่ง", "Open an upload again; make sure the file does not change meanwhile.",
)  # fmt: skip

UPLOAD_LOST: Final = ProblemKind(
    "upload-lost", 410, "ระบบเก็บไฟล์นี้ไว้ไม่ครบ ไม่ใช่ความผิดของผู้ส่ง",
    "Our store has not kept all of this upload; that is no fault of yours",
    "ส่งไฟล์เดิมอีกครั้งเป็นรายการใหม่ หากเลยกำหนดแล้วให้แจ้งผู้ดูแลระบบพร้อมเลขรายการนี้",
    "Open an upload again and send the same file; if the deadline has passed, tell the operator this upload's id.",
)  # fmt: skip

FAILED: Final[dict[FailReason, ProblemKind]] = {
    "digest_mismatch": NOT_AS_DECLARED,
    # The store took each part in its length only: if the whole has another, that happened on our side.
    "size_mismatch": UPLOAD_LOST,
    "lost": UPLOAD_LOST,
}
_LOST_PARTS = (
    " ระบบเคยได้รับแล้วแต่เก็บไว้ไม่ได้ ไม่ใช่ความผิดของผู้ส่ง เวลาที่รับยังเป็นเวลาเดิม ขอที่อยู่สำหรับส่งใหม่ก่อนส่ง",
    " Our store had them and lost them, no fault of yours; the moment of receipt stays. Get new requests to send with.",
)
_OVER = {
    "aborted": ("ผู้ส่งยกเลิกแล้ว", "It was deleted by its sender."),
    "expired": ("ส่งไม่เสร็จภายในเวลา", "It was not finished in its time."),
}
_ROUND = {
    "draft": ("รอบนี้ยังไม่เปิด", "The round has not been opened yet."),
    "closed": ("รอบนี้ปิดแล้ว", "The round is closed."),
}


def of_file(refusal: FileTooLarge | WrongFileType) -> Problem:
    """Why a file is not taken, whatever is in it."""
    if isinstance(refusal, WrongFileType):
        return WRONG_FILE_TYPE.problem(where="body.type")
    return FILE_TOO_LARGE.problem(
        f"ส่งได้ไม่เกิน {in_thai(refusal.largest)}",
        f"At most {in_english(refusal.largest)} can be sent.",
        where="body.size",
    )


def cannot_open(refusal: CannotOpen) -> Problem:
    """Why a center may not open an upload."""
    match refusal:
        case NothingOwed():
            return NOTHING_OWED.problem(where="path.center")
        case RoundNotOpen(state):
            return ROUND_NOT_OPEN.problem(*_ROUND[state], where="path.round")
        case TooManyUploads(open=under_way):
            return TOO_MANY_UPLOADS.problem(f"ค้างอยู่ {len(under_way)} รายการ", f"{len(under_way)} are under way.")
        case TooManyReports():
            return TOO_MANY_REPORTS.problem()
        case ResendingOver() | AlreadyApproved():
            return report_stands(refusal, where="path.center")


def report_stands(refusal: Stands, *, where: str) -> Problem:
    """Why the report that stands is not replaced."""
    if isinstance(refusal, AlreadyApproved):
        return ALREADY_APPROVED.problem(where=where)
    when = in_bangkok(refusal.deadline)
    return RESENDING_OVER.problem(
        f"กำหนดส่งคือ{format_moment(refusal.deadline)}",
        f"It was due by {when:%d %B %Y, %H:%M} (UTC+7).",
        where=where,
    )


def of_upload(refusal: UploadOver | PartUnknown | PartDigestChanged | PartsMissing) -> Problem:
    """Why something cannot be done with an upload."""
    match refusal:
        case UploadOver(upload):
            return over(upload)
        case PartUnknown(number):
            return PART_UNKNOWN.problem(f"ไม่มีส่วนที่ {number}", f"There is no part {number}.", where="body.parts")
        case PartDigestChanged(number):
            return PART_DIGEST_CHANGED.problem(f"ส่วนที่ {number}", f"Part {number}.", where="body.parts")
        case PartsMissing(numbers, lost):
            named = ", ".join(map(str, numbers))
            thai, english = _LOST_PARTS if lost else ("", "")
            return PARTS_MISSING.problem(f"ขาดส่วนที่ {named}{thai}", f"Missing: {named}.{english}", where="path.upload")


def in_words(problem: Problem) -> tuple[str, str]:
    """All that a problem says, in a line of Thai and one of English."""
    told = problem.document
    thai = [one for one in (told.title, told.detail, told.hint) if one]
    english = [one.rstrip(".") for one in (told.title_en, told.detail_en, told.hint_en) if one]
    return " ".join(dict.fromkeys(thai)), ". ".join(dict.fromkeys(english)) + "."


def over(upload: Upload) -> Problem:
    """What has become of an upload that can't be changed any more."""
    if upload.state == "failed":
        return FAILED[upload.reason or "lost"].problem(where="path.upload")
    if upload.state in _OVER:
        return UPLOAD_OVER.problem(*_OVER[upload.state], where="path.upload")
    return UPLOAD_RECEIVED.problem(where="path.upload")
