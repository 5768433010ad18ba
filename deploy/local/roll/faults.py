"""What goes wrong in rolls that people type, copy and merge: each fault with the verdict it deserves.

`repaired`: the meaning is certain, the row counts, and the repair is reported. `rejected`: a person must settle it.
The reasons are the registry's own, written out again here so that a test can hold the one against the other.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import geothai

from deploy.local.roll.generator import RollRow
from deploy.local.roll.writers import Cell
from shared.thai.numerals import to_thai

Cells = dict[str, Cell]
"""The cells of one row by field of `RollRow`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to spoil one row: the verdict, its reason, and the field (of `RollRow`) it is reported at."""

    verdict: str
    reason: str
    field: str
    spoil: Callable[[Cells, random.Random], Cells]
    fits: Callable[[RollRow], bool] = lambda _: True
    suggests: Callable[[RollRow], str | None] = lambda _: None


def _put(**cells: Cell) -> Callable[[Cells, random.Random], Cells]:
    return lambda _, __: dict(cells)


def _swap(one: str, other: str) -> Callable[[Cells, random.Random], Cells]:
    return lambda row, _: {one: row[other], other: row[one]}


def _thai_numerals(row: Cells, _: random.Random) -> Cells:
    return {field: to_thai(str(row[field])) for field in ("code", "lao_code", "postcode", "latitude", "longitude")}


def _invisible(row: Cells, rng: random.Random) -> Cells:
    name = str(row["name"])
    at = rng.randrange(1, len(name))
    return {"name": f"{name[:at]}\u200b{name[at:]}", "subdistrict": f"\ufeff{row['subdistrict']}"}


def _replace(field: str, was: str, now: str) -> Callable[[Cells, random.Random], Cells]:
    return lambda row, _: {field: str(row[field]).replace(was, now)}


def _misspelt(name: str) -> str:
    middle = len(name) // 2
    return name[:middle] + name[middle + 1 :]


def _elsewhere(row: Cells, _: random.Random) -> Cells:
    code = str(row["lao_code"])
    province = "50" if code[1:3] != "50" else "57"
    return {"lao_code": f"{code[0]}{province}0199"}


@cache
def _districts(province: str) -> frozenset[str]:
    return frozenset(
        district.name_th
        for found in geothai.provinces()
        if found.name_th == province
        for district in geothai.districts(found.code)
    )


def _is_no_district(row: RollRow) -> bool:
    """Only then can a subdistrict in the district's column be told from the district itself."""
    return row.subdistrict not in _districts(row.province)


FAULTS: dict[str, Fault] = {
    "thai_numerals": Fault("repaired", "thai_numerals", "code", _thai_numerals),
    "invisible": Fault("repaired", "invisible", "name", _invisible),
    "split_sara_am": Fault(
        "repaired", "sara_am", "lao_name", _replace("lao_name", "ำ", "ํา"), fits=lambda row: "ำ" in row.lao_name
    ),
    "split_sara_ae": Fault("repaired", "sara_ae", "name", lambda row, _: {"name": f"{row['name']} (เเห่งที่ 2)"}),
    "look_alike": Fault("repaired", "look_alike", "name", _replace("name", "พัฒนา", "พัฒนa")),
    "spaces": Fault(
        "repaired",
        "space",
        "district",
        lambda row, _: {"district": f" \u00a0{row['district']}  ", "province": f"{row['province']}\n"},
    ),
    "christian_year": Fault("repaired", "christian_year", "last_assessed", _put(last_assessed=2021)),
    "short_forms": Fault(
        "accepted",
        "",
        "district",
        lambda row, _: {"district": f"อ.{row['district']}", "province": f"จ. {row['province']}"},
    ),
    "number_for_text": Fault("accepted", "", "lao_code", lambda row, _: {"lao_code": int(str(row["lao_code"]))}),
    "formula": Fault("rejected", "formula_cell", "name", _put(name='=CONCATENATE("ศูนย์","เด็กเล็ก")')),
    "unknown_district": Fault("rejected", "unknown_district", "district", _put(district="ฟากฟ้าไกล")),
    "misspelt_district": Fault(
        "rejected",
        "unknown_district",
        "district",
        lambda row, _: {"district": _misspelt(str(row["district"]))},
        fits=lambda row: len(row.district) >= 7 and _misspelt(row.district) not in _districts(row.province),  # noqa: PLR2004
        suggests=lambda row: row.district,
    ),
    "bangkok": Fault("rejected", "unknown_province", "province", _put(province="กรุงเทพมหานคร")),
    "unknown_subdistrict": Fault("rejected", "unknown_subdistrict", "subdistrict", _put(subdistrict="ฟากฟ้าไกล")),
    "swapped_places": Fault(
        "rejected", "swapped_columns", "district", _swap("subdistrict", "district"), fits=_is_no_district
    ),
    "swapped_names": Fault("rejected", "swapped_columns", "code", _swap("code", "name")),
    "swapped_coordinates": Fault("rejected", "swapped_coordinates", "latitude", _swap("latitude", "longitude")),
    "outside": Fault("rejected", "bad_coordinates", "latitude", _put(latitude=0.0, longitude=0.0)),
    "no_name": Fault("rejected", "missing_value", "name", _put(name=" \u200b")),
    "no_lao": Fault("rejected", "missing_value", "lao_code", _put(lao_code=None)),
    "bad_code": Fault("rejected", "bad_center_code", "code", _put(code="5.80E+09")),
    "bad_lao_code": Fault(
        "rejected", "bad_lao_code", "lao_code", lambda row, _: {"lao_code": f"9{str(row['lao_code'])[1:]}"}
    ),
    "lao_elsewhere": Fault("rejected", "lao_code_contradicts_place", "lao_code", _elsewhere),
    "bad_email": Fault("rejected", "bad_email", "email", _put(email="center at example")),
    "bad_year": Fault("rejected", "bad_year", "last_assessed", _put(last_assessed=2650)),
}
