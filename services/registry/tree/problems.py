"""Why an order was refused, as problem documents."""

from typing import Final

from services.registry.tree.history import NotYet
from services.registry.tree.orders import Fault, Refused
from shared.http import Problem, ProblemKind
from shared.http.problems import CENTER_UNKNOWN, ORGANIZATION_UNKNOWN, OUT_OF_SCOPE, ROUND_NOT_OPEN, ROUND_UNKNOWN
from shared.thai.calendar import format_long

ORDER_UNKNOWN: Final = ProblemKind(
    "order-unknown", 404, "ไม่มีคำสั่งนี้", "There is no such order",
    "ตรวจเลขคำสั่ง", "Check the order's id.",
)  # fmt: skip
ORDER_BEGUN: Final = ProblemKind(
    "order-begun", 409, "คำสั่งนี้เริ่มดำเนินการแล้ว ยกเลิกไม่ได้", "This order has begun and cannot be cancelled",
    "ออกคำสั่งใหม่เพื่อแก้ไขผลของคำสั่งเดิม", "Give another order that puts right what it did.",
)  # fmt: skip
NODE_UNKNOWN: Final = ProblemKind(
    "node-unknown", 422, "คำสั่งอ้างถึงรหัสที่ไม่มีในทะเบียน", "The order names a code that is not in the register",
    "ตรวจรหัส ระวังเลขศูนย์นำหน้าที่หายไป", "Check the code; mind leading zeros.",
)  # fmt: skip
NODE_CLOSED: Final = ProblemKind(
    "node-closed", 409, "หน่วยงานหรือศูนย์นี้ปิดแล้ว", "This organization or center is closed",
    "ใช้รหัสของหน่วยงานที่รับช่วงต่อ", "Use the code of its successor.",
)  # fmt: skip
CODE_TAKEN: Final = ProblemKind(
    "code-taken", 409, "มีหน่วยงานหรือศูนย์ใช้รหัสนี้อยู่", "This code is in use",
    "ใช้รหัสอื่น", "Choose another code.",
)  # fmt: skip
CODE_RETIRED: Final = ProblemKind(
    "code-retired", 409, "รหัสนี้เคยใช้แล้วและปิดไปแล้ว ใช้ซ้ำไม่ได้", "This code was used before and is never used again",
    "ขอรหัสใหม่จากกรม", "Ask the department for a new code.",
)  # fmt: skip
NOTHING_TO_CHANGE: Final = ProblemKind(
    "nothing-to-change", 409, "เป็นไปตามคำสั่งอยู่แล้ว", "It is so already",
    "ไม่ต้องทำอะไร", "Nothing needs doing.",
)  # fmt: skip
EFFECTIVE_TOO_EARLY: Final = ProblemKind(
    "effective-too-early", 409, "วันที่มีผลอยู่ก่อนการเปลี่ยนแปลงครั้งล่าสุด", "The day of effect lies before its last change",
    "กำหนดวันที่มีผลตั้งแต่วันนั้นเป็นต้นไป", "Choose that day or a later one.",
)  # fmt: skip
EFFECTIVE_TOO_FAR: Final = ProblemKind(
    "effective-too-far", 422, "วันที่มีผลอยู่ไกลเกินหนึ่งปี", "The day of effect is more than a year ahead",
    "ตรวจปีของวันที่มีผล", "Check its year.",
)  # fmt: skip
WRONG_PARENT: Final = ProblemKind(
    "wrong-parent", 422, "ต้นสังกัดไม่ถูกระดับ", "It cannot hang under an organization of that kind",
    "จังหวัดอยู่ใต้กรม อำเภออยู่ใต้จังหวัด อปท. อยู่ใต้อำเภอ ศูนย์อยู่ใต้ อปท.",
    "Provinces hang under the department, districts under a province, LAOs under a district, centers under an LAO.",
)  # fmt: skip
KINDS_DIFFER: Final = ProblemKind(
    "kinds-differ", 422, "ทำได้เฉพาะหน่วยงานระดับเดียวกัน", "This can be done among nodes of one kind only",
    "เลือกหน่วยงานระดับเดียวกันทั้งหมด", "Choose nodes of one kind.",
)  # fmt: skip
SAME_NODE: Final = ProblemKind(
    "same-node", 422, "ควบรวมกับตัวเองไม่ได้", "A node cannot be merged into itself",
    "เลือกหน่วยงานปลายทางอื่น", "Choose another node to merge into.",
)  # fmt: skip
NOT_ITS_CHILD: Final = ProblemKind(
    "not-its-child", 422, "รายการนี้ไม่ได้อยู่ใต้หน่วยงานที่จะแยก",
    "This does not hang under the organization to split",
    "เลือกเฉพาะรายการที่อยู่ใต้หน่วยงานนี้", "Choose only what hangs under it.",
)  # fmt: skip
NOT_EMPTY: Final = ProblemKind(
    "not-empty", 409, "ยังมีหน่วยงานหรือศูนย์อยู่ข้างใต้", "Something still hangs under it",
    "ย้ายหรือควบรวมรายการข้างใต้ก่อน", "Move or merge what hangs under it first.",
)  # fmt: skip

