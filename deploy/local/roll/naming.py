"""Names of centers, as centers are named: after a village, a temple, or their LAO."""

import random
from collections.abc import Iterator

from deploy.local.roll.offices import Lao

_HEAD = "ศูนย์พัฒนาเด็กเล็ก"

# How villages of a region like to begin; the code's first digit is the region in the DOPA scheme.
_BEGINNINGS = {
    "north": ("แม่", "สัน", "ป่า", "ห้วย", "ดอย", "ทุ่ง", "ปาง", "ม่อน"),
    "northeast": ("หนอง", "โนน", "โคก", "นา", "ดอน", "คำ", "กุด", "ดง"),
    "center": ("บาง", "คลอง", "ท่า", "ดอน", "หัว", "วัง", "สระ", "ไผ่"),
    "south": ("ควน", "ปาก", "เขา", "บ่อ", "ทุ่ง", "ท่า", "ช่อง", "เกาะ"),
}
_REGION = {"3": "northeast", "4": "northeast", "5": "north", "8": "south", "9": "south"}
_ENDINGS = (
    "บัว", "แวง", "ขาม", "สะเดา", "กระทุ่ม", "ตาล", "มะม่วง", "แก้ว", "ทราย", "หิน", "แดง", "ขาว", "เหนือ", "ใต้",
    "กลาง", "ใหม่", "เก่า", "สูง", "ยาว", "ใหญ่", "น้อย", "พลับ", "สำโรง", "ยาง", "เต่า", "ช้าง", "เสือ", "ปลา", "นกเอี้ยง",
    "ศิลา", "สวรรค์", "สมบูรณ์", "เจริญ", "พัฒนา", "มงคล", "จันทร์", "อินทร์", "ลำดวน", "จิก", "แสง",
)  # fmt: skip


def center_names(lao: Lao, count: int, rng: random.Random) -> Iterator[str]:
    """Yield `count` names that differ within the LAO; many recur elsewhere in the country, as they do."""
    beginnings = _BEGINNINGS[_REGION.get(lao.code[1], "center")]
    taken: set[str] = set()
    while len(taken) < count:
        name = _HEAD + _one(lao, beginnings, rng)
        if name in taken:
            name = f"{name} {len(taken) + 1}"
        taken.add(name)
        yield name


def _one(lao: Lao, beginnings: tuple[str, ...], rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.15:  # noqa: PLR2004 - shares, invented
        return lao.name
    village = rng.choice(beginnings) + rng.choice(_ENDINGS)
    return f"วัด{village}" if draw < 0.30 else f"บ้าน{village}"  # noqa: PLR2004
