"""The refusals of sealed batches as problem documents."""

from typing import Final

from shared.http import Problem, ProblemKind
from shared.security.sealed_batches import BatchFault

NOT_ASKED = ProblemKind(
    "sealing-not-asked", 404, "ยังไม่มีการสั่งผนึกรหัสของรอบนี้", "No sealing was asked for in this round",
    "สั่งด้วย POST ที่อยู่เดียวกัน", "Ask for it with a POST to the same address.",
)  # fmt: skip
BATCH_UNKNOWN = ProblemKind(
    "batch-unknown", 404, "ไม่มีชุดรหัสนี้ในรอบนี้", "There is no such batch in this round",
    "ขอกุญแจของชุดใหม่ด้วย POST /v1/rounds/{round}/batches", "Ask for a batch with POST /v1/rounds/{round}/batches.",
)  # fmt: skip
BATCH_REFUSED = ProblemKind(
    "batch-refused", 422, "ชุดรหัสที่ส่งมาใช้ไม่ได้", "The sealed batch was refused",
    "ดูรหัสเหตุผล แล้วผนึกใหม่ด้วยกุญแจของชุดใหม่", "See the reason; then seal it anew, with the key of a new batch.",
)  # fmt: skip
BATCH_USED = ProblemKind(
    "batch-used", 409, "กุญแจของชุดนี้ใช้กับข้อมูลอื่นไปแล้ว", "This batch has been filled with something else",
    "แต่ละกุญแจใช้ได้ครั้งเดียว ขอกุญแจใหม่", "Each key serves once: ask for a new one.",
)  # fmt: skip
BATCH_OVER = ProblemKind(
    "batch-over", 410, "หมดเวลาของชุดนี้แล้ว", "The time of this batch is over",
    "กุญแจถูกทำลายแล้ว ขอกุญแจใหม่", "Its key is destroyed: ask for a new one.",
)  # fmt: skip

_SAID: Final[dict[BatchFault, tuple[str, str]]] = {
    BatchFault.MALFORMED: ("ไม่ใช่ JWS/JWE ตามแบบ", "It is not a JWS around a JWE."),
    BatchFault.TOO_LARGE: ("ใหญ่เกินกำหนด แบ่งเป็นหลายชุด", "It is too large: send it in parts."),
    BatchFault.UNKNOWN_SENDER: ("ผู้ส่งไม่ได้ขึ้นทะเบียนไว้สำหรับชุดนี้", "The sender is not registered for this."),
    BatchFault.BAD_SIGNATURE: ("ลายมือชื่อไม่ตรงกับกุญแจที่ขึ้นทะเบียน", "The signature is not by a registered key."),
    BatchFault.HEADER_NOT_ALLOWED: (
        "ใช้ขั้นตอนวิธีหรือส่วนหัวที่ไม่อนุญาต",
        "It uses an algorithm or a header field that is not allowed.",
    ),
    BatchFault.OTHER_ROUND: ("ผนึกไว้สำหรับรอบอื่น", "It was sealed for another round."),
    BatchFault.OTHER_BATCH: ("ผนึกไว้สำหรับชุดอื่น", "It was sealed for another batch."),
    BatchFault.NOT_ITS_TIME: ("เวลาที่ลงนามไม่อยู่ในอายุของชุด", "It was not signed within the batch's time."),
    BatchFault.NOT_OPENED: ("เปิดด้วยกุญแจของชุดนี้ไม่ได้", "It does not open with this batch's key."),
}


def of(fault: BatchFault) -> Problem:
    """The problem that tells why a sealed batch was refused."""
    thai, english = _SAID[fault]
    return BATCH_REFUSED.problem(f"{thai} ({fault.value})", f"{english} ({fault.value})", where="body.sealed")
