"""What a round refuses, as problem documents."""

from typing import Final

from services.registry.domain import DeadlinePassed
from services.registry.refusals import of_round
from services.registry.rounds.deadlines import Contradiction, Unreadable
from services.registry.rounds.documents import (
    DocumentRefusal,
    DocumentUnknown,
    EmptyDocument,
    NotADocument,
    RoundOver,
    TooManyDocuments,
)
from services.registry.rounds.extensions import (
    AlreadyPast,
    NotLater,
    Refused,
    RequestUnknown,
    TooFar,
    TooManyRequests,
)
from services.registry.rounds.rules import NotDraft, NotOpen, RoundUnknown, StillRunning
from shared.http import Problem, ProblemKind
from shared.http.approvals import REQUEST_UNKNOWN, of_approval
from shared.http.problems import ROUND_CLOSED, ROUND_NOT_OPEN
from shared.thai.calendar import format_long, format_moment, in_bangkok

DATE_UNREADABLE: Final = ProblemKind(
    "date-unreadable", 422, "อ่านวันที่ไม่ได้หรือวันที่ขัดแย้งกันเอง", "The date cannot be read or contradicts itself",
    "ตรวจวันในสัปดาห์กับวันที่ และเขียนปีเป็น พ.ศ. สี่หลัก", "Check the weekday against the date, and give the year in full.",
)  # fmt: skip
DEADLINE_MISSING: Final = ProblemKind(
    "deadline-missing", 422, "ไม่ได้ระบุกำหนดส่ง", "No deadline is given",
    "ระบุ deadline หรือ deadline_text", "Give `deadline` or `deadline_text`.",
)  # fmt: skip
ROUND_NOT_DRAFT: Final = ProblemKind(
    "round-not-draft", 409, "รอบนี้ประกาศแล้ว แก้ไขไม่ได้", "This round was announced and is no longer corrected",
    "ใช้การขยายเวลาแทน", "Extend the deadline instead.",
)  # fmt: skip
ROUND_RUNNING: Final = ProblemKind(
    "round-running", 409, "ยังปิดรอบไม่ได้ ยังอยู่ในกำหนดส่ง", "The round cannot close: its time is not over",
    "รอให้พ้นกำหนดส่งสุดท้ายและช่วงผ่อนผันก่อน", "Wait for the last deadline and the grace after it.",
)  # fmt: skip
NOT_LATER: Final = ProblemKind(
    "extension-not-later", 409, "กำหนดใหม่ไม่ช้ากว่ากำหนดเดิม", "The extension gives no more time than there is",
    "ระบุวันที่ช้ากว่ากำหนดเดิม", "Choose a later day.",
)  # fmt: skip
EXTENSION_TOO_FAR: Final = ProblemKind(
    "extension-too-far", 422, "ขยายเวลานานเกินหนึ่งปี", "The extension is longer than a year",
    "ตรวจปีของกำหนดใหม่", "Check its year.",
)  # fmt: skip
EXTENSION_PAST: Final = ProblemKind(
    "extension-past", 409, "กำหนดใหม่ผ่านไปแล้ว", "The extension would be over already",
    "ระบุวันที่ยังมาไม่ถึง", "Choose a day to come.",
)  # fmt: skip
TOO_MANY_REQUESTS: Final = ProblemKind(
    "extension-requests-full", 409, "รอบนี้มีคำขอขยายเวลาเต็มแล้ว", "The round holds as many requests as it can",
    "ขอขยายเวลาทั้งอำเภอหรือจังหวัดแทน", "Ask for a whole district or province instead.",
)  # fmt: skip
DOCUMENT_UNKNOWN: Final = ProblemKind(
    "document-unknown", 404, "ไม่มีเอกสารนี้ในรอบ", "The round has no such document",
    "ดูรายการเอกสารของรอบ", "See the round's list of documents.",
)  # fmt: skip
DOCUMENT_WRONG_TYPE: Final = ProblemKind(
    "document-wrong-type", 415, "รับเฉพาะ PDF, Word, Excel, PNG หรือ JPEG ที่ไม่มีมาโคร",
    "Only PDF, Word, Excel, PNG and JPEG without macros are taken",
    "บันทึกเป็น PDF แล้วส่งใหม่", "Save it as PDF and send that.",
)  # fmt: skip
DOCUMENT_EMPTY: Final = ProblemKind(
    "document-empty", 422, "ไฟล์ว่าง", "The file is empty",
    "ตรวจว่าเลือกไฟล์ถูก", "Check that it is the right file.",
)  # fmt: skip
DOCUMENTS_FULL: Final = ProblemKind(
    "documents-full", 409, "รอบนี้มีเอกสารเต็มแล้ว", "The round lists as many documents as it can",
    "นำเอกสารที่ไม่ใช้ออกก่อน", "Take one off first.",
)  # fmt: skip
SNAPSHOT_MISSING: Final = ProblemKind(
    "snapshot-missing", 409, "รอบนี้ยังไม่เปิด จึงยังไม่มีภาพบัญชี ณ วันเปิด", "There is no snapshot: the round has not opened",
    "เปิดรอบก่อน", "Open the round first.",
)  # fmt: skip


