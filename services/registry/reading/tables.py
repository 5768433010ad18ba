"""What the lists show as files.

The columns of a roll are those that an import reads, so a roll goes out and comes back. Addresses of offices and
centers stand in sheets, for those who have to write to them; maps, which travel further, have none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.registry.domain import Center, Organization, Round
from services.registry.reading.obligations import Duty
from services.registry.reading.sheets import Column, Feature, Table
from services.registry.roll.headers import CANONICAL
from services.registry.roll.places import Address, address_of
from services.registry.rounds.deadlines import deadline_for
from shared.thai.calendar import format_moment, format_short, in_bangkok

LEVELS: Final = {"department": "กรม", "province": "จังหวัด", "district": "อำเภอ", "lao": "อปท."}
_STATES: Final = {"active": "เปิด", "closed": "ปิดแล้ว"}


@dataclass(frozen=True, slots=True)
class Lao:
    """What the row of a center tells of its LAO."""

    name: str = ""
    email: str | None = None


@dataclass(frozen=True, slots=True)
class CenterRow:
    """A center in a file, with its place in the file."""

    number: int
    center: Center
    lao: Lao
    address: Address


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """An organization in a file. `above` are the names of those it hangs under, by level; `at` is where its centers lie
    on the average, longitude first.
    """

    number: int
    node: Organization
    above: dict[str, str]
    at: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class DutyRow:
    """An obligation in a file, with the deadline that holds for its center."""

    number: int
    duty: Duty
    lao: Lao
    address: Address
    deadline: datetime
    extended: bool


_NUMBER: Final = "ลำดับ"
_ROLL_COLUMNS: Final[tuple[Column[CenterRow], ...]] = (
    Column(_NUMBER, lambda row: row.number, 8),
    Column(CANONICAL["code"], lambda row: row.center.code),
    Column(CANONICAL["name"], lambda row: row.center.name, 42),
    Column(CANONICAL["lao_name"], lambda row: row.lao.name, 38),
    Column(CANONICAL["lao_code"], lambda row: row.center.lao, 10),
    Column(CANONICAL["lao_email"], lambda row: row.lao.email, 26),
    Column(CANONICAL["subdistrict"], lambda row: row.address.subdistrict, 18),
    Column(CANONICAL["district"], lambda row: row.address.district, 18),
    Column(CANONICAL["province"], lambda row: row.address.province, 18),
    Column(CANONICAL["latitude"], lambda row: row.center.latitude, 12),
    Column(CANONICAL["longitude"], lambda row: row.center.longitude, 12),
    Column(CANONICAL["email"], lambda row: row.center.email, 30),
    Column(CANONICAL["last_assessed"], lambda row: row.center.last_assessed),
)
_CENTER_COLUMNS: Final[tuple[Column[CenterRow], ...]] = (
    *_ROLL_COLUMNS,
    Column("สถานะ", lambda row: _STATES[row.center.state]),
    Column("อยู่ในบัญชีรอบ", lambda row: " ".join(row.center.rounds), 18),
)
_ORGANIZATION_COLUMNS: Final[tuple[Column[OrganizationRow], ...]] = (
    Column(_NUMBER, lambda row: row.number, 8),
    Column("รหัสหน่วยงาน", lambda row: row.node.code),
    Column("ชื่อหน่วยงาน", lambda row: row.node.name, 42),
    Column("ระดับ", lambda row: LEVELS[row.node.kind], 10),
    Column("รหัสต้นสังกัด", lambda row: row.node.parent),
    Column("อำเภอ", lambda row: row.above.get("district"), 22),
    Column("จังหวัด", lambda row: row.above.get("province"), 22),
    Column("อีเมล", lambda row: row.node.email, 30),
    Column("สถานะ", lambda row: _STATES[row.node.state]),
)
_DUTY_COLUMNS: Final[tuple[Column[DutyRow], ...]] = (
    Column(_NUMBER, lambda row: row.number, 8),
    Column("รอบ", lambda row: row.duty.obligation.round, 10),
    Column(CANONICAL["code"], lambda row: row.duty.center.code),
    Column(CANONICAL["name"], lambda row: row.duty.center.name, 42),
    Column(CANONICAL["lao_name"], lambda row: row.lao.name, 38),
    Column(CANONICAL["district"], lambda row: row.address.district, 18),
    Column(CANONICAL["province"], lambda row: row.address.province, 18),
    Column("ภาระ", lambda row: "ต้องส่งรายงาน" if row.duty.obligation.owed else "พ้นภาระ", 16),
    Column("ตั้งแต่", lambda row: format_short(in_bangkok(row.duty.obligation.since).date()), 16),
    Column("กำหนดส่ง", lambda row: format_moment(row.deadline) if row.duty.obligation.owed else None, 44),
    Column("ขยายเวลา", lambda row: "ขยายเวลา" if row.extended and row.duty.obligation.owed else None, 10),
    Column("ศูนย์ที่รับภาระแทน", lambda row: row.duty.obligation.successor, 18),
)


def _center_feature(row: CenterRow) -> Feature:
    center = row.center
    said = center.model_dump(include={"code", "name", "lao", "path", "subdistrict", "last_assessed", "state", "rounds"})
    return Feature(
        center.code, center.longitude, center.latitude, said | {"lao_name": row.lao.name} | _places(row.address)
    )


def _organization_feature(row: OrganizationRow) -> Feature:
    said = row.node.model_dump(include={"code", "kind", "name", "parent", "path", "state"})
    longitude, latitude = row.at or (None, None)
    return Feature(row.node.code, longitude, latitude, said)


def _duty_feature(row: DutyRow) -> Feature:
    duty = row.duty
    said: dict[str, Any] = duty.obligation.model_dump(include={"round", "center", "lao", "path", "owed", "successor"})
    said |= {
        "name": duty.center.name,
        "since": in_bangkok(duty.obligation.since).isoformat(),
        "deadline": row.deadline.isoformat() if duty.obligation.owed else None,
    }
    return Feature(duty.center.code, duty.center.longitude, duty.center.latitude, said | _places(row.address))


def _places(address: Address) -> dict[str, str]:
    return {"district_name": address.district, "province_name": address.province}


ROLL: Final = Table("บัญชีรายชื่อ", _ROLL_COLUMNS, _center_feature)
CENTERS: Final = Table("ศูนย์พัฒนาเด็กเล็ก", _CENTER_COLUMNS, _center_feature)
ORGANIZATIONS: Final = Table("หน่วยงาน", _ORGANIZATION_COLUMNS, _organization_feature)
OBLIGATIONS: Final = Table("ผู้มีภาระส่งรายงาน", _DUTY_COLUMNS, _duty_feature)


def duty_row(number: int, duty: Duty, lao: Lao, state: Round) -> DutyRow:
    """The row of an obligation of a round."""
    deadline = deadline_for(state, duty.obligation.path, duty.center.code)
    extended = deadline > state.deadline
    return DutyRow(number, duty, lao, address_of(duty.center.subdistrict), in_bangkok(deadline), extended)
