"""Why a cluster is as it is, in sentences a teacher and an officer can check on the map. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.registry.clusters.alternatives import Alternative, Exchanges
from services.registry.clusters.cluster import Cluster, Oddity, Reason
from services.registry.clusters.measuring import Leg, Map
from services.registry.clusters.sites import Placed

REASONS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.SAME_SUBDISTRICT: ("ทุกศูนย์อยู่ในตำบลเดียวกัน", "All its centers lie in one subdistrict."),
    Reason.SAME_LAO: ("ทุกศูนย์สังกัด อปท. เดียวกัน", "All its centers have the same LAO."),
    Reason.SAME_DISTRICT: ("ทุกศูนย์อยู่ในอำเภอเดียวกัน", "All its centers lie in one district."),
    Reason.NEAREST_NEIGHBOURS: (
        "ศูนย์ที่ใกล้ที่สุดของทุกศูนย์อยู่ในกลุ่มนี้",
        "The nearest neighbour of each center is in it.",
    ),
    Reason.CROSSES_DISTRICT: (
        "ข้ามเขตอำเภอ เพราะลดระยะทางรวมได้มากกว่าค่าข้ามเขตที่กำหนด หรือมีผู้จัดด้วยมือ",
        "It crosses a district border: that saves more travel in all than the set penalty, or somebody chose it.",
    ),
    Reason.CROSSES_LAO: (
        "มีหลาย อปท. เพราะ อปท. หนึ่งมักมีศูนย์ในรอบนี้ไม่ถึงสามแห่ง",
        "It has several LAOs, as most have fewer than three centers in a round.",
    ),
    Reason.POSITION_ASSUMED: (
        "บางศูนย์ไม่มีพิกัด จึงใช้จุดเฉลี่ยของศูนย์อื่นในกลุ่ม ตำบล หรืออำเภอ",
        "A center has no coordinates; the mean of others of its cluster, subdistrict or district stands for them.",
    ),
    Reason.LEAST_TRAVEL: (
        "เป็นส่วนหนึ่งของแผนที่ระยะทางรวมทั้งจังหวัดสั้นที่สุดเท่าที่พบ",
        "It is part of the plan with the least travel of the whole province that was found.",
    ),
    Reason.PINNED: ("มีศูนย์ที่ถูกปักหมุดให้อยู่ด้วยกัน", "Some of its centers are pinned together."),
    Reason.BY_HAND: ("มีผู้จัดกลุ่มนี้ด้วยมือ", "Somebody made it by hand."),
    Reason.VISITED: ("ผู้ประเมินได้ไปเยี่ยมแล้ว จึงไม่เปลี่ยน", "It was visited, so it is not changed any more."),
}

ODDITIES: Final[Mapping[Oddity, tuple[str, str]]] = {
    "one_left": ("จังหวัดนี้มีศูนย์เดียวในรอบ", "The province has one center in the round."),
    "two_left": ("จังหวัดนี้มีสองศูนย์ในรอบ", "The province has two centers in the round."),
    "five_left": (
        "จังหวัดนี้มีห้าศูนย์ ซึ่งแบ่งเป็นกลุ่มละสามหรือสี่ไม่ได้",
        "The province has five centers, which no threes and fours make.",
    ),
    "pins_leave_too_few": (
        "กลุ่มที่ปักหมุดหรือเยี่ยมแล้วเหลือศูนย์ไว้น้อยเกินไป",
        "Pinned or visited clusters leave too few centers.",
    ),
    "by_hand": ("มีผู้กำหนดขนาดนี้พร้อมเหตุผล", "Somebody chose this size, and said why."),
}

PLACED: Final[Mapping[Placed, tuple[str, str]]] = {
    "own": ("พิกัดของศูนย์เอง", "its own coordinates"),
    "cluster": ("จุดเฉลี่ยของศูนย์ที่ถูกจัดไว้ด้วยกัน", "the mean of those it was put together with"),
    "subdistrict": ("จุดเฉลี่ยของศูนย์อื่นในตำบล", "the mean of the others of its subdistrict"),
    "district": ("จุดเฉลี่ยของศูนย์อื่นในอำเภอ", "the mean of the others of its district"),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say of a cluster. `apart_km` bounds from above what it costs to have them apart: the cheapest
    alternative among its neighbours; None where there is none. It can be negative: then less travel is to be had, and
    a penalty, a pin or a hand stands against it.
    """

    legs: tuple[Leg, ...]
    districts: tuple[str, ...]
    laos: tuple[str, ...]
    placed: Mapping[str, Placed]
    sentences: tuple[tuple[str, str, str], ...]
    alternatives: tuple[Alternative, ...]
    apart_km: float | None
    within_district: Alternative | None


def explain(cluster: Cluster, neighbours: Sequence[Cluster], ground: Map) -> Explanation:
    """Explain one of a province's clusters; `neighbours` are all of them."""
    fixed = frozenset(one.cluster for one in neighbours if one.frozen)
    exchanges = Exchanges(ground, {one.cluster: one.members for one in neighbours}, fixed)
    measured = ground.measure(cluster.members)
    alternatives = tuple(exchanges.of(cluster.cluster))
    sentences = [(reason.value, *REASONS[reason]) for reason in cluster.reasons]
    if cluster.exception is not None:
        sentences.append((cluster.exception, *ODDITIES[cluster.exception]))
    return Explanation(
        legs=measured.legs,
        districts=measured.districts,
        laos=measured.laos,
        placed={site.code: site.placed for site in map(ground.site, cluster.members) if site is not None},
        sentences=tuple(sentences),
        alternatives=alternatives,
        apart_km=alternatives[0].extra_km if alternatives else None,
        within_district=exchanges.without_border(cluster.cluster) if measured.crosses_district else None,
    )
