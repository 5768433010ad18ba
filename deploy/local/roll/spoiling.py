"""Ways to spoil the cells of a row, as people, keyboards and spreadsheets do."""

import random
from collections.abc import Callable
from functools import cache

import geothai

from deploy.local.roll.generator import RollRow
from deploy.local.roll.writers import Cell, Shown
from shared.thai.numerals import to_thai

Cells = dict[str, Cell]
"""The cells of one row by field of `RollRow`."""
Spoil = Callable[[Cells, random.Random], Cells]
"""Given a row, the cells that are not what they were."""


def put(**cells: Cell) -> Spoil:
    return lambda _, __: dict(cells)


def swap(one: str, other: str) -> Spoil:
    return lambda row, _: {one: row[other], other: row[one]}


def thai_numerals(row: Cells, _: random.Random) -> Cells:
    return {field: to_thai(str(row[field])) for field in ("code", "lao_code", "postcode", "latitude", "longitude")}


def invisible(row: Cells, rng: random.Random) -> Cells:
    name = str(row["name"])
    at = rng.randrange(1, len(name))
    return {"name": f"{name[:at]}\u200b{name[at:]}", "subdistrict": f"\ufeff{row['subdistrict']}"}


def replace(field: str, was: str, now: str) -> Spoil:
    return lambda row, _: {field: str(row[field]).replace(was, now)}


def form(field: str, form: str) -> Spoil:
    return lambda row, _: {field: form.format(row[field])}


def misspelt(name: str) -> str:
    middle = len(name) // 2
    return name[:middle] + name[middle + 1 :]


def elsewhere(row: Cells, _: random.Random) -> Cells:
    code = str(row["lao_code"])
    return {"lao_code": f"{code[0]}{'5001' if code[1:3] != '50' else '5701'}99"}


def set_apart(row: Cells, _: random.Random) -> Cells:
    code = str(row["lao_code"])
    return {"lao_code": f"{code[0]}-{code[1:3]}-{code[3:5]}-{code[5:]}"}


def in_degrees(row: Cells, _: random.Random) -> Cells:
    return {field: _degrees(float(str(row[field]))) for field in ("latitude", "longitude")}


def _degrees(value: float) -> str:
    minutes, seconds = divmod(round((value % 1) * 3600), 60)
    return f"{int(value)}°{minutes:02}'{seconds:02}\""


@cache
def _districts(province: str) -> frozenset[str]:
    return frozenset(
        district.name_th
        for found in geothai.provinces()
        if found.name_th == province
        for district in geothai.districts(found.code)
    )


def is_no_district(row: RollRow) -> bool:
    """Only then can a subdistrict in the district's column be told from the district itself."""
    return row.subdistrict not in _districts(row.province)


def is_misspelt(row: RollRow) -> bool:
    longest = 7
    return len(row.district) >= longest and misspelt(row.district) not in _districts(row.province)


def zeros(row: Cells, _: random.Random) -> Cells:
    return {"code": Shown(int(str(row["code"])), len(str(row["code"])))}
