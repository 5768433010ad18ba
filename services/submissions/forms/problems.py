"""The refusals of forms as problem documents."""

from typing import Final

from services.submissions import problems
from services.submissions.forms.tickets import LENGTH, read_code
from services.submissions.refusals import (
    AlreadyApproved,
    FileNotArrived,
    FileReplaced,
    FileTooLarge,
    FormRefused,
    PartsMissing,
    ResendingOver,
    Stands,
    UploadOver,
)
from shared.http import Problem, ProblemKind
from shared.thai.numerals import to_thai

CODE_UNKNOWN: Final = ProblemKind(
    "form-code-unknown", 404, "ไม่พบรหัสส่งไฟล์นี้", "There is no form with this code",
    "ตรวจรหัสทีละกลุ่ม หากยังไม่พบ ให้ขอรหัสใหม่จากผู้ที่ให้รหัสแก่ท่าน",
    "Check it group by group. If it stays unknown, ask whoever gave it to you for another.",
)  # fmt: skip
FORM_OVER: Final = ProblemKind(
    "form-over", 410, "รหัสส่งไฟล์นี้หมดเวลาแล้ว ยังไม่ได้รับรายงาน", "The time of this form is over; no report was received",
    "ขอรหัสใหม่จากผู้ที่ให้รหัสแก่ท่าน แล้วส่งไฟล์อีกครั้ง", "Ask whoever gave you the code for another, and send the file again.",
)  # fmt: skip
NOT_ARRIVED: Final = ProblemKind(
    "file-not-arrived", 409, "ยังไม่มีไฟล์มาถึง", "No file has arrived yet",
    "เปิดหน้าส่งไฟล์ด้วยรหัสเดิม เลือกไฟล์แล้วกดส่ง รอจนหน้าถัดไปขึ้น",
    "Open the page with the same code, choose the file, send it and wait for the next page.",
)  # fmt: skip
REPLACED: Final = ProblemKind(
    "file-replaced", 409, "ไฟล์ที่รออยู่ไม่ใช่ไฟล์ที่ท่านเพิ่งส่ง มีผู้ส่งไฟล์อื่นด้วยรหัสเดียวกัน",
    "What waits is not the file you sent: another was sent with the same code",
    "เปิดหน้าส่งไฟล์ด้วยรหัสเดิมแล้วส่งอีกครั้ง อย่าให้ผู้อื่นใช้รหัสนี้",
    "Open the page with the same code and send again. Let nobody else use the code.",
)  # fmt: skip
OTHER_SITE: Final = ProblemKind(
    "sent-by-another-site", 403, "คำสั่งนี้มาจากเว็บไซต์อื่น ไม่ได้มาจากหน้าส่งไฟล์", "Another site sent this, not our page",
    "เปิดหน้าส่งไฟล์ด้วยรหัสของท่านแล้วกดยืนยันเอง", "Open our page with your code and confirm there yourself.",
)  # fmt: skip


def unknown(given: str) -> Problem:
    """A code that opens nothing, and how long it would have to be."""
    typed = len(read_code(given))
    if typed == LENGTH:
        return CODE_UNKNOWN.problem(where="body.code")
    return CODE_UNKNOWN.problem(
        f"รหัสมี {to_thai(LENGTH)} ตัว ท่านพิมพ์ {to_thai(typed)} ตัว",
        f"It has {LENGTH} characters; {typed} were typed.",
        where="body.code",
    )


def unfinished(refusal: UploadOver | Stands | PartsMissing | FormRefused) -> Problem:
    """Why an upload of either kind cannot be completed."""
    match refusal:
        case FileNotArrived():
            return NOT_ARRIVED.problem(where="path.upload")
        case FileReplaced():
            return REPLACED.problem(where="path.upload")
        case FileTooLarge():
            return problems.of_file(refusal)
        case ResendingOver() | AlreadyApproved():
            return problems.report_stands(refusal, where="path.upload")
        case UploadOver(upload) if upload.form and upload.state == "expired":
            return FORM_OVER.problem(where="path.upload")
        case _:
            return problems.of_upload(refusal)
