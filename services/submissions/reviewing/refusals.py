"""Why a verdict does not count, in words: what, and what to do. Pure, because events carry it too."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Code = Literal[
    "overtaken",
    "not_inspected",
    "not_accepted",
    "reviewed_already",
    "no_reasons",
    "due_unusable",
    "too_many",
]


@dataclass(frozen=True, slots=True)
class Words:
    """What is wrong with a verdict, and what helps."""

    title: str
    title_en: str
    hint: str
    hint_en: str

    @property
    def sentence(self) -> str:
        """Both, in Thai."""
        return f"{self.title} {self.hint}"

    @property
    def sentence_en(self) -> str:
        """Both, in English."""
        return f"{self.title_en}. {self.hint_en}"


WORDS: Final[dict[Code, Words]] = {
    "overtaken": Words(
        "ศูนย์ส่งฉบับใหม่กว่ามาแล้ว ผลพิจารณาฉบับเดิมใช้ไม่ได้",
        "The center has sent a newer version; a verdict on the old one does not count",
        "อ่านฉบับใหม่แล้วพิจารณาอีกครั้ง",
        "Read the newer version and judge that.",
    ),
    "not_inspected": Words(
        "รายงานฉบับนี้ยังอยู่ระหว่างตรวจไฟล์",
        "The file of this version is still being inspected",
        "รอสักครู่แล้วลองใหม่",
        "Wait a moment and try again.",
    ),
    "not_accepted": Words(
        "ไฟล์ของรายงานฉบับนี้ไม่ผ่านการตรวจ",
        "The file of this version did not pass its inspection",
        "รอศูนย์ส่งฉบับใหม่",
        "Wait for a new version.",
    ),
    "reviewed_already": Words(
        "รายงานฉบับนี้มีผลพิจารณาแล้ว",
        "This version has been judged already",
        "หากต้องแก้ผล ให้ระบุ replaces เป็นเลขของผลเดิม",
        "To correct the verdict, name it in `replaces`.",
    ),
    "no_reasons": Words(
        "การส่งกลับต้องบอกเหตุผล", "A return needs its reasons", "ใส่เหตุผลอย่างน้อยหนึ่งข้อ", "Give at least one."
    ),
    "due_unusable": Words(
        "วันที่ต้องส่งคืนใช้ไม่ได้",
        "The day by which it must be back cannot be used",
        "ใช้วันในอนาคต ไม่เกินหนึ่งปี",
        "Give a time to come, within a year.",
    ),
    "too_many": Words("มีผลพิจารณามากเกินกำหนดแล้ว", "Too many verdicts were given", "ติดต่อผู้ดูแลระบบ", "Ask the operator."),
}
assert set(WORDS) == set(get_args(Code)), "each code has its words"
