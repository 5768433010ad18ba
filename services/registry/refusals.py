"""How the registry's refusals look to a caller: each its own kind of problem, naming the place and what to do."""

from typing import Final

from services.registry.domain import DeadlinePassed, NothingListed, RoundClosed
from services.registry.rounds.rules import RoundUnknown
from shared.http import Problem, ProblemKind
from shared.http.problems import ROUND_CLOSED, ROUND_UNKNOWN
from shared.thai.calendar import format_moment

ROUND_EXISTS: Final = ProblemKind(
    "round-exists", 409, "มีรอบการประเมินนี้แล้ว", "This round exists already",
    "ใช้รอบเดิม หรือตั้งรหัสรอบใหม่", "Use it, or choose another id.",
)  # fmt: skip
ROUND_WITHOUT_ROLL: Final = ProblemKind(
    "round-without-roll", 409, "รอบนี้ยังไม่มีบัญชีรายชื่อ", "This round has no roll yet",
    "นำเข้าบัญชีรายชื่อก่อนเปิดรอบ", "Import a roll before opening it.",
)  # fmt: skip
DEADLINE_PASSED: Final = ProblemKind(
    "deadline-passed", 409, "กำหนดส่งผ่านไปแล้ว", "The deadline has passed",
    "ตรวจปีของกำหนดส่ง", "Check the year of the deadline.",
)  # fmt: skip


def of_round(refusal: RoundUnknown | RoundClosed | NothingListed | DeadlinePassed, round_id: str) -> Problem:
    """The problem with a round."""
    match refusal:
        case RoundUnknown():
            return ROUND_UNKNOWN.problem(where="path.round")
        case RoundClosed():
            return ROUND_CLOSED.problem(where="path.round")
        case NothingListed():
            return ROUND_WITHOUT_ROLL.problem(
                f"รอบ {round_id} ยังไม่มีศูนย์ในบัญชี", f"No center is on the roll of {round_id}.", where="path.round"
            )
        case DeadlinePassed(deadline):
            return DEADLINE_PASSED.problem(
                f"กำหนดส่งคือ{format_moment(deadline)}",
                f"The deadline was {deadline.isoformat()}.",
                where="deadline",
            )
