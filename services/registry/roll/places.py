"""The provinces, districts and subdistricts of the country by the names people write, with DOPA codes."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import geothai
import geothai.abolished
from rapidfuzz.fuzz import ratio

from shared.thai.folding import unmarked

BANGKOK = "10"
"""Bangkok is outside the Department of Local Administration."""

_CAPITAL = "01"
_CLOSE_ENOUGH = 60
"""Of 100: two letters of five may be wrong."""
_AS_NEAR = 2
_TELLING = 4
"""Letters of a part of a name that tell the whole: `อยุธยา`."""
_TONES = re.compile("[่้๊๋์็]")
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
def nearest(written: str, among: frozenset[str]) -> tuple[str, ...]:
    """Those of `among` (`name_key`s) that a misspelling most likely meant: one, or two that are as near; or none.

    Tone marks count for little: they are what is left out and doubled most. Some 20 µs among the districts of a
    province when it is new.
    """
    sought = name_key(written)
    bare = _TONES.sub("", sought)
    scores = sorted(((_likeness(sought, bare, name), name) for name in among), key=lambda each: (-each[0], each[1]))
    if not scores or scores[0][0] < _CLOSE_ENOUGH:
        holding = [name for name in among if sought in name] if len(sought) >= _TELLING else []
        return tuple(holding) if len(holding) == 1 else ()
    near = [name for score, name in scores[:3] if scores[0][0] - score < _AS_NEAR]
    return tuple(near) if len(near) <= 2 else ()  # noqa: PLR2004  three are no answer


def _likeness(sought: str, bare: str, name: str) -> float:
    return max(ratio(sought, name), ratio(bare, _TONES.sub("", name)) - _AS_NEAR)


@cache
def _districts_called() -> dict[str, tuple[str, ...]]:
    """The codes of every district by its `name_key`."""
    found: dict[str, set[str]] = defaultdict(set)
    for province in provinces().values():
        for key, district in districts(province.code).items():
            found[key].add(district.code)
    return {key: tuple(sorted(codes)) for key, codes in found.items()}


def district_elsewhere(written: str) -> str | None:
    """The one other province's district of exactly this name, in words; None where there is none, or several."""
    codes = _districts_called().get(name_key(written), ())
    return f"อำเภอ{district_name(codes[0])} จังหวัด{province_name(codes[0][:2])}" if len(codes) == 1 else None


def subdistrict_elsewhere(written: str, province: str) -> str | None:
    """The one district of the province that has a subdistrict of exactly this name, in words."""
    key = name_key(written)
    found = [place for place in set(districts(province).values()) if key in subdistricts(place.code)]
    return f"ตำบล{subdistricts(found[0].code)[key].name} อำเภอ{found[0].name}" if len(found) == 1 else None


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
