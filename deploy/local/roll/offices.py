"""The local administrative organisations (อปท.) of the country, named after real places.

Their number and kinds are those of the country: 76 PAOs, 30 city, 190 town and 2,240 subdistrict municipalities,
5,310 TAOs. Which place has which is invented, but always the same.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from deploy.local.roll.gazetteer import Subdistrict, subdistricts

LaoKind = Literal["2", "3", "4", "5", "6"]

KIND_NAMES: dict[LaoKind, str] = {
    "2": "อบจ.",
    "3": "เทศบาลนคร",
    "4": "เทศบาลเมือง",
    "5": "เทศบาลตำบล",
    "6": "อบต.",
}
_NAME_HEADS: dict[LaoKind, str] = KIND_NAMES | {"2": "องค์การบริหารส่วนจังหวัด", "6": "องค์การบริหารส่วนตำบล"}

CITIES, TOWNS, SUBDISTRICT_MUNICIPALITIES, TAOS = 30, 190, 2_240, 5_310
_CAPITAL_DISTRICT = "01"
_SEED = "offices of the country"


@dataclass(frozen=True, slots=True)
class Lao:
    """One LAO. `code` has 7 digits: kind, province 2, district 2, serial 2. `places` are where its centers may be."""

    code: str
    kind: LaoKind
    name: str
    places: tuple[Subdistrict, ...]

    @property
    def district_code(self) -> str:
        return self.code[1:5]

    @property
    def kind_name(self) -> str:
        return KIND_NAMES[self.kind]

    @property
    def email(self) -> str:
        """The office's address under a domain reserved for examples: mail to it cannot reach anybody."""
        return f"lao-{self.code}@lao.example"


_Founded = tuple[LaoKind, str, Sequence[Subdistrict]]


@cache
def laos() -> tuple[Lao, ...]:
    """Every LAO of the country, by code."""
    serials: Counter[str] = Counter()
    found = []
    for kind, place_name, places in (*_of_districts(), *_of_subdistricts()):
        stem = kind + places[0].district_code
        serials[stem] += 1
        found.append(Lao(f"{stem}{serials[stem]:02}", kind, _NAME_HEADS[kind] + place_name, tuple(places)))
    return tuple(sorted(found, key=lambda lao: lao.code))


def _of_districts() -> Iterator[_Founded]:
    """PAOs and the greater municipalities: the more subdistricts around it, the greater the town."""
    districts: dict[str, list[Subdistrict]] = defaultdict(list)
    for place in subdistricts():
        districts[place.district_code].append(place)
    sizes = Counter(place.province_code for place in subdistricts())
    capitals = [places for code, places in districts.items() if code.endswith(_CAPITAL_DISTRICT)]
    capitals.sort(key=lambda places: (-sizes[places[0].province_code], places[0].code))
    others = [places for code, places in districts.items() if not code.endswith(_CAPITAL_DISTRICT)]
    others.sort(key=lambda places: (-len(places), places[0].code))
    for number, places in enumerate(capitals):
        yield "2", places[0].province, places
        yield ("3" if number < CITIES else "4"), places[0].province, places
    for places in others[: TOWNS - (len(capitals) - CITIES)]:
        yield "4", places[0].district, places


def _of_subdistricts() -> Iterator[_Founded]:
    """Each subdistrict has a municipality or a TAO, and a few hundred have both."""
    places = list(subdistricts())
    random.Random(_SEED).shuffle(places)  # noqa: S311 - repeatable on purpose
    with_both = SUBDISTRICT_MUNICIPALITIES + TAOS - len(places)
    for number, place in enumerate(places):
        if number < SUBDISTRICT_MUNICIPALITIES:
            yield "5", place.name, [place]
        if number >= SUBDISTRICT_MUNICIPALITIES or number < with_both:
            yield "6", place.name, [place]
