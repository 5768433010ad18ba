"""The words of the letters to holders: Thai first. No secret, no code, no link; offices in place of persons."""

from collections.abc import Callable
from typing import Any, Final

from services.credentials.auditing.words import who
from shared.contracts.events import (
    ClaimAlarmed,
    CredentialErased,
    CredentialEvent,
    CredentialMerged,
    CredentialReissued,
    CredentialRevoked,
    CredentialRotated,
    OfficialAct,
    RenewalAsked,
    RenewalDecided,
    SheetMade,
)
from shared.thai.calendar import format_moment

_Done = CredentialRotated | CredentialRevoked | CredentialReissued | CredentialErased
Told = ClaimAlarmed | SheetMade | _Done | CredentialMerged | RenewalAsked | RenewalDecided

_WISHES: Final = {
    "rotate": ("ออกรหัสใหม่แทน", "a new credential"),
    "revoke": ("ยกเลิกรหัส", "revoking it"),
    "reissue": ("รับรหัสอีกครั้ง", "claiming it once more"),
}
_MERGED: Final = {
    "revoked": ("ยังไม่มีผู้ใดเปิดและถูกยกเลิกแล้ว", "was not opened by anybody and is revoked."),
    "to_lock": (
        "มีผู้เปิดไปแล้ว ขอให้เปลี่ยนรหัสผ่านหรือระงับบัญชีนั้นใน e-SAR ทันที",
        "was opened: change or lock it in e-SAR at once.",
    ),
}
_DECISIONS: Final = {"approved": "อนุมัติ", "refused": "ไม่อนุมัติ", "withdrawn": "ถอน"}
_WAYS: Final = {"token": ("ด้วยการลงชื่อเข้าใช้", "with a token"), "sheet": ("ด้วยใบรับสิทธิ", "with a sheet")}


def words(event: Told) -> tuple[str, str]:
    """Subject and text of the letter about an event."""
    return _OF[type(event)](event)


def _about(event: CredentialEvent) -> str:
    return f"รหัส e-SAR รอบ {event.round} ของ {event.holder}"


def _by(event: OfficialAct) -> str:
    return who(event.by_role, event.by_org)


def _alarm(event: ClaimAlarmed) -> tuple[str, str]:
    if event.cause == "locked" or event.claimed_at is None:
        return _guessed(event)
    way, way_en = _WAYS[event.attempted_with]
    opened, opened_en = _WAYS[event.claimed_with or "token"]
    again = f"{who(event.attempted_role, event.attempted_org)} {way} เมื่อ{format_moment(event.attempted_at)}"
    text = f"""{_about(event)} ถูกเปิดไปแล้วเมื่อ{format_moment(event.claimed_at)} {opened}
และมีผู้พยายามเปิดอีกครั้ง ({again})
หากครั้งใดครั้งหนึ่งไม่ใช่ท่าน โปรดแจ้งอำเภอหรือจังหวัดทันทีเพื่อออกรหัสใหม่
หากท่านเปิดแล้วแต่ไม่เห็นรหัส ขอรับอีกครั้งได้ที่ อปท. หรืออำเภอ

It was opened {opened_en}, and somebody tried again {way_en}. If either was not you, ask your district for a new one."""
    return "มีผู้พยายามเปิดรหัสของท่านอีกครั้ง / Somebody tried to open your credential again", text


def _guessed(event: ClaimAlarmed) -> tuple[str, str]:
    way, way_en = _WAYS[event.attempted_with]
    tried = f"{who(event.attempted_role, event.attempted_org)} {way} เมื่อ{format_moment(event.attempted_at)}"
    text = f"""มีผู้กรอกรหัสยืนยันสำหรับ{_about(event)} ผิดครบ ๕ ครั้ง ({tried}) ระบบล็อกไว้ ๑๕ นาที
หากไม่ใช่ท่าน โปรดแจ้งอำเภอหรือจังหวัดทันที และอย่าบอกรหัสยืนยันแก่ผู้ใด

Five wrong codes were tried {way_en}. If it was not you, tell your district at once."""
    return "มีผู้กรอกรหัสยืนยันผิดหลายครั้ง / Somebody guessed at your code", text


def _sheet(event: SheetMade) -> tuple[str, str]:
    text = f"""{_by(event)} ออกใบรับสิทธิเลขที่ {event.sheet} สำหรับ{_about(event)}
ใช้ได้ถึง{format_moment(event.ends)} ใบก่อนหน้านี้ใช้ไม่ได้แล้ว
หากท่านไม่ได้รับใบนี้ภายในเวลาอันควร โปรดแจ้งอำเภอหรือจังหวัด

Activation sheet {event.sheet} was made for you by {event.by_role} {event.by_org}; earlier ones are void."""
    return "มีการออกใบรับสิทธิของท่าน / An activation sheet was made for you", text


