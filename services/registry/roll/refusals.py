"""How a roll that cannot be read looks to its sender: each fault a kind of its own, with its place and what to do."""

from typing import Final

from services.registry.domain import RoundClosed
from services.registry.refusals import of_round
from services.registry.roll.agreeing import Unfit
from services.registry.roll.columns import HoldsCredentials, NoTable, RepeatedColumn
from services.registry.roll.importing import LeavesOpenRound
from services.registry.roll.loss import NotStored, Outdated, RequestUnknown
from services.registry.roll.reading import BadSheet, EmptyRoll, RollRefusal
from services.registry.roll.sheets import MOST_COLUMNS, MOST_ROWS, SheetRefused
from services.registry.rounds.rules import RoundUnknown
from shared.http import Problem, ProblemKind
from shared.http.approvals import REQUEST_UNKNOWN, of_approval
from shared.http.problems import PlaceAtFault

_SAVE_AS: Final = (
    "บันทึกเป็น Excel (.xlsx) ที่ไม่มีรหัสผ่าน หรือ CSV แล้วส่งใหม่",
    "Save it as Excel (.xlsx) without a password, or as CSV, and send it again.",
)
ROLL_EMPTY: Final = ProblemKind(
    "roll-empty", 422, "บัญชีรายชื่อว่าง", "The roll is empty",
    "ตรวจว่าส่งไฟล์ถูกและมีแถวข้อมูลใต้หัวคอลัมน์", "Check that it is the right file, with rows below its headers.",
)  # fmt: skip
ROLL_WRONG_TYPE: Final = ProblemKind(
    "roll-wrong-type", 415, "ไฟล์นี้ไม่ใช่ XLSX หรือ CSV", "This file is neither XLSX nor CSV", *_SAVE_AS
)
ROLL_LOCKED: Final = ProblemKind(
    "roll-locked", 415, "ไฟล์มีรหัสผ่าน หรือเป็น Excel รุ่นเก่า", "The file has a password, or is an old Excel file", *_SAVE_AS
)
ROLL_UNREADABLE: Final = ProblemKind(
    "roll-unreadable", 422, "ไฟล์เสียหายหรืออ่านไม่ได้", "The file is torn or cannot be read",
    "เปิดไฟล์ตรวจดู บันทึกใหม่ แล้วส่งอีกครั้ง", "Open it, save it again and send it once more.",
)  # fmt: skip
ROLL_TOO_LARGE: Final = ProblemKind(
    "roll-too-large", 413, "บัญชีรายชื่อใหญ่เกินกำหนด", "The roll is larger than any roll can be",
    "ลบแถวและคอลัมน์ว่างนอกตาราง", "Delete the empty rows and columns outside the table.",
)  # fmt: skip
ROLL_COLUMNS_MISSING: Final = ProblemKind(
    "roll-columns-missing", 422, "บัญชีรายชื่อขาดคอลัมน์ที่จำเป็น", "The roll lacks columns it needs",
    "เพิ่มคอลัมน์ที่ขาด หรือแก้ชื่อหัวคอลัมน์", "Add them, or correct their headers.",
)  # fmt: skip
ROLL_COLUMN_REPEATED: Final = ProblemKind(
    "roll-column-repeated", 422, "มีสองคอลัมน์ที่หมายถึงสิ่งเดียวกัน", "Two columns of the roll mean the same",
    "เหลือไว้คอลัมน์เดียว", "Keep one of them.",
)  # fmt: skip
ROLL_HOLDS_CREDENTIALS: Final = ProblemKind(
    "roll-holds-credentials", 422, "ห้ามใส่ชื่อผู้ใช้หรือรหัสผ่านในบัญชีรายชื่อ", "A roll must not hold user names or passwords",
    "ลบคอลัมน์นั้น และเปลี่ยนรหัสผ่านที่เปิดเผยไปแล้ว", "Delete that column, and change the passwords that were in it.",
)  # fmt: skip
ROLL_SHEET_BAD: Final = ProblemKind(
    "roll-sheet-bad", 422, "มีแผ่นงานหนึ่งที่อ่านเป็นบัญชีรายชื่อไม่ได้", "One sheet looks like a roll and cannot be read as one",
    "แก้หัวคอลัมน์ของแผ่นงานนั้น หรือซ่อนแผ่นงานนั้นถ้าไม่ใช่บัญชีรายชื่อ", "Correct its headers, or hide the sheet if it is no roll.",
)  # fmt: skip
ROLL_LEAVES_OPEN_ROUND: Final = ProblemKind(
    "roll-leaves-open-round", 409, "รอบเปิดแล้ว ศูนย์ที่ไม่มีในไฟล์จะออกจากบัญชีเองไม่ได้",
    "The round is open: centers do not leave its roll by being left out of a file",
    "ถ้าไฟล์เป็นเพียงบางส่วนของบัญชี ให้ส่งใหม่พร้อม part=true ถ้าต้องการนำศูนย์ออก ให้ใช้คำสั่งนำศูนย์ออกจากรอบ",
    "If the file is a part of the roll, send it with part=true; to release centers, give an order that removes them.",
)  # fmt: skip
ROLL_REQUEST_OUTDATED: Final = ProblemKind(
    "roll-request-outdated", 409, "บัญชีของรอบเปลี่ยนไปแล้วตั้งแต่ยื่นคำขอ", "The round's roll has changed since this was asked",
    "ส่งบัญชีรายชื่อใหม่ แล้วให้ผู้อื่นพิจารณาอีกครั้ง", "Send the roll again and have it decided anew.",
)  # fmt: skip
ROLL_NOT_KEPT: Final = ProblemKind(
    "roll-not-kept", 409, "ไม่มีบัญชีรายชื่อของคำขอนี้เก็บไว้แล้ว", "The roll of this request is not kept any more",
    "ส่งบัญชีรายชื่อใหม่", "Send the roll again.",
)  # fmt: skip

