"""The provinces, districts and subdistricts of the country by the names people write, with DOPA codes."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache

import geothai
import geothai.abolished

from shared.thai.folding import unmarked

BANGKOK = "10"
"""Bangkok is outside the Department of Local Administration."""

_CAPITAL = "01"
_CLOSE_ENOUGH = 0.6
_PREFIX = re.compile(r"^(?:จังหวัด|จ\.|กิ่งอำเภอ|อำเภอ|อ\.|ตำบล|ต\.)")
_SIGNS = re.compile(r"[\s.\-'ฯ]")


@dataclass(frozen=True, slots=True)
class Place:
    """A province (2 digits), district (4) or subdistrict (6) and its Thai name."""

    code: str
    name: str


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """A name without the word for its level, spaces and dots: `จ. เชียงใหม่` and `เชียงใหม่` are one."""
    return _SIGNS.sub("", _PREFIX.sub("", name.strip()))


@cache
def provinces() -> dict[str, Place]:
    """The 76 provinces by `name_key`."""
    return _by_key(Place(p.code, p.name_th) for p in geothai.provinces() if p.code != BANGKOK)


@cache
def districts(province: str) -> dict[str, Place]:
    """The districts of a province (by code) by `name_key`; `เมือง` alone is its capital."""
    found = _by_key(Place(d.code, d.name_th) for d in geothai.districts(province))
    capital = next((place for place in found.values() if place.code.endswith(_CAPITAL)), None)
    return {"เมือง": capital, **found} if capital else found


@cache
def district_codes() -> frozenset[str]:
    """Every district's code outside Bangkok."""
    return frozenset(d.code for p in geothai.provinces() if p.code != BANGKOK for d in geothai.districts(p.code))


@cache
def subdistricts(district: str) -> dict[str, Place]:
    """The subdistricts of a district (by code) by `name_key`."""
    return _by_key(Place(s.code, s.name_th) for s in geothai.subdistricts(district))


def _by_key(places: Iterable[Place]) -> dict[str, Place]:
    return {name_key(place.name): place for place in places}


def province_name(code: str) -> str:
    """The name of a province. Raises `KeyError` for a code that is none."""
    found = geothai.province(code)
    if found is None:
        raise KeyError(code)
    return found.name_th


def district_name(code: str) -> str:
    """The name of a district. Raises `KeyError` for a code that is none."""
    found = geothai.district(code)
    if found is None:
        raise KeyError(code)
    return found.name_th


@cache
def _everywhere() -> dict[str, frozenset[str]]:
    """Every place of the country by its name unmarked, alone and behind the word for its level."""
    found: dict[str, set[str]] = defaultdict(set)

    def add(level: str, key: str, code: str) -> None:
        for word in ("", level):
            found[unmarked(word + key)].add(code)

    for name, province in provinces().items():
        add("จังหวัด", name, province.code)
        for key, district in districts(province.code).items():
            add("อำเภอ", key, district.code)
            for key_below, subdistrict in subdistricts(district.code).items():
                add("ตำบล", key_below, subdistrict.code)
    return {key: frozenset(codes) for key, codes in found.items()}


def places_called(name: str) -> frozenset[str]:
    """The codes of every place of a name, whatever its level and its tone marks; `อำเภอ…` are districts alone."""
    return _everywhere().get(unmarked(name), frozenset())


@dataclass(frozen=True, slots=True)
class Address:
    """The names of a subdistrict, its district and its province; empty where a code is none (any more)."""

    subdistrict: str = ""
    district: str = ""
    province: str = ""


def address_of(code: str) -> Address:
    """Where a subdistrict (by code) lies."""
    found = geothai.address(code)
    if found is None:
        return Address()
    return Address(found.subdistrict.name_th, found.district.name_th, found.province.name_th)


def subdistrict_name(code: str) -> str | None:
    """The name of a subdistrict, or None when the code is none (any more)."""
    found = geothai.subdistrict(code)
    return found.name_th if found else None


@lru_cache(maxsize=4_096)
def close_name(name: str, among: frozenset[str]) -> str | None:
    """The one of `among` that a misspelling most likely meant, or None. About a millisecond when it is new."""
    found = get_close_matches(name_key(name), list(among), n=1, cutoff=_CLOSE_ENOUGH)
    return found[0] if found else None


@cache
def _gone() -> dict[tuple[str, str], str]:
    """Where each abolished subdistrict went, by the code of the district it was in and its `name_key`."""
    return {
        (area.code[:4], name_key(area.name_th)): area.successors[0]
        for area in geothai.abolished.abolished_areas()
        if area.level == "subdistrict" and area.successors
    }


def successor_of(subdistrict: str, district: str) -> str | None:
    """Where a subdistrict went that the district (by code) no longer has; None when it never had one."""
    code = _gone().get((district, name_key(subdistrict)))
    found = geothai.address(code) if code else None
    return f"ตำบล{found.subdistrict.name_th} อำเภอ{found.district.name_th}" if found else None
