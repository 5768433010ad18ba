"""What can be said of a row of a roll, in both languages, with what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from services.registry.roll.headers import Field

Verdict = Literal["accepted", "repaired", "repeated", "rejected"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""From good to bad: the worst of what was found decides about a row."""


class Reason(StrEnum):
    """Why a row was rejected, repaired or passed over. Part of the public surface."""

    # rejected: a person must settle it
    MISSING_VALUE = "missing_value"
    FORMULA_CELL = "formula_cell"
    ERROR_VALUE = "error_value"
    BAD_CENTER_CODE = "bad_center_code"
    BAD_NAME = "bad_name"
    BAD_LAO_CODE = "bad_lao_code"
    LAO_CODE_CONTRADICTS_PLACE = "lao_code_contradicts_place"
    LAO_CONTRADICTS_ITSELF = "lao_contradicts_itself"
    UNKNOWN_PROVINCE = "unknown_province"
    UNKNOWN_DISTRICT = "unknown_district"
    UNKNOWN_SUBDISTRICT = "unknown_subdistrict"
    SWAPPED_COLUMNS = "swapped_columns"
    SWAPPED_COORDINATES = "swapped_coordinates"
    BAD_COORDINATES = "bad_coordinates"
    BAD_EMAIL = "bad_email"
    BAD_YEAR = "bad_year"
    DUPLICATE_CODE = "duplicate_code"
    LOST_ZEROS = "lost_zeros"
    CENTER_CLOSED = "center_closed"
    LAO_CLOSED = "lao_closed"
    ROUND_UNKNOWN = "round_unknown"
    ROUND_CLOSED = "round_closed"
    # passed over: the row says what another said
    REPEATED_ROW = "repeated_row"
    # repaired: the meaning is certain, the row counts
    THAI_NUMERALS = "thai_numerals"
    CHRISTIAN_YEAR = "christian_year"
    YEAR_IN_WORDS = "year_in_words"
    YEAR_OF_DATE = "year_of_date"
    FORMULA_VALUE = "formula_value"
    MERGED_CELL = "merged_cell"
    CELL_FORMAT = "cell_format"
    SEPARATORS = "separators"
    DECIMAL_COMMA = "decimal_comma"
    DEGREES = "degrees"
    ONE_CELL_POINT = "one_cell_point"
    WRAPPED_EMAIL = "wrapped_email"
    INVISIBLE = "invisible"
    SPACE = "space"
    COMPOSITION = "composition"
    LOOK_ALIKE = "look_alike"
    SARA_AM = "sara_am"
    SARA_AE = "sara_ae"
    ORDER = "order"
    DOUBLED = "doubled"


REPAIRS = frozenset(list(Reason)[list(Reason).index(Reason.THAI_NUMERALS) :])


