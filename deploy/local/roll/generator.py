"""Draws a roll: which centers are selected, whose they are, where they lie. The same seed draws the same roll."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from deploy.local.roll.gazetteer import Subdistrict
from deploy.local.roll.naming import center_names
from deploy.local.roll.offices import Lao, laos

T = TypeVar("T")

COLUMNS = (
    "ลำดับ",
    "รหัสศูนย์",
    "ชื่อศูนย์",
    "อปท.ต้นสังกัด",
    "ประเภท อปท.",
    "รหัส อปท.",
    "อีเมล อปท.",
    "ตำบล",
    "อำเภอ",
    "จังหวัด",
    "รหัสไปรษณีย์",
    "ละติจูด",
    "ลองจิจูด",
    "อีเมล",
    "โทรศัพท์",
    "ปีที่ประเมินล่าสุด",
    "หมายเหตุ",
)
"""The headers of the sheet, in order. `RollRow` has one field for each."""

CENTERS_PER_LAO = 1.3
MOST_CENTERS = 30_000
"""The country has almost 20,000 centers of LAOs; more than this is a mistake of the caller."""

_SHARE_OF_LAOS = 0.95
"""A small roll takes nearly all LAOs of few districts, as the policy groups neighbours, not a few LAOs of each."""

_SPREAD_DEGREES = 0.018
"""About 2 km: how far from its subdistrict's point a center lies. Subdistrict points are 5 km apart."""

_YEARS_ASSESSED = (2559, 2560, 2561, 2562, 2563, 2564)
_REMARKS = ("ย้ายที่ตั้งชั่วคราว", "รวมกับศูนย์ข้างเคียงปี ๒๕๖๖", "เปิดใหม่", "ติดต่อผ่านกองการศึกษา")


class RollRow(NamedTuple):
    """One center of the roll as its sheet shows it. `code` is opaque text; degrees are WGS 84; years are B.E."""

    number: int
    code: str
    name: str
    lao_name: str
    lao_kind: str
    lao_code: str
    lao_email: str
    subdistrict: str
    district: str
    province: str
    postcode: str
    latitude: float
    longitude: float
    email: str
    phone: str
    last_assessed: int | None
    remark: str


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll of `count` rows, ordered by LAO as the country's lists are, and the seed that drew it."""

    count: int
    seed: int
    rows: tuple[RollRow, ...]

    @property
    def lao_codes(self) -> frozenset[str]:
        """The codes of the parent LAOs: with the centers they are the holders of accounts."""
        return frozenset(row.lao_code for row in self.rows)


def generate(count: int, seed: int = 2569) -> Roll:
    """Draw a roll of `count` centers. Deterministic in (count, seed); 10,002 rows in well under a second.

    Raises `ValueError` outside 1 to `MOST_CENTERS`, and `gazetteer.MissingTableError`.
    """
    if not 1 <= count <= MOST_CENTERS:
        raise ValueError(f"1 ≤ centers ≤ {MOST_CENTERS}, not {count}")
    rng = random.Random(f"roll {count} {seed}")  # noqa: S311 - repeatable on purpose
    chosen = _draw_laos(count, rng)
    shares = _shares(count, len(chosen), rng)
    codes = iter(rng.sample(range(100_000_000), count))
    rows: list[RollRow] = []
    for lao, share in zip(chosen, shares, strict=True):
        rows.extend(_centers(lao, share, len(rows), codes, rng))
    return Roll(count, seed, tuple(rows))


def _draw_laos(count: int, rng: random.Random) -> list[Lao]:
    everyone = laos()
    wanted = min(math.ceil(count / CENTERS_PER_LAO), len(everyone))
    districts = sorted({lao.district_code for lao in everyone})
    rng.shuffle(districts)
    near: list[Lao] = []
    by_district: dict[str, list[Lao]] = {}
    for lao in everyone:
        by_district.setdefault(lao.district_code, []).append(lao)
    for district in districts:
        if len(near) * _SHARE_OF_LAOS >= wanted:
            break
        near.extend(by_district[district])
    return sorted(rng.sample(near, wanted), key=lambda lao: (lao.district_code, lao.code))


def _shares(count: int, laos_count: int, rng: random.Random) -> list[int]:
    """How many centers each LAO has on the roll: one at least, the rest where they fall."""
    shares = [1] * laos_count
    for _ in range(count - laos_count):
        shares[rng.randrange(laos_count)] += 1
    return shares


def _centers(lao: Lao, share: int, before: int, codes: Iterator[int], rng: random.Random) -> Iterator[RollRow]:
    for number, name in enumerate(center_names(lao, share, rng), start=before + 1):
        place = rng.choice(lao.places)
        code = f"00{next(codes):08}"
        latitude, longitude = _near(place, rng)
        yield RollRow(
            number=number,
            code=code,
            name=name,
            lao_name=lao.name,
            lao_kind=lao.kind_name,
            lao_code=lao.code,
            lao_email=lao.email,
            subdistrict=place.name,
            district=place.district,
            province=place.province,
            postcode=place.postcode,
            latitude=latitude,
            longitude=longitude,
            email=f"center-{code}@center.example",
            phone=f"00-{rng.randrange(1000):03}-{rng.randrange(10_000):04}",  # 00 begins no Thai subscriber's number
            last_assessed=_one_or_none(_YEARS_ASSESSED, 0.85, rng),
            remark=_one_or_none(_REMARKS, 0.02, rng) or "",
        )


def _near(place: Subdistrict, rng: random.Random) -> tuple[float, float]:
    """A point near the subdistrict's own, to 6 decimals (0.1 m)."""
    return (
        round(place.latitude + rng.uniform(-_SPREAD_DEGREES, _SPREAD_DEGREES), 6),
        round(place.longitude + rng.uniform(-_SPREAD_DEGREES, _SPREAD_DEGREES), 6),
    )


def _one_or_none(choices: Sequence[T], share: float, rng: random.Random) -> T | None:
    return rng.choice(choices) if rng.random() < share else None
