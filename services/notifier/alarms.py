"""Wrong hands: which officers are told of an alarm about an account, and in what words. Pure.

The vault tells the holder itself. Its LAO and the office above that are told here, for it is they who call the holder
up and ask for a new credential. Codes and times alone: no person's name, no number, no secret.
"""

from datetime import datetime

from services.notifier.deadlines import english_moment, thai_moment
from services.notifier.domain import AlarmFacts, Delivery, identity
from shared.contracts.events import ClaimAlarmed, Path

_TIERS_ABOVE = 2
"""The department and whoever is the tier above an LAO: without both there is no office to tell."""
_WAYS = {"token": ("ด้วยการลงชื่อเข้าใช้", "with a sign-in"), "sheet": ("ด้วยใบรับสิทธิ", "with an activation sheet")}
_HOLDERS = {"center": ("ศพด.", "center"), "lao": ("อปท.", "LAO")}


def officers(data: ClaimAlarmed) -> list[Path]:
    """The offices to tell, each by its path: the parent LAO of a center, and the district (a province, for a PAO)."""
    above = data.path[:-1]
    found = [data.path] if data.holder_kind == "center" else []
    return [*found, above] if len(above) >= _TIERS_ABOVE else found


def alarmed(data: ClaimAlarmed, event: str, traceparent: str | None, now: datetime) -> dict[str, Delivery]:
    """The deliveries that an alarm causes, by id: one to each office, however often the event comes."""
    facts = AlarmFacts(**data.model_dump(include=set(AlarmFacts.model_fields)))
    made = {}
    for path in officers(data):
        number = identity("claim_alarmed", event, path[-1])
        made[number] = Delivery(
            notice=number,
            kind="claim_alarmed",
            round=data.round,
            recipient=path[-1],
            holder="lao",  # the registry keeps all offices together
            path=path,
            cause=event,
            traceparent=traceparent,
            alarm=facts,
            created_at=now,
            state="queued",
            queued_at=now,
            due=now,
        )
    return made


def alarm_text(alarm: AlarmFacts, fiscal: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Subject, and the paragraphs in Thai and in English."""
    office, office_en = _HOLDERS[alarm.holder_kind]
    happened, happened_en = _happened(alarm)
    return (
        f"ด่วน: บัญชี e-SAR ของ {office} {alarm.holder} อาจอยู่ในมือผู้อื่น / An e-SAR account may be in wrong hands",
        (
            f"บัญชี e-SAR {fiscal} ของ {office} รหัส {alarm.holder} {happened}",
            "โปรดติดต่อผู้ถือบัญชีทางโทรศัพท์หรือช่องทางที่ท่านรู้จักอยู่แล้ว และถามว่าเป็นผู้ดำเนินการเองหรือไม่ อย่าถามรหัสยืนยันหรือรหัสผ่าน",
            "หากไม่ใช่ โปรดยื่นคำขอออกรหัสใหม่ในระบบสารบรรณทันที และแจ้งให้ระงับบัญชีเดิมใน e-SAR",
        ),
        (
            f"The e-SAR account of {office_en} {alarm.holder} {happened_en}",
            "Please call the holder by a number you already know, and ask whether it was them. Never ask for a code.",
            "If it was not, ask for a new credential in Saraban at once, and have the old account locked in e-SAR.",
        ),
    )


def _happened(alarm: AlarmFacts) -> tuple[str, str]:
    way, way_en = _WAYS[alarm.attempted_with]
    at, at_en = thai_moment(alarm.attempted_at), english_moment(alarm.attempted_at)
    if alarm.cause == "locked" or alarm.claimed_at is None:
        return (
            f"มีผู้กรอกรหัสยืนยันผิดจนระบบล็อก เมื่อ{at} ({way})",
            f"was guessed at until it locked, on {at_en} ({way_en}).",
        )
    opened, opened_en = _WAYS[alarm.claimed_with or "token"]
    return (
        f"ถูกเปิดไปแล้วเมื่อ{thai_moment(alarm.claimed_at)} ({opened}) และมีผู้พยายามเปิดอีกครั้งเมื่อ{at} ({way})",
        f"was opened on {english_moment(alarm.claimed_at)} ({opened_en}); somebody tried again on {at_en} ({way_en}).",
    )
