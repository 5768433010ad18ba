"""Clusters and plans of a round as files: a row for each member of a cluster, a row for each plan."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.registry.clusters.cluster import Cluster, Oddity, cluster_key
from services.registry.clusters.plan import Adoption, PlanState, Totals, totals
from services.registry.clusters.plan_views import PlanView
from services.registry.clusters.store import ClusterStore
from services.registry.domain import Center
from services.registry.reading.sheets import Column, Feature, Table
from services.registry.reading.tables import Lao
from services.registry.roll.headers import CANONICAL
from services.registry.roll.places import Address, address_of
from services.registry.store import RegistryStore
from shared.thai.calendar import format_moment

BATCH: Final = 150
"""Clusters: some 500 rows."""
ODDITIES: Final[dict[Oddity, str]] = {
    "one_left": "จังหวัดเหลือหนึ่งแห่ง",
    "two_left": "จังหวัดเหลือสองแห่ง",
    "five_left": "จังหวัดเหลือห้าแห่ง",
    "pins_leave_too_few": "ที่ตรึงไว้ทำให้เหลือไม่พอ",
    "by_hand": "กำหนดโดยเจ้าหน้าที่",
}
STATES: Final[dict[PlanState, str]] = {
    "waiting": "รอ",
    "running": "กำลังคำนวณ",
    "finished": "เสร็จ",
    "cancelled": "ยกเลิก",
    "failed": "ไม่สำเร็จ",
}
ADOPTIONS: Final[dict[Adoption, str]] = {"adopting": "กำลังนำไปใช้", "adopted": "ใช้แล้ว"}


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A center in its cluster, with its place in the file."""

    number: int
    cluster: Cluster
    center: Center
    lao: Lao
    address: Address


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan and what its answers in hand come to."""

    number: int
    plan: PlanView
    totals: Totals


def _member_feature(row: MemberRow) -> Feature:
    cluster, center = row.cluster, row.center
    said = cluster.model_dump(mode="json", include={"cluster", "round", "span_km", "reasons", "exception", "plan"})
    said |= {"name": center.name, "lao": center.lao, "pinned": center.code in cluster.pinned}
    said |= {"visited": cluster.visited_at is not None, "lao_name": row.lao.name}
    said |= {"district_name": row.address.district, "province_name": row.address.province}
    return Feature(center.code, center.longitude, center.latitude, said)


CLUSTERS: Final[Table[MemberRow]] = Table(
    "กลุ่มการประเมิน",
    (
        Column("ลำดับ", lambda row: row.number, 8),
        Column("กลุ่ม", lambda row: row.cluster.cluster, 10),
        Column(CANONICAL["code"], lambda row: row.center.code),
        Column(CANONICAL["name"], lambda row: row.center.name, 42),
        Column(CANONICAL["lao_name"], lambda row: row.lao.name, 38),
        Column(CANONICAL["subdistrict"], lambda row: row.address.subdistrict, 18),
        Column(CANONICAL["district"], lambda row: row.address.district, 18),
        Column(CANONICAL["province"], lambda row: row.address.province, 18),
        Column(CANONICAL["latitude"], lambda row: row.center.latitude),
        Column(CANONICAL["longitude"], lambda row: row.center.longitude),
        Column("ระยะทางในกลุ่ม (กม.)", lambda row: row.cluster.span_km),
        Column("ตรึงไว้", lambda row: "ตรึง" if row.center.code in row.cluster.pinned else None, 10),
        Column("เยี่ยมแล้วเมื่อ", lambda row: format_moment(row.cluster.visited_at) if row.cluster.visited_at else None, 44),
        Column("ข้อยกเว้น", lambda row: ODDITIES[row.cluster.exception] if row.cluster.exception else None, 26),
        Column("บันทึก", lambda row: row.cluster.note, 30),
    ),
    _member_feature,
)
PLANS: Final[Table[PlanRow]] = Table(
    "แผนจัดกลุ่มการประเมิน",
    (
        Column("ลำดับ", lambda row: row.number, 8),
        Column("รหัสแผน", lambda row: row.plan.plan, 18),
        Column("สถานะ", lambda row: STATES[row.plan.state], 14),
        Column("การนำไปใช้", lambda row: ADOPTIONS[row.plan.adoption] if row.plan.adoption else None, 14),
        Column("ขอเมื่อ", lambda row: format_moment(row.plan.asked_at), 44),
        Column("ค่าข้ามอำเภอ (กม.)", lambda row: row.plan.charges.penalty_km),
        Column("ค่าข้าม อปท. (กม.)", lambda row: row.plan.charges.lao_penalty_km),
        Column("ค่าเปลี่ยนกลุ่ม (กม.)", lambda row: row.plan.charges.change_km),
        Column("จังหวัด", lambda row: row.totals.provinces),
        Column("ศูนย์", lambda row: row.totals.centers),
        Column("กลุ่ม", lambda row: row.totals.clusters),
        Column("ระยะทางรวม (กม.)", lambda row: round(row.totals.km, 3)),
        Column("ดีกว่านี้ได้ไม่เกิน (ร้อยละ)", lambda row: _percent(row.totals.gap)),
        Column("ศูนย์ที่ย้ายกลุ่ม", lambda row: row.totals.moved),
    ),
    lambda row: Feature(
        row.plan.plan, None, None, row.plan.model_dump(mode="json", exclude={"plan"}) | row.totals.model_dump()
    ),
)


def _percent(gap: float | None) -> float | None:
    return None if gap is None else round(100 * gap, 4)


class ClusterRows:
    """The rows of the files, in flat memory but for the provinces of one plan."""

    def __init__(self, registry: RegistryStore, store: ClusterStore) -> None:
        self._registry, self._store = registry, store

    async def adopted(self, round_id: str, root: str) -> AsyncIterator[Sequence[MemberRow]]:
        """The members of the clusters that have one below an organization."""
        number, after = 0, ""
        while True:
            found = await self._store.clusters_within(round_id, root, cluster_key(round_id, after), BATCH)
            rows = await self._rows(found, number)
            yield rows
            if len(found) < BATCH:
                return
            number, after = number + len(rows), found[-1].cluster

    async def these(self, clusters: Sequence[Cluster]) -> AsyncIterator[Sequence[MemberRow]]:
        """The members of clusters at hand."""
        number = 0
        for start in range(0, len(clusters), BATCH):
            rows = await self._rows(clusters[start : start + BATCH], number)
            yield rows
            number += len(rows)

    async def plans(self, round_id: str, seen: Callable[[str], bool]) -> AsyncIterator[Sequence[PlanRow]]:
        """A round's plans, the newest first; sums are over the provinces that may be seen."""
        number, before = 0, None
        while True:
            found = await self._store.plans_of(round_id, before, BATCH)
            for at, plan in enumerate(found, start=number + 1):
                parts = [part for part in await self._store.parts_of(plan.plan) if seen(part.province)]
                yield [PlanRow(at, PlanView.of(plan), totals(parts))]
            if len(found) < BATCH:
                return
            number, before = number + len(found), found[-1].asked_at

    async def _rows(self, clusters: Sequence[Cluster], number: int) -> list[MemberRow]:
        centers = await self._registry.known_centers(code for one in clusters for code in one.members)
        laos = await self._registry.known_organizations({each.state.lao for each in centers.values()})
        names = {code: Lao(each.state.name, each.state.email) for code, each in laos.items()}
        members = [(one, centers[code].state) for one in clusters for code in one.members if code in centers]
        return [
            MemberRow(at, one, center, names.get(center.lao, Lao()), address_of(center.subdistrict))
            for at, (one, center) in enumerate(members, start=number + 1)
        ]
