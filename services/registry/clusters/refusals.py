"""How the refusals about clusters look to a caller: what, where, and what to do."""

from collections.abc import Sequence
from typing import Final

from services.registry.clusters.cluster import FEWEST, MOST
from services.registry.clusters.editing import (
    AlreadyVisited,
    BadPins,
    Changed,
    ClusterUnknown,
    EditRefused,
    HeldElsewhere,
    NotDisplaced,
    NotHere,
    NowhereToGo,
    Repeated,
    WrongSize,
)
from shared.http import Problem, ProblemKind
from shared.http.problems import CLUSTER_UNKNOWN

PLAN_UNKNOWN: Final = ProblemKind(
    "plan-unknown", 404, "ไม่มีแผนนี้ในรอบ", "The round has no such plan",
    "อ่านรายการแผนของรอบ", "Read the list of the round's plans.",
)  # fmt: skip
PROVINCE_UNKNOWN: Final = ProblemKind(
    "province-not-in-plan", 404, "ไม่มีจังหวัดนี้ในแผนหรือในรอบ", "This province is not part of it",
    "ตรวจรหัสจังหวัดสองหลัก", "Check the province's code of two digits.",
)  # fmt: skip
NOTHING_TO_PLAN: Final = ProblemKind(
    "nothing-to-cluster", 409, "ไม่มีศูนย์ให้จัดกลุ่ม", "There is no center to cluster",
    "นำเข้าบัญชีรายชื่อก่อน หรือเลือกจังหวัดอื่น", "Import a roll first, or choose other provinces.",
)  # fmt: skip
TOO_MANY_PLANS: Final = ProblemKind(
    "too-many-plans", 409, "มีแผนที่ยังไม่เสร็จหลายแผนแล้ว", "Several plans are under way already",
    "รอให้เสร็จ หรือยกเลิกแผนที่ไม่ใช้", "Wait for them, or cancel those you do not need.",
)  # fmt: skip
PLAN_WITHOUT_ANSWER: Final = ProblemKind(
    "plan-without-answer", 409, "แผนยังไม่มีคำตอบครบทุกจังหวัด", "The plan has no answer for every province yet",
    "รอสักครู่ แล้วลองใหม่", "Wait a moment and try again.",
)  # fmt: skip
PLAN_STALE: Final = ProblemKind(
    "plan-stale", 409, "กลุ่มถูกแก้ไขหลังจากที่เริ่มแผน", "Clusters were changed after the plan began",
    "สร้างแผนใหม่จากกลุ่มปัจจุบัน", "Make a new plan from the clusters as they are.",
)  # fmt: skip
PLAN_ENDED: Final = ProblemKind(
    "plan-ended", 409, "แผนนี้จบแล้ว", "The plan has ended already",
    "ไม่ต้องยกเลิก", "There is nothing to cancel.",
)  # fmt: skip
EDIT_REFUSED: Final = ProblemKind(
    "cluster-change-refused", 409, "เปลี่ยนกลุ่มเช่นนี้ไม่ได้", "The cluster cannot be changed like this",
    "อ่านเหตุผลในรายละเอียด แล้วเลือกการเปลี่ยนแปลงอื่น", "Read why in the detail and choose another change.",
)  # fmt: skip
CLUSTER_CHANGED: Final = ProblemKind(
    "cluster-changed", 409, "กลุ่มนี้ถูกแก้ไขไปแล้ว", "The cluster was changed meanwhile",
    "อ่านกลุ่มล่าสุดแล้วแก้ไขใหม่", "Read it again and change that.",
)  # fmt: skip
WORKER_FAILED: Final = ProblemKind(
    "clusters-not-computed", 503, "คำนวณไม่สำเร็จ", "This could not be computed",
    "ลองใหม่ในอีกสักครู่", "Try again in a moment.",
)  # fmt: skip


def of_edit(refused: EditRefused) -> Problem:
    """The problem with a change by hand."""
    match refused:
        case ClusterUnknown(name):
            return CLUSTER_UNKNOWN.problem(f"ไม่มีกลุ่ม {name}", f"There is no cluster {name}.")
        case Changed(revision):
            return CLUSTER_CHANGED.problem(
                f"กลุ่มนี้อยู่ที่รุ่น {revision}", f"The cluster is at revision {revision}.", where="body.revision"
            )
        case WrongSize(name, size):
            return EDIT_REFUSED.problem(
                f"กลุ่ม {name} จะมี {size} ศูนย์ ต้องมี {FEWEST}–{MOST}",
                f"Cluster {name} would have {size} centers; it must have {FEWEST} to {MOST}.",
                where="body.members",
                hint="แลกเปลี่ยนศูนย์ หรือบอกเหตุผลใน note",
                hint_en="Exchange centers, or say in `note` why that is right.",
            )
        case NowhereToGo(centers):
            return EDIT_REFUSED.problem(
                f"ศูนย์ {_all(centers)} จะไม่มีกลุ่ม",
                f"{_all(centers)} would be in no cluster.",
                where="body.displaced",
                hint="บอกใน displaced ว่าย้ายไปกลุ่มใด",
                hint_en="Say in `displaced` which cluster each goes to.",
            )
    thai, english, where = _sentence(refused)
    return EDIT_REFUSED.problem(thai, english, where=f"body.{where}")


def _sentence(
    refused: NotHere | NotDisplaced | BadPins | HeldElsewhere | AlreadyVisited | Repeated,
) -> tuple[str, str, str]:
    """In Thai, in English, and the field at fault."""
    match refused:
        case NotHere(centers):
            all_ = _all(centers)
            return f"ศูนย์ {all_} ไม่ได้อยู่ในรอบและจังหวัดนี้", f"{all_}: not in this round and province.", "members"
        case NotDisplaced(centers):
            all_ = _all(centers)
            return f"ศูนย์ {all_} ไม่ได้ออกจากกลุ่มนี้", f"{all_} do not leave this cluster.", "displaced"
        case BadPins():
            return (
                "หมุดต้องยึดศูนย์ของกลุ่มนี้อย่างน้อยสองศูนย์",
                "Pins hold at least two members of this cluster together.",
                "pinned",
            )
        case HeldElsewhere(center, name):
            return (
                f"ศูนย์ {center} ถูกปักหมุดในกลุ่ม {name}",
                f"{center} is pinned in cluster {name}: unpin it there.",
                "members",
            )
        case AlreadyVisited(name):
            return f"กลุ่ม {name} ถูกเยี่ยมแล้ว", f"Cluster {name} was visited, so its members stay.", "members"
        case Repeated(center):
            return f"ศูนย์ {center} ซ้ำ", f"{center} is named twice.", "members"


def _all(centers: Sequence[str]) -> str:
    return ", ".join(centers)
