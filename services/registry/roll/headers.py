"""What offices call the columns of a roll, in Thai and in English."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, get_args

from shared.thai.text import normalise

Field = Literal[
    "code",
    "name",
    "lao_code",
    "lao_name",
    "lao_email",
    "subdistrict",
    "district",
    "province",
    "latitude",
    "longitude",
    "email",
    "last_assessed",
]
FIELDS: tuple[Field, ...] = get_args(Field)
REQUIRED: tuple[Field, ...] = ("code", "name", "lao_code", "lao_name", "subdistrict", "district", "province")

CANONICAL: Mapping[Field, str] = {
    "code": "รหัสศูนย์",
    "name": "ชื่อศูนย์",
    "lao_code": "รหัส อปท.",
    "lao_name": "อปท.ต้นสังกัด",
    "lao_email": "อีเมล อปท.",
    "subdistrict": "ตำบล",
    "district": "อำเภอ",
    "province": "จังหวัด",
    "latitude": "ละติจูด",
    "longitude": "ลองจิจูด",
    "email": "อีเมล",
    "last_assessed": "ปีที่ประเมินล่าสุด",
}
"""The header of each column as the department writes it."""

_CENTER = ("ศูนย์", "ศูนย์ฯ", "ศพด", "ศูนย์พัฒนาเด็กเล็ก", "สถานศึกษา", "สถานพัฒนาเด็กปฐมวัย", "center", "centre", "cdc", "school")
_LAO = ("อปท", "องค์กรปกครองส่วนท้องถิ่น", "หน่วยงานต้นสังกัด", "ต้นสังกัด", "lao", "localgovernment", "parentlao")
_CODE = ("รหัส", "เลขที่", "เลขรหัส", "code", "id", "no")
_NAME = ("ชื่อ", "name")
_EMAIL = ("อีเมล", "อีเมล์", "อีเมลล์", "ไปรษณีย์อิเล็กทรอนิกส์", "email", "mail", "emailaddress")

_PLAIN: Mapping[Field, str] = {
    "code": "centercode centrecode centerid schoolcode smiscode",
    "name": "ศูนย์พัฒนาเด็กเล็ก ศพด centername centrename schoolname nameofcenter nameofcentre รายชื่อศูนย์พัฒนาเด็กเล็ก รายชื่อศูนย์",
    "lao_code": "laocode",
    "lao_name": "อปท สังกัด ต้นสังกัด หน่วยงานต้นสังกัด สังกัดอปท อปทที่สังกัด องค์กรปกครองส่วนท้องถิ่น เทศบาลอบต อบตเทศบาล "
    "lao laoname parentlao localgovernment localadministrativeorganization localadministrativeorganisation",
    "lao_email": "laoemail",
    "subdistrict": "ชื่อตำบล แขวง ตำบลแขวง แขวงตำบล subdistrict subdistrictname tambon tambol tumbon",
    "district": "ชื่ออำเภอ เขต อำเภอเขต เขตอำเภอ district districtname amphoe amphur amphor",
    "province": "ชื่อจังหวัด province provincename changwat",
    "latitude": "lat latitude พิกัดละติจูด ละติจูดlatitude ละติจูดlat ละจิจูด พิกัดlat พิกัดy y",
    "longitude": "long lon lng longitude พิกัดลองจิจูด ลองติจูด ลองจิจูดlongitude ลองจิจูดlong ลองกิจูด พิกัดlong พิกัดx x",
    "email": "emailศูนย์",
    "last_assessed": "ปีพศที่ประเมินล่าสุด ประเมินล่าสุด ปีที่ประเมินครั้งล่าสุด ปีที่ได้รับการประเมินล่าสุด ปีงบประมาณที่ประเมินล่าสุด "
    "ประเมินครั้งล่าสุด ปีที่รับการประเมิน ปีที่ประเมิน lastassessed lastassessment lastassessedyear yearlastassessed "
    "lastassessmentyear yearoflastassessment assessedyear",
}
"""Words that mean one field by themselves."""

_WEAK: Mapping[Field, str] = {
    "code": "รหัส code id",
    "name": "ชื่อ name รายชื่อ",
    "latitude": "พิกัด พิกัดที่ตั้ง พิกัดgps พิกัดทางภูมิศาสตร์ latlong latlng latitudelongitude coordinates gps",
}
"""Words that mean a field only if no other column does."""

_SECRETS = ("รหัสผ่าน", "ชื่อผู้ใช้", "พาสเวิร์ด", "ยูสเซอร์", "password", "passwd", "username", "userid", "passcode")
"""The order forbids user names and passwords in lists that travel; a roll that has them is refused whole."""

_UNTOLD = re.compile("[^0-9A-Za-z\u0e01-\u0e4e\u0e50-\u0e59]+|ฯ")
_NUMBER_BEFORE = re.compile(r"^\s*\(?[0-9๐-๙]{1,2}\s*[.)]\s*")


@lru_cache(8_192)
def key_of(header: str) -> str:
    """A header without what offices write differently: spaces, dots, case, `ฯ`, a number before it."""
    return _UNTOLD.sub("", _NUMBER_BEFORE.sub("", normalise(header).text)).casefold()


def names_secret(header: str) -> bool:
    """Whether a header announces user names or passwords. A long sentence that mentions them is no header."""
    key = key_of(header)
    return len(key) <= 40 and any(secret in key for secret in _SECRETS)  # noqa: PLR2004


def _pairs() -> dict[str, Field]:
    """Every way to say a field of a center or of an LAO: `รหัสศพด`, `laocode`, `centeremail`."""
    found: dict[str, Field] = {}
    for owners, code, name, email in ((_CENTER, "code", "name", "email"), (_LAO, "lao_code", "lao_name", "lao_email")):
        for owner in owners:
            for words, field in ((_CODE, code), (_NAME, name), (_EMAIL, email)):
                for word in words:
                    found[key_of(word + owner)] = field  # type: ignore[assignment]
                    found[key_of(owner + word)] = field  # type: ignore[assignment]
    return found


FIELD_OF: Mapping[str, Field] = {
    **_pairs(),
    **{key_of(word): "email" for word in _EMAIL},
    **{key_of(word): field for field in FIELDS for word in (CANONICAL[field], *_PLAIN[field].split())},
}
WEAK: Mapping[str, Field] = {key_of(word): field for field, words in _WEAK.items() for word in words.split()}

_PARTS = re.compile(r"[/\n()\[\],|]+")


@lru_cache(8_192)
def field_of(words: str) -> Field | None:
    """The field that a header means: all of it, or each of its parts that means anything, as in `ตำบล (Tambon)`."""
    if field := FIELD_OF.get(key_of(words)):
        return field
    keys = [key_of(part) for part in _PARTS.split(words)]
    said = {FIELD_OF.get(key) or WEAK.get(key) for key in keys} - {None}
    strong = {FIELD_OF.get(key) for key in keys} - {None}
    return next(iter(strong)) if strong and len(said) == 1 else None


def weak_field_of(words: str) -> Field | None:
    """The field that a header means if no other column does."""
    return WEAK.get(key_of(words))
