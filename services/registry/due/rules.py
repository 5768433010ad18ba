"""The five-year rule: who is due, who is overdue, who was never assessed, and who is selected too early. Pure.

National Education Act B.E. 2542, section 49 paragraph 2: every institution is assessed from outside at least once every
five years since its last assessment. Years are fiscal years of the Buddhist Era, as rolls give the last one.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from shared.thai.numerals import to_thai

CYCLE: Final = 5
"""Years."""

Standing = Literal["never", "overdue", "due", "early"]
STANDINGS: Final[tuple[Standing, ...]] = get_args(Standing)
"""`never`: no assessment is known. `overdue`: five years were over before this one. `due`: they end with this one.
`early`: they end later, so that a selection this year comes too early.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A center as the rule sees it. `opened` is the fiscal year it was opened in, where the register knows it.

    `owes`: it owes its report in another round that is open, and is assessed there.
    """

    code: str
    province: str
    last_assessed: int | None
    opened: int | None = None
    owes: bool = False


def due_year(last_assessed: int | None, opened: int | None = None) -> int | None:
    """The last fiscal year in which an assessment is in time.

    A center that was never assessed counts from its opening; None where nobody knows when that was.
    """
    begin = last_assessed if last_assessed is not None else opened
    return None if begin is None else begin + CYCLE


def standing(last_assessed: int | None, fiscal_year: int) -> Standing:
    """Where a center stands under the rule in a fiscal year."""
    if last_assessed is None:
        return "never"
    over = fiscal_year - last_assessed - CYCLE
    return "overdue" if over > 0 else "early" if over < 0 else "due"


def years_over(candidate: Candidate, fiscal_year: int) -> int | None:
    """By how many years a center is overdue: 0 is due, below 0 early; None: never assessed, since nobody knows when."""
    due = due_year(candidate.last_assessed, candidate.opened)
    return None if due is None else fiscal_year - due


def explain(last_assessed: int | None, opened: int | None, fiscal_year: int) -> tuple[str, str]:
    """Why a center stands where it stands, in Thai and in English."""
    due = due_year(last_assessed, opened)
    if due is None:
        return (
            "ไม่พบว่าเคยได้รับการประเมินภายนอก จัดไว้ก่อนทุกแห่งที่เคยประเมินแล้ว",
            "No assessment is known: it comes before all that were assessed.",
        )
    if last_assessed is None:
        begun = f"เปิดในปีงบประมาณ {to_thai(opened or 0)} ยังไม่เคยประเมิน", f"Opened in FY {opened} and never assessed"
    else:
        begun = f"ประเมินล่าสุดปี {to_thai(last_assessed)}", f"Last assessed in {last_assessed}"
    over = fiscal_year - due
    if over > 0:
        said = f"เกินกำหนดห้าปีมาแล้ว {to_thai(over)} ปี", f"five years were over in {due}: overdue by {over}"
    elif over == 0:
        said = f"ครบห้าปีในปี {to_thai(due)} ต้องประเมินปีนี้", f"five years end in {due}: due this year"
    else:
        said = f"ครบห้าปีในปี {to_thai(due)} ก่อนกำหนด {to_thai(-over)} ปี", f"five years end in {due}: {-over} early"
    return f"{begun[0]} {said[0]}", f"{begun[1]}; {said[1]}."
