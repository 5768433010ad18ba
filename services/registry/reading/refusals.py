"""How the refusals of the lists look to a caller."""

from typing import Final

from services.registry.reading.filters import NoBox
from shared.http import Problem, ProblemKind

BAD_MAP_BOX: Final = ProblemKind(
    "bad-map-box", 422, "กรอบแผนที่ (bbox) ไม่ถูกต้อง", "The map box is none",
    "ใส่ ตะวันตก,ใต้,ตะวันออก,เหนือ เป็นองศา เช่น 97.3,18.9,98.4,19.9",
    "Give west,south,east,north in degrees, such as 97.3,18.9,98.4,19.9.",
)  # fmt: skip

_SAID: Final = {
    "four numbers": ("ต้องเป็นตัวเลขสี่ตัวคั่นด้วยจุลภาค", "It must be four numbers with commas between them."),
    "degrees": ("องศาอยู่นอกโลก", "Degrees lie between -180 and 180, and between -90 and 90."),
    "order": ("ตะวันตกต้องไม่เกินตะวันออก ใต้ต้องไม่เกินเหนือ", "West may not lie east of east, nor south north of north."),
}


def of_box(refusal: NoBox) -> Problem:
    """The problem with a square of the map."""
    return BAD_MAP_BOX.problem(*_SAID[refusal.fault], where="query.bbox")
