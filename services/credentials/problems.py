"""The refusals of the vault as problem documents.

An unknown claim, another's claim, a wrong code and a holder that is not one's own are one and the same problem.
"""

from collections.abc import Sequence
from typing import Final

from services.credentials.domain import Refusal
from shared.http import Problem, ProblemKind
from shared.http.problems import PlaceAtFault
from shared.thai.numerals import to_thai

NOT_ISSUED = ProblemKind(
    "credential-not-issued", 404, "ยังไม่มีรหัสสำหรับท่านในรอบนี้", "There is no credential for you in this round",
    "ตรวจรหัสรอบ หรือสอบถามอำเภอของท่าน", "Check the round, or ask your district.",
)  # fmt: skip
NO_CONTACT = ProblemKind(
    "contact-missing", 409, "ไม่มีอีเมลที่ลงทะเบียนไว้", "No mail address is registered for you",
    "แจ้งต้นสังกัดให้บันทึกอีเมลก่อน", "Have your organization register one first.",
)  # fmt: skip
TOO_MANY = ProblemKind(
    "claims-too-many", 429, "ขอรหัสยืนยันบ่อยเกินไป", "Too many claims were opened",
    "รอตามเวลาใน Retry-After แล้วลองใหม่", "Wait as long as Retry-After says.",
)  # fmt: skip
LOCKED = ProblemKind(
    "claim-locked", 429, "ล็อกชั่วคราวเพราะใส่รหัสผิดหลายครั้ง", "Locked for a while after wrong codes",
    "รอ 15 นาทีแล้วเริ่มใหม่ หากไม่ใช่ท่านที่ลอง โปรดแจ้งอำเภอ",
    "Wait 15 minutes and begin again. If it was not you, tell your district.",
)  # fmt: skip
CLAIM_REFUSED = ProblemKind(
    "claim-refused", 403, "รหัสยืนยันไม่ถูกต้อง", "The code does not fit",
    "ตรวจอีเมลที่ลงทะเบียนไว้แล้วลองใหม่", "Look at the registered mailbox and try again.",
)  # fmt: skip
SHEET_MISTYPED = ProblemKind(
    "claim-code-mistyped", 422, "รหัสรับสิทธิพิมพ์ไม่ครบหรือพิมพ์ผิด", "The claim code is incomplete or mistyped",
    "พิมพ์ให้ครบ ๖ กลุ่ม กลุ่มละ ๕ ตัว ตามที่พิมพ์บนใบรับสิทธิ", "Type all six groups of five as they stand on the sheet.",
)  # fmt: skip
SHEET_REFUSED = ProblemKind(
    "claim-code-refused", 403, "รหัสรับสิทธินี้ใช้ไม่ได้", "This claim code opens nothing",
    "รหัสอาจหมดอายุ หรือมีใบรับสิทธิใหม่แทนใบนี้แล้ว ขอใบใหม่จาก อปท. ต้นสังกัด",
    "It may be past its time, or a newer sheet took its place: ask your LAO for a new one.",
)  # fmt: skip
ENDED = ProblemKind(
    "credential-ended", 410, "หมดเวลารับรหัสนี้แล้ว", "The time to claim this credential is over",
    "รอบปิดแล้ว หรือไม่ได้รับภายในเวลาที่กำหนด หากยังต้องใช้ ให้ขอออกใหม่ผ่านต้นสังกัด",
    "Its round is closed, or nobody claimed it in time. If it is still needed, ask your organization for a new one.",
)  # fmt: skip
CODE_EXPIRED = ProblemKind(
    "code-expired", 410, "รหัสยืนยันหมดอายุ", "The code has expired",
    "เริ่มขอใหม่", "Begin a new claim.",
)  # fmt: skip
NOT_VERIFIED = ProblemKind(
    "claim-not-verified", 403, "ยังไม่ได้ยืนยันรหัส", "The code has not been shown",
    "ยืนยันรหัสก่อน หรือเริ่มขอใหม่หากเกิน 10 นาที", "Show the code first; after 10 minutes, begin a new claim.",
)  # fmt: skip
ALREADY_CLAIMED = ProblemKind(
    "already-claimed", 409, "รหัสนี้ถูกเปิดไปแล้ว", "This credential has been opened already",
    "ดูเวลาที่เปิดได้ที่ GET /v1/holders/{code}/credential หากไม่ใช่ท่าน โปรดแจ้งอำเภอทันที",
    "GET /v1/holders/{code}/credential says when. If it was not you, tell your district at once.",
)  # fmt: skip
NOT_REVEALED = ProblemKind(
    "not-revealed", 409, "ยังไม่ได้เปิดรหัสด้วยคำขอนี้", "This claim has not opened the credential",
    "เปิดรหัสด้วยคำขอนี้ก่อน แล้วจึงยืนยัน", "Reveal with this claim first, then confirm.",
)  # fmt: skip
SEAL_BROKEN = ProblemKind(
    "seal-broken", 500, "ผนึกของรหัสนี้เสียหาย", "The seal of this credential is broken",
    "แจ้งผู้ดูแลระบบให้ออกรหัสใหม่ รหัสเดิมยังไม่ถูกเปิด", "Ask the operator for a new one; this one was not opened.",
)  # fmt: skip