def verdict_of(reason: Reason) -> Verdict:
    """What a finding of this reason makes of its row."""
    if reason is Reason.REPEATED_ROW:
        return "repeated"
    return "repaired" if reason in REPAIRS else "rejected"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one cell.

    `line` and `column` are as a person sees them in the file; `value` is what stood there, cut and printable.
    `suggestion` is what was probably meant: of a repair what it became, of a duplicate the other row. `sheet` counts
    from 0 among the file's visible sheets, `place` is the column from 0.
    """

    line: int
    field: Field
    column: str
    value: str
    reason: Reason
    suggestion: str | None = None
    sheet: int = 0
    place: int | None = None

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.reason)

    @property
    def sentence(self) -> str:
        """What is wrong, in Thai."""
        return SENTENCES[self.reason][0]

    @property
    def sentence_en(self) -> str:
        """What is wrong, in English."""
        return SENTENCES[self.reason][1]


SENTENCES: Mapping[Reason, tuple[str, str]] = {
    Reason.MISSING_VALUE: ("ช่องนี้ต้องมีข้อมูล", "This cell must not be empty"),
    Reason.FORMULA_CELL: (
        "ช่องนี้เป็นสูตรที่ไม่มีค่าบันทึกไว้ ให้วางเป็นค่า",
        "This cell holds a formula without a saved value; paste its value instead",
    ),
    Reason.ERROR_VALUE: (
        "สูตรในช่องนี้ผิดพลาด ให้แก้หรือวางเป็นค่า",
        "The formula of this cell failed; correct it or paste the value",
    ),
    Reason.BAD_CENTER_CODE: (
        "รหัสศูนย์ต้องเป็นตัวเลขหรือตัวอักษรอังกฤษ ไม่เกิน 32 ตัว (ระวัง Excel แปลงเป็น 5.80E+09)",
        "A center's code is up to 32 digits, letters, - or _ (mind Excel's 5.80E+09)",
    ),
    Reason.BAD_NAME: ("ชื่อยาวเกินไปหรือไม่มีตัวอักษร", "The name is too long or holds no letter"),
    Reason.BAD_LAO_CODE: (
        "รหัส อปท. ต้องมี 7 หลัก ขึ้นต้นด้วย 2–6",
        "An LAO's code has 7 digits and begins with 2 to 6",
    ),
    Reason.LAO_CODE_CONTRADICTS_PLACE: (
        "รหัส อปท. เป็นของจังหวัดหรืออำเภออื่น",
        "The LAO's code belongs to another province or district than the row says",
    ),
    Reason.LAO_CONTRADICTS_ITSELF: (
        "รหัส อปท. เดียวกันแต่ชื่อหรืออีเมลไม่ตรงกัน",
        "One LAO code stands with different names or e-mail addresses",
    ),
    Reason.UNKNOWN_PROVINCE: (
        "ไม่มีจังหวัดนี้ในสังกัดกรมส่งเสริมการปกครองท้องถิ่น",
        "No such province under the department (Bangkok is not)",
    ),
    Reason.UNKNOWN_DISTRICT: ("ไม่มีอำเภอนี้ในจังหวัด", "No such district in the province"),
    Reason.UNKNOWN_SUBDISTRICT: ("ไม่มีตำบลนี้ในอำเภอ", "No such subdistrict in the district"),
    Reason.SWAPPED_COLUMNS: ("ข้อมูลสลับช่องกัน", "Two cells of this row stand in each other's place"),
    Reason.SWAPPED_COORDINATES: ("ละติจูดกับลองจิจูดสลับกัน", "Latitude and longitude stand in each other's place"),
    Reason.BAD_COORDINATES: (
        "พิกัดต้องเป็นองศาในประเทศไทย มีทั้งละติจูดและลองจิจูดหรือไม่มีเลย",
        "Coordinates are degrees inside Thailand, both or neither",
    ),
    Reason.BAD_EMAIL: ("อีเมลไม่ถูกต้อง", "This is not one e-mail address"),
    Reason.BAD_YEAR: (
        "ปีต้องเป็น พ.ศ. สี่หลักที่ผ่านมาแล้ว",
        "The year is a past Buddhist Era year in four digits",
    ),
    Reason.DUPLICATE_CODE: (
        "รหัสศูนย์ซ้ำกับแถวอื่นแต่ข้อมูลต่างกัน",
        "Another row has this code and says otherwise",
    ),
    Reason.LOST_ZEROS: (
        "รหัสนี้ไม่มีในทะเบียน แต่มีรหัสเดียวกันที่มีเลขศูนย์นำหน้า",
        "The registry has no such code, but has it with zeros before it",
    ),
    Reason.CENTER_CLOSED: ("ศูนย์นี้ยุบเลิกหรือรวมแล้ว", "This center was closed or merged"),
    Reason.LAO_CLOSED: ("อปท. นี้ยุบเลิกหรือรวมแล้ว", "This LAO was closed or merged"),
    Reason.ROUND_UNKNOWN: ("ไม่มีรอบการประเมินนี้", "There is no such round"),
    Reason.ROUND_CLOSED: ("รอบการประเมินนี้ปิดแล้ว", "This round is closed"),
    Reason.REPEATED_ROW: ("แถวนี้ซ้ำกับแถวก่อนหน้าทุกช่อง", "This row repeats an earlier one"),
    Reason.THAI_NUMERALS: ("แปลงเลขไทยเป็นเลขอารบิก", "Thai numerals were read"),
    Reason.CHRISTIAN_YEAR: ("แปลง ค.ศ. เป็น พ.ศ.", "A Christian Era year was read"),
    Reason.YEAR_IN_WORDS: ("อ่านเฉพาะตัวเลขของปี", "The year was read without the words around it"),
    Reason.YEAR_OF_DATE: ("ใช้เฉพาะปีของวันที่", "The year of a date was taken"),
    Reason.FORMULA_VALUE: ("ใช้ค่าที่สูตรบันทึกไว้", "The saved value of a formula was taken"),
    Reason.MERGED_CELL: ("ใช้ค่าของเซลล์ที่ผสานกัน", "The value of the merged cells was taken"),
    Reason.CELL_FORMAT: ("เติมเลขศูนย์นำหน้าตามรูปแบบของเซลล์", "Leading zeros were taken from the cell's format"),
    Reason.SEPARATORS: ("ลบขีดหรือช่องว่างในรหัส", "Dashes or spaces in the code were removed"),
    Reason.DECIMAL_COMMA: ("อ่านจุลภาคเป็นจุดทศนิยม", "A comma was read as the decimal point"),
    Reason.DEGREES: ("แปลงองศา ลิปดา ฟิลิปดา เป็นทศนิยม", "Degrees, minutes and seconds were read"),
    Reason.ONE_CELL_POINT: ("แยกพิกัดที่อยู่ในช่องเดียวกัน", "Both coordinates were taken from one cell"),
    Reason.WRAPPED_EMAIL: ("ลบสิ่งที่ไม่ใช่อีเมลรอบที่อยู่", "What surrounded the e-mail address was removed"),
    Reason.INVISIBLE: ("ลบอักขระที่มองไม่เห็น", "Invisible characters were removed"),
    Reason.SPACE: ("ลบช่องว่างที่เกิน", "White space was tidied"),
    Reason.COMPOSITION: ("รวมอักขระแยกส่วน", "Split characters were joined"),
    Reason.LOOK_ALIKE: (
        "แก้ตัวอักษรต่างภาษาที่หน้าตาคล้ายกัน โปรดตรวจ",
        "A foreign letter was read as the Thai one it looks like; please check",
    ),
    Reason.SARA_AM: ("รวมนิคหิตกับสระอาเป็นสระอำ", "ํ and า were joined to ำ"),
    Reason.SARA_AE: ("รวมสระเอสองตัวเป็นสระแอ", "Two เ were joined to แ"),
    Reason.ORDER: ("จัดลำดับสระและวรรณยุกต์", "A tone mark was moved behind its vowel"),
    Reason.DOUBLED: ("ลบสระหรือวรรณยุกต์ที่ซ้ำ", "A doubled mark was removed"),
}
