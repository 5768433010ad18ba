"""What goes wrong in rolls that people type, copy and merge: each fault with the verdict it deserves.

`repaired`: the meaning is certain, the row counts, and the repair is reported. `rejected`: a person must settle it.
The reasons are the registry's own, written out again here so that a test can hold the one against the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from deploy.local.roll.generator import RollRow
from deploy.local.roll.spoiling import (
    Spoil,
    elsewhere,
    form,
    in_degrees,
    invisible,
    is_misspelt,
    is_no_district,
    misspelt,
    put,
    replace,
    set_apart,
    swap,
    thai_numerals,
    zeros,
)
from deploy.local.roll.writers import Formula

Kind = Literal["xlsx", "csv"]
Found = tuple[tuple[str, str], ...]
"""Reasons and the fields (of `RollRow`) they are reported at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to spoil one row: the verdict, and all that must be found in it. `suggests` is said with the first."""

    verdict: str
    found: Found
    spoil: Spoil
    fits: Callable[[RollRow], bool] = lambda _: True
    suggests: Callable[[RollRow], str | None] = lambda _: None
    kinds: tuple[Kind, ...] = ("xlsx", "csv")


def _repaired(*found: tuple[str, str]) -> tuple[str, Found]:
    return "repaired", found


def _rejected(*found: tuple[str, str]) -> tuple[str, Found]:
    return "rejected", found


FAULTS: dict[str, Fault] = {
    # repaired in any file
    "thai_numerals": Fault(
        *_repaired(("thai_numerals", "code"), ("thai_numerals", "lao_code"), ("thai_numerals", "latitude")),
        thai_numerals,
        suggests=lambda row: row.code,
    ),
    "invisible": Fault(*_repaired(("invisible", "name"), ("invisible", "subdistrict")), invisible),
    "split_sara_am": Fault(
        *_repaired(("sara_am", "lao_name")), replace("lao_name", "ำ", "ํา"), fits=lambda row: "ำ" in row.lao_name
    ),
    "split_sara_ae": Fault(*_repaired(("sara_ae", "name")), lambda row, _: {"name": f"{row['name']} (เเห่งที่ 2)"}),
    "look_alike": Fault(
        *_repaired(("look_alike", "name")),
        replace("name", "พัฒนา", "พัฒนa"),
        fits=lambda row: row.name.count("พัฒนา") == 1,
    ),
    "spaces": Fault(
        *_repaired(("space", "district"), ("space", "province")),
        lambda row, _: {"district": f" \u00a0{row['district']}  ", "province": f"{row['province']}\n"},
    ),
    "christian_year": Fault(*_repaired(("christian_year", "last_assessed")), put(last_assessed=2021)),
    "year_in_words": Fault(
        *_repaired(("year_in_words", "last_assessed")),
        put(last_assessed="ปี พ.ศ. 2563"),
        suggests=lambda _: "2563",
    ),
    "thai_year": Fault(
        *_repaired(("thai_numerals", "last_assessed"), ("year_in_words", "last_assessed")),
        put(last_assessed="พ.ศ. ๒๕๖๒"),
        suggests=lambda _: "2562",
    ),
    "day_for_year": Fault(*_repaired(("year_of_date", "last_assessed")), put(last_assessed="30 ก.ย. 2563")),
    "set_apart": Fault(*_repaired(("separators", "lao_code")), set_apart, suggests=lambda row: row.lao_code),
    "decimal_comma": Fault(
        *_repaired(("decimal_comma", "latitude")),
        lambda row, _: {field: str(row[field]).replace(".", ",") for field in ("latitude", "longitude")},
    ),
    "degrees": Fault(*_repaired(("degrees", "latitude")), in_degrees),
    "one_cell_point": Fault(
        *_repaired(("one_cell_point", "latitude")),
        lambda row, _: {"latitude": f"{row['latitude']}, {row['longitude']}", "longitude": "-"},
    ),
    "mail_link": Fault(
        *_repaired(("wrapped_email", "email")), form("email", "mailto:{}"), suggests=lambda row: row.email
    ),
    "mail_with_a_name": Fault(*_repaired(("wrapped_email", "email")), form("email", "ครูผู้ดูแล <{}>")),
    # repaired as one of the two keeps it
    "formula_value": Fault(
        *_repaired(("formula_value", "name")),
        lambda row, _: {"name": Formula('=CONCATENATE(B1,"")', str(row["name"]))},
        kinds=("xlsx",),
        suggests=lambda row: row.name,
    ),
    "zeros_of_the_format": Fault(
        *_repaired(("cell_format", "code")), zeros, kinds=("xlsx",), suggests=lambda row: row.code
    ),
    "day_cell": Fault(
        *_repaired(("year_of_date", "last_assessed")),
        put(last_assessed=date(2020, 9, 30)),
        kinds=("xlsx",),
        suggests=lambda _: "2563",
    ),
    "zeros_kept_by_a_formula": Fault(
        *_repaired(("formula_value", "code")),
        form("code", '="{}"'),
        kinds=("csv",),
        suggests=lambda row: row.code,
    ),
    # fine as they are
    "short_forms": Fault(
        "accepted",
        (),
        lambda row, _: {"district": f"อ.{row['district']}", "province": f"จ. {row['province']}"},
    ),
    "short_lao": Fault(
        "accepted",
        (),
        replace("lao_name", "องค์การบริหารส่วนตำบล", "อบต."),
        fits=lambda row: row.lao_kind == "อบต.",
    ),
    "number_for_text": Fault("accepted", (), lambda row, _: {"lao_code": int(str(row["lao_code"]))}),
    "nothing_to_say": Fault("accepted", (), put(last_assessed="ไม่มี", email="-", latitude=None, longitude="")),
    # rejected
    "formula": Fault(
        *_rejected(("formula_cell", "name")), put(name=Formula('=CONCATENATE("ศูนย์","เด็กเล็ก")')), kinds=("xlsx",)
    ),
    "formula_text": Fault(
        *_rejected(("formula_cell", "name")), put(name='=CONCATENATE("ศูนย์","เด็กเล็ก")'), kinds=("csv",)
    ),
    "injected": Fault(*_rejected(("formula_cell", "name")), put(name="@SUM(1+1)*cmd|' /C calc'!A0")),
    "failed_formula": Fault(
        *_rejected(("error_value", "district")), put(district=Formula("=VLOOKUP(1,2,3)", "#REF!")), kinds=("xlsx",)
    ),
    "failed_formula_text": Fault(*_rejected(("error_value", "district")), put(district="#N/A"), kinds=("csv",)),
    "unknown_district": Fault(*_rejected(("unknown_district", "district")), put(district="ฟากฟ้าไกล")),
    "misspelt_district": Fault(
        *_rejected(("unknown_district", "district")),
        lambda row, _: {"district": misspelt(str(row["district"]))},
        fits=is_misspelt,
        suggests=lambda row: row.district,
    ),
    "district_of_another": Fault(
        *_rejected(("unknown_district", "district")),
        put(district="เวียงแหง"),
        fits=lambda row: row.province != "เชียงใหม่",
        suggests=lambda _: "อำเภอเวียงแหง จังหวัดเชียงใหม่",
    ),
    "bangkok": Fault(*_rejected(("unknown_province", "province")), put(province="กรุงเทพมหานคร")),
    "short_province": Fault(
        *_rejected(("unknown_province", "province")),
        put(province="อยุธยา"),
        suggests=lambda _: "พระนครศรีอยุธยา",
    ),
    "unknown_subdistrict": Fault(*_rejected(("unknown_subdistrict", "subdistrict")), put(subdistrict="ฟากฟ้าไกล")),
    "swapped_places": Fault(
        *_rejected(("swapped_columns", "district")), swap("subdistrict", "district"), fits=is_no_district
    ),
    "swapped_names": Fault(*_rejected(("swapped_columns", "code"), ("bad_name", "name")), swap("code", "name")),
    "swapped_coordinates": Fault(
        *_rejected(("swapped_coordinates", "latitude")),
        swap("latitude", "longitude"),
        suggests=lambda row: f"{row.latitude}, {row.longitude}",
    ),
    "outside": Fault(*_rejected(("bad_coordinates", "latitude")), put(latitude=0.0, longitude=0.0)),
    "half_a_point": Fault(*_rejected(("bad_coordinates", "latitude")), put(longitude=None)),
    "no_name": Fault(*_rejected(("missing_value", "name")), put(name=" \u200b")),
    "no_lao": Fault(*_rejected(("missing_value", "lao_code")), put(lao_code=None)),
    "bad_code": Fault(*_rejected(("bad_center_code", "code")), put(code="5.80E+09")),
    "code_with_a_space": Fault(
        *_rejected(("bad_center_code", "code")),
        lambda row, _: {"code": f"{str(row['code'])[:4]} {str(row['code'])[4:]}"},
        suggests=lambda row: row.code,
    ),
    "bad_lao_code": Fault(
        *_rejected(("bad_lao_code", "lao_code")), lambda row, _: {"lao_code": f"9{str(row['lao_code'])[1:]}"}
    ),
    "lao_elsewhere": Fault(
        *_rejected(("lao_code_contradicts_place", "lao_code")),
        elsewhere,
        suggests=lambda row: (
            "อำเภอเมืองเชียงใหม่ จังหวัดเชียงใหม่" if row.lao_code[1:3] != "50" else "อำเภอเมืองเชียงราย จังหวัดเชียงราย"
        ),
    ),
    "bad_email": Fault(*_rejected(("bad_email", "email")), put(email="center at example")),
    "email_with_a_space": Fault(
        *_rejected(("bad_email", "email")),
        replace("email", "@", " @"),
        suggests=lambda row: row.email,
    ),
    "bad_year": Fault(*_rejected(("bad_year", "last_assessed")), put(last_assessed=2650)),
    "year_of_the_wrong_era": Fault(*_rejected(("bad_year", "last_assessed")), put(last_assessed="พ.ศ. 2020")),
    "two_digits": Fault(*_rejected(("bad_year", "last_assessed")), put(last_assessed="63"), suggests=lambda _: "2563"),
    "many_at_once": Fault(
        *_rejected(
            ("missing_value", "name"),
            ("bad_center_code", "code"),
            ("unknown_district", "district"),
            ("bad_email", "email"),
            ("bad_coordinates", "latitude"),
        ),
        put(name="", code="รหัส ๑", district="ฟากฟ้าไกล", email="ไม่ทราบ", latitude="ไม่ทราบ"),
    ),
}