def _rotated(event: CredentialRotated) -> tuple[str, str]:
    then = "รหัสใหม่จะมาพร้อมชุดถัดไปจาก สมศ." if event.awaits else "ท่านเปิดรับรหัสใหม่ได้แล้ว"
    text = f"""{_by(event)} ออกรหัสใหม่แทน{_about(event)} รหัสเดิมใช้ไม่ได้ {then}

{event.by_role} {event.by_org} replaced your credential; the old one is void."""
    return "มีการออกรหัสใหม่แทนรหัสเดิม / Your e-SAR credential was replaced", text


def _revoked(event: CredentialRevoked) -> tuple[str, str]:
    if event.by_role == "system":
        return _ended(event)
    text = f"""{_by(event)} ยกเลิก{_about(event)} เมื่อ{format_moment(event.revoked_at)}

{event.by_role} {event.by_org} revoked your credential. Ask your district what follows."""
    return "รหัสของท่านถูกยกเลิก / Your e-SAR credential was revoked", text


def _erased(event: CredentialErased) -> tuple[str, str]:
    by = who(event.by_role, event.by_org or "") if event.by_role else ""
    asked = f" ตามคำขอของ {who(event.asked_role, event.asked_org or '')}" if event.asked_role else ""
    text = f"""{by} ลบ{_about(event)} ถาวร เมื่อ{format_moment(event.erased_at)}{asked}
ไม่มีผู้ใดเปิดรหัสเดิมได้อีก รวมถึงจากสำเนาสำรอง ใบรับสิทธิที่พิมพ์ไว้ใช้ไม่ได้แล้ว
หากท่านไม่ทราบเรื่องนี้ โปรดแจ้งอำเภอหรือจังหวัดทันที

Your sealed e-SAR credential was erased for good; nobody can open it any more, and no sheet does. If you know nothing of
it, tell your district at once.""".strip()
    return "รหัส e-SAR ของท่านถูกลบถาวร / Your e-SAR credential was erased", text


def _ended(event: CredentialRevoked) -> tuple[str, str]:
    text = f"""{_about(event)} ถูกยกเลิกเมื่อ{format_moment(event.revoked_at)} เพราะหน่วยงานควบรวมแล้ว
ใบรับสิทธิที่ได้รับไว้ใช้ไม่ได้ ให้ใช้รหัสของหน่วยงานที่รับช่วงต่อ

It was revoked because its holder was merged; sheets are void. Use the credential of who carries on."""
    return "รหัสถูกยกเลิกเพราะการควบรวม / Revoked because of a merge", text


def _merged(event: CredentialMerged) -> tuple[str, str]:
    """To who carries on."""
    done, done_en = _MERGED[event.effect]
    text = f"""{event.holder} ควบรวมเข้ากับท่านแล้ว {_about(event)} {done}
รหัส e-SAR ของท่านเองไม่เปลี่ยนแปลง

{event.holder} was merged into you. Its e-SAR account {done_en} Your own credential stays as it is."""
    return f"บัญชี e-SAR ของ {event.holder} ที่ควบรวมกับท่าน / The account of a holder merged into you", text


def _reissued(event: CredentialReissued) -> tuple[str, str]:
    text = f"""{_by(event)} อนุมัติให้เปิด{_about(event)} อีกครั้ง ตามคำขอของ {who(event.asked_role, event.asked_org)}
เมื่อเปิดแล้วให้เปลี่ยนรหัสผ่านใน e-SAR ทันที

It may be claimed once more. It was shown before, so change the password in e-SAR at once."""
    return "ท่านเปิดรับรหัสได้อีกครั้ง / Your credential may be claimed once more", text


def _asked(event: RenewalAsked) -> tuple[str, str]:
    thai, english = _WISHES[event.kind]
    text = f"""{_by(event)} ขอ{thai}สำหรับ{_about(event)} เมื่อ{format_moment(event.asked_at)}
หากท่านไม่ทราบเรื่องนี้ โปรดแจ้งอำเภอหรือจังหวัดทันที

{event.by_role} {event.by_org} asked for {english}. If you know nothing of it, tell your district at once."""
    return "มีผู้ยื่นคำขอเกี่ยวกับรหัสของท่าน / Somebody asked about your credential", text


def _decided(event: RenewalDecided) -> tuple[str, str]:
    thai, english = _WISHES[event.kind]
    decided = f"{_DECISIONS[event.decision]}คำขอ{thai}"
    text = f"""{_by(event)} {decided}สำหรับ{_about(event)} เมื่อ{format_moment(event.decided_at)}

The request for {english} was {event.decision} by {event.by_role} {event.by_org}."""
    return "ผลคำขอเกี่ยวกับรหัสของท่าน / A request about your credential was decided", text


_OF: Final[dict[type, Callable[[Any], tuple[str, str]]]] = {
    ClaimAlarmed: _alarm,
    SheetMade: _sheet,
    CredentialRotated: _rotated,
    CredentialRevoked: _revoked,
    CredentialReissued: _reissued,
    CredentialErased: _erased,
    CredentialMerged: _merged,
    RenewalAsked: _asked,
    RenewalDecided: _decided,
}