def of_deadline(refusal: Unreadable | Contradiction, where: str) -> Problem:
    """The problem with how a deadline is written."""
    candidates = refusal.candidates if isinstance(refusal, Unreadable) else ()
    near = " หรือ ".join(format_long(day) for day in candidates)
    days = ", ".join(day.isoformat() for day in candidates)
    return DATE_UNREADABLE.problem(
        refusal.thai + (f" (อาจหมายถึง {near})" if near else ""),
        refusal.english + (f"; it may have meant {days}." if days else "."),
        where=where,
    )


def of_change(refusal: RoundUnknown | NotDraft | NotOpen | StillRunning | DeadlinePassed, round_id: str) -> Problem:
    """The problem with correcting or closing a round."""
    match refusal:
        case NotDraft():
            return ROUND_NOT_DRAFT.problem(where="path.round")
        case NotOpen():
            return ROUND_NOT_OPEN.problem(where="path.round")
        case StillRunning(until):
            return ROUND_RUNNING.problem(
                f"กำหนดส่งสุดท้ายรวมช่วงผ่อนผันคือ{format_moment(until)}",
                f"Its last deadline with grace is {in_bangkok(until).isoformat()}.",
                where="path.round",
            )
        case RoundUnknown() | DeadlinePassed():
            return of_round(refusal, round_id)


def of_extension(refusal: Refused | RoundUnknown) -> Problem:  # noqa: PLR0911  one line a kind
    """The problem with a step of a request for more time."""
    match refusal:
        case RoundUnknown():
            return of_round(refusal, "")
        case NotOpen():
            return ROUND_NOT_OPEN.problem(where="path.round")
        case NotLater(deadline):
            return NOT_LATER.problem(
                f"กำหนดเดิมคือ{format_moment(deadline)}",
                f"The deadline is {in_bangkok(deadline).isoformat()} already.",
                where="body.deadline",
            )
        case TooFar(latest):
            return EXTENSION_TOO_FAR.problem(
                f"ขยายได้ถึง{format_moment(latest)}",
                f"The latest is {in_bangkok(latest).isoformat()}.",
                where="body.deadline",
            )
        case AlreadyPast():
            return EXTENSION_PAST.problem(where="body.deadline")
        case TooManyRequests():
            return TOO_MANY_REQUESTS.problem(where="path.round")
        case RequestUnknown():
            return REQUEST_UNKNOWN.problem(where="path.id")
        case _:
            return of_approval(refusal, "path.id")


def of_document(refusal: DocumentRefusal | RoundUnknown) -> Problem:
    """The problem with a document."""
    match refusal:
        case RoundUnknown():
            return of_round(refusal, "")
        case NotADocument():
            return DOCUMENT_WRONG_TYPE.problem(where="body")
        case EmptyDocument():
            return DOCUMENT_EMPTY.problem(where="body")
        case TooManyDocuments():
            return DOCUMENTS_FULL.problem(where="path.round")
        case RoundOver():
            return ROUND_CLOSED.problem(where="path.round")
        case DocumentUnknown():
            return DOCUMENT_UNKNOWN.problem(where="path.id")