_SHEET_KINDS: Final = {
    "empty": ROLL_EMPTY,
    "wrong_type": ROLL_WRONG_TYPE,
    "locked": ROLL_LOCKED,
    "unreadable": ROLL_UNREADABLE,
    "too_large": ROLL_TOO_LARGE,
}


def of_sheet(refused: SheetRefused) -> Problem:
    """The problem with the bytes that were sent."""
    kind = _SHEET_KINDS[refused.fault]
    if refused.fault == "too_large":
        return kind.problem(
            f"อ่านได้ไม่เกิน {MOST_ROWS:,} แถว {MOST_COLUMNS} คอลัมน์",
            f"At most {MOST_ROWS:,} rows and {MOST_COLUMNS} columns can be read.",
            where="body",
        )
    looks = f" ({refused.found})" if refused.found else ""
    return kind.problem(kind.title + looks, f"{kind.title_en}{looks}.", where="body")


def of_roll(refusal: RollRefusal, within: str = "") -> Problem:
    """The problem with what the file holds; `within` names the sheet, where there are several."""
    match refusal:
        case BadSheet(sheet, why):
            cause = of_roll(why, f"sheet {sheet}, ").document
            return ROLL_SHEET_BAD.problem(
                f"แผ่นงาน {sheet}: {cause.detail}",
                f"Sheet {sheet}: {cause.detail_en}",
                where=cause.where,
                errors=cause.errors,
            )
        case NoTable(missing):
            names = ", ".join(missing)
            return ROLL_COLUMNS_MISSING.problem(
                f"ไม่พบคอลัมน์ {names}",
                f"These columns were not found: {names}.",
                where=f"{within}header row" if within else "body, header row",
                errors=[PlaceAtFault(where=f"{within}column {name}", fault="missing") for name in missing],
            )
        case RepeatedColumn(header):
            return ROLL_COLUMN_REPEATED.problem(
                f"คอลัมน์ {header} ซ้ำ", f"The column {header} stands twice.", where=f"{within}column {header}"
            )
        case HoldsCredentials(header):
            return ROLL_HOLDS_CREDENTIALS.problem(
                f"พบคอลัมน์ {header} ระบบไม่ได้อ่านหรือเก็บข้อมูลใดจากไฟล์นี้",
                f"There is a column {header}; nothing of the file was read or kept.",
                where=f"{within}column {header}",
            )
        case EmptyRoll():
            return ROLL_EMPTY.problem("มีหัวคอลัมน์แต่ไม่มีแถวข้อมูล", "There are headers and no rows.", where="body")


def of_loss(refusal: LeavesOpenRound) -> Problem:
    """The problem with a roll that leaves out centers of an open round."""
    return ROLL_LEAVES_OPEN_ROUND.problem(
        f"ไฟล์ไม่มีศูนย์ {refusal.loss.gone:,} แห่งจาก {refusal.loss.listed:,} แห่งที่อยู่ในบัญชีของรอบ",
        f"{refusal.loss.gone:,} of the {refusal.loss.listed:,} centers on the round's roll are not in the file.",
        where="body",
    )


def of_request(refusal: Unfit, round_id: str) -> Problem:
    """The problem with a step of a request."""
    match refusal:
        case RequestUnknown():
            return REQUEST_UNKNOWN.problem(where="path.id")
        case Outdated():
            return ROLL_REQUEST_OUTDATED.problem(where="path.id")
        case NotStored():
            return ROLL_NOT_KEPT.problem(where="path.id")
        case LeavesOpenRound():
            return of_loss(refusal)
        case RoundUnknown() | RoundClosed():
            return of_round(refusal, round_id)
        case _:
            return of_approval(refusal, "path.id")