NOT_YET: Final = ProblemKind(
    "not-yet-there", 404, "ยังไม่มีในวันที่ถาม", "It did not exist yet on that day",
    "ถามวันที่ตั้งแต่วันจัดตั้งเป็นต้นไป", "Ask for the day it was opened or a later one.",
)  # fmt: skip

_KINDS: Final[dict[Fault, ProblemKind]] = {
    "node_unknown": NODE_UNKNOWN,
    "node_closed": NODE_CLOSED,
    "code_taken": CODE_TAKEN,
    "code_retired": CODE_RETIRED,
    "nothing_to_do": NOTHING_TO_CHANGE,
    "too_early": EFFECTIVE_TOO_EARLY,
    "too_late": EFFECTIVE_TOO_FAR,
    "wrong_parent": WRONG_PARENT,
    "kinds_differ": KINDS_DIFFER,
    "same_node": SAME_NODE,
    "not_its_child": NOT_ITS_CHILD,
    "not_empty": NOT_EMPTY,
    "outside": OUT_OF_SCOPE,
    "round_unknown": ROUND_UNKNOWN,
    "round_not_open": ROUND_NOT_OPEN,
}
_SAID: Final[dict[Fault, tuple[str, str]]] = {
    "node_closed": ("ผู้รับช่วงต่อ", "its successor"),
    "code_retired": ("ผู้รับช่วงต่อ", "its successor"),
    "code_taken": ("", ""),
    "too_early": ("การเปลี่ยนแปลงครั้งล่าสุดมีผลตั้งแต่", "its last change holds since"),
    "too_late": ("กำหนดได้ไม่เกินวันที่", "the last day there is"),
    "wrong_parent": ("ต้องเป็น", "it must be a"),
    "kinds_differ": ("ต้องเป็น", "it must be a"),
    "not_empty": ("จำนวนข้างใต้", "so many hang under it"),
}


def of_day(refusal: NotYet) -> Problem:
    """The problem with asking about a day before a node's first."""
    return NOT_YET.problem(
        f"จัดตั้ง{format_long(refusal.valid_from)}",
        f"It was opened on {refusal.valid_from.isoformat()}.",
        where="query.as_of",
    )


def of_order(refused: Refused, subject: str | None, *, center: bool) -> Problem:
    """The problem with an order about the node in the path, if there is one."""
    kind = _KINDS[refused.fault]
    if refused.fault == "node_unknown" and refused.code == subject:
        return (CENTER_UNKNOWN if center else ORGANIZATION_UNKNOWN).problem(where="path.code")
    if refused.fault in {"outside", "round_unknown", "round_not_open"}:
        return kind.problem(where="path")
    thai, english = _SAID.get(refused.fault, ("", ""))
    said = refused.said if thai else ""
    return kind.problem(
        f"{kind.title} ({refused.code})" + (f": {thai} {said}" if said else ""),
        f"{kind.title_en} ({refused.code})" + (f": {english} {said}." if said else "."),
        where=refused.code,
    )