NOT_LOST = ProblemKind(
    "nothing-lost", 409, "ขอรับอีกครั้งได้เฉพาะรหัสที่เปิดแล้วแต่ยังไม่ได้กดยืนยัน", "Only a reveal that was never confirmed is lost",
    "รหัสที่ยืนยันแล้วให้ขอออกใหม่ (rotate) รหัสที่ยังไม่เปิดให้เปิดตามปกติ",
    "A confirmed one is rotated; one that was never opened is claimed as usual.",
)  # fmt: skip
RENEWAL_OPEN = ProblemKind(
    "renewal-open", 409, "มีคำขอของรหัสนี้รอพิจารณาอยู่แล้ว", "A request about this credential waits already",
    "รอผล หรือถอนคำขอเดิมก่อน", "Await it, or withdraw it first.",
)  # fmt: skip
TURNED = ProblemKind(
    "credential-turned", 409, "รหัสนี้เปลี่ยนไปแล้วหลังจากยื่นคำขอ", "The credential has changed since this was asked",
    "ยื่นคำขอใหม่หากยังจำเป็น", "Ask again if it is still needed.",
)  # fmt: skip
MERGED = ProblemKind(
    "holder-merged", 409, "ผู้ถือบัญชีนี้ควบรวมกับหน่วยงานอื่นแล้ว", "This holder was merged into another",
    "ใช้รหัสของหน่วยงานที่รับช่วงต่อ บัญชีเดิมให้ระงับใน e-SAR",
    "Use the credential of who carries on; the old account is to be locked in e-SAR.",
)  # fmt: skip
NOTHING_WAITS = ProblemKind(
    "no-credential-waits", 409, "ไม่มีรหัสที่รอรับในเขตนี้", "No credential waits to be claimed there",
    "ดูสถานะได้ที่ GET /v1/rounds/{round}/holders", "GET /v1/rounds/{round}/holders says where they stand.",
)  # fmt: skip
NO_SUCH_PERSON = ProblemKind(
    "no-such-person", 404, "ไม่มีผู้กระทำตามรหัสอ้างอิงนี้ หรือถูกลบแล้ว",
    "Nobody stands behind this reference, or no longer",
    "ตรวจรหัสอ้างอิงจากสมุดตรวจสอบ", "Check the reference against the trail.",
)  # fmt: skip

ERASED = ProblemKind(
    "credential-erased", 410, "รหัสของผู้ถือบัญชีนี้ถูกลบถาวรแล้ว", "The secrets of this holder were erased for good",
    "ไม่มีผู้ใดเปิดได้อีก รวมถึงจากสำเนาสำรอง หากยังต้องใช้ระบบ e-SAR ให้ติดต่ออำเภอ",
    "Nobody can open them any more, from no backup either. If you still need e-SAR, ask your district.",
)  # fmt: skip
ERASURE_OPEN = ProblemKind(
    "erasure-open", 409, "มีคำขอลบรหัสของผู้ถือบัญชีนี้รอพิจารณาอยู่แล้ว", "A request to erase this holder waits already",
    "รอผล หรือถอนคำขอเดิมก่อน", "Await it, or withdraw it first.",
)  # fmt: skip

_KINDS: Final[dict[Refusal, ProblemKind]] = {
    Refusal.NOT_OWN: CLAIM_REFUSED,
    Refusal.NOT_ISSUED: NOT_ISSUED,
    Refusal.NO_CONTACT: NO_CONTACT,
    Refusal.TOO_MANY: TOO_MANY,
    Refusal.WRONG_CODE: CLAIM_REFUSED,
    Refusal.EXPIRED: CODE_EXPIRED,
    Refusal.LOCKED: LOCKED,
    Refusal.NOT_VERIFIED: NOT_VERIFIED,
    Refusal.ALREADY_CLAIMED: ALREADY_CLAIMED,
    Refusal.NOT_REVEALED: NOT_REVEALED,
    Refusal.CODE_REFUSED: SHEET_REFUSED,
    Refusal.NOT_LOST: NOT_LOST,
    Refusal.RENEWAL_OPEN: RENEWAL_OPEN,
    Refusal.TURNED: TURNED,
    Refusal.ERASED: ERASED,
    Refusal.ERASURE_OPEN: ERASURE_OPEN,
    Refusal.MERGED: MERGED,
    Refusal.ENDED: ENDED,
}


def of(refusal: Refusal) -> Problem:
    """The problem that tells a refusal."""
    return _KINDS[refusal].problem()


def waiting(refusal: Refusal, seconds: int) -> Problem:
    """The problem that tells a refusal which passes after some seconds."""
    return _KINDS[refusal].problem(headers={"Retry-After": str(max(1, seconds))})


def mistyped(groups: Sequence[int]) -> Problem:
    """The problem that tells which groups of a claim code do not check."""
    if not groups:
        return SHEET_MISTYPED.problem(where="body.code")
    named = ", ".join(map(str, groups))
    return SHEET_MISTYPED.problem(
        f"ตรวจกลุ่มที่ {to_thai(named)}",
        f"Look at group {named}.",
        where="body.code",
        errors=[PlaceAtFault(where=f"body.code.{group}", fault="check letter differs") for group in groups],
    )
