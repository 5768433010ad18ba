"""How offices lay a roll out: headers in one line or two, in Thai or in English, columns in any order."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.roll.generator import RollRow
from deploy.local.roll.writers import Cell, Merge

_OTHER = {
    "number": "ที่",
    "code": "รหัส\nศูนย์ฯ",
    "name": "ชื่อศูนย์พัฒนาเด็กเล็ก",
    "lao_name": " อปท. ต้นสังกัด",
    "lao_kind": "ประเภท",
    "lao_code": "รหัสอปท.",
    "lao_email": "E-mail อปท.",
    "subdistrict": "ตําบล",
    "district": "อำเภอ ",
    "province": "จังหวัด",
    "postcode": "รหัส ปณ.",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "email": "E-mail",
    "phone": "โทร.",
    "last_assessed": "ปี พ.ศ. ที่ประเมินล่าสุด",
    "remark": "หมายเหตุ",
}
_ENGLISH = {
    "number": "No.",
    "code": "Center code",
    "name": "Name of center",
    "lao_name": "Local administrative organization",
    "lao_kind": "Type",
    "lao_code": "LAO code",
    "lao_email": "LAO e-mail",
    "subdistrict": "Sub-district (Tambon)",
    "district": "Amphoe",
    "province": "PROVINCE",
    "postcode": "Postcode",
    "latitude": "Lat.",
    "longitude": "Long.",
    "email": "E-mail address",
    "phone": "Telephone",
    "last_assessed": "Last assessed year",
    "remark": "Remarks",
}

# The upper line, and below each of its words the fields with what the lower line says.
_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("ที่", (("number", ""),)),
    ("ศูนย์พัฒนาเด็กเล็ก", (("code", "รหัส"), ("name", "ชื่อ"), ("email", "อีเมล"), ("phone", "โทรศัพท์"))),
    ("อปท.", (("lao_code", "รหัส"), ("lao_name", "ชื่อ"), ("lao_kind", "ประเภท"), ("lao_email", "อีเมล"))),
    ("ที่ตั้ง", (("subdistrict", "ตำบล"), ("district", "อำเภอ"), ("province", "จังหวัด"), ("postcode", "รหัสไปรษณีย์"))),
    ("พิกัด", (("latitude", "ละติจูด"), ("longitude", "ลองจิจูด"))),
    ("ปีที่ประเมินล่าสุด", (("last_assessed", ""),)),
    ("หมายเหตุ", (("remark", ""),)),
)
_TOLD_APART = {
    "code": "รหัส ศูนย์พัฒนาเด็กเล็ก",
    "name": "ชื่อ ศูนย์พัฒนาเด็กเล็ก",
    "email": "อีเมล ศูนย์พัฒนาเด็กเล็ก",
    "lao_code": "รหัส อปท.",
    "lao_name": "ชื่อ อปท.",
    "lao_email": "อีเมล อปท.",
    "latitude": "พิกัด ละติจูด",
    "longitude": "พิกัด ลองจิจูด",
}
"""Where a word of the lower line means nothing by itself, both are read together."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The lines of a header, the field of each column, and by which words a report names it. `merges` are relative to
    the header's first line (1).
    """

    lines: tuple[tuple[Cell, ...], ...]
    fields: tuple[str, ...]
    names: Mapping[str, str]
    merges: tuple[Merge, ...] = ()

    def row(self, cells: Mapping[str, Cell]) -> tuple[Cell, ...]:
        """A row's cells in the order of the columns."""
        return tuple(cells[field] for field in self.fields)


def other_names(rng: random.Random) -> Layout:
    """One line, in Thai, with other words than the department's, columns in any order."""
    return _in_one_line(_OTHER, rng)


def english(rng: random.Random) -> Layout:
    """One line in English, columns in any order."""
    return _in_one_line(_ENGLISH, rng)


def _in_one_line(names: Mapping[str, str], rng: random.Random) -> Layout:
    fields = list(RollRow._fields)
    rng.shuffle(fields)
    return Layout(
        (tuple(names[field] for field in fields),),
        tuple(fields),
        {field: name.strip() for field, name in names.items()},
    )


def two_lines() -> Layout:
    """Two lines with merged cells, as forms are drawn."""
    upper: list[Cell] = []
    lower: list[Cell] = []
    fields: list[str] = []
    names: dict[str, str] = {}
    merges = []
    for words, below in _GROUPS:
        first = len(fields)
        for field, under in below:
            upper.append(words if len(upper) == first else None)
            lower.append(under or None)
            fields.append(field)
            names[field] = _TOLD_APART.get(field, under or words)
        alone = len(below) == 1
        merges.append(Merge(1, first, 2 if alone else 1, first if alone else len(fields) - 1))
    return Layout((tuple(upper), tuple(lower)), tuple(fields), names, tuple(merges))
