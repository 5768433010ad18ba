"""The summary of a roll's report, as its last sheet has it."""

from services.registry.roll.findings import SENTENCES, Reason
from services.registry.roll.pages import Fact
from services.registry.roll.views import Outcome, RollReport

_OUTCOMES: dict[Outcome, str] = {
    "rehearsed": "ตรวจโดยไม่เปลี่ยนข้อมูล / rehearsed, nothing was changed",
    "imported": "นำเข้าแล้ว / imported",
    "waiting": "รอผู้อื่นอนุมัติ ยังไม่เปลี่ยนข้อมูล / waits for a second person, nothing was changed",
}
_GONE = {
    "none": "ไม่มี / none",
    "part": "คงอยู่ ไฟล์เป็นเพียงบางส่วน / stay, the file is a part of the roll",
    "held": "คงอยู่ มีแถวที่อ่านรหัสไม่ได้ / stay, some rows have no readable code",
    "leave": "ออกจากบัญชี / leave the roll",
    "wait": "รอผู้อื่นอนุมัติ / wait for a second person",
    "refused": "คงอยู่ รอบเปิดแล้ว / stay, the round is open",
}


def facts_of(report: RollReport) -> list[Fact]:
    """What came of a roll, line by line."""
    rows, changes = report.rows, report.changes
    return [
        Fact("รอบ / Round", report.round),
        Fact("ผล / Outcome", _OUTCOMES[report.outcome]),
        Fact("แถวทั้งหมด / Rows", rows.total),
        Fact("รับ / Accepted", rows.accepted),
        Fact("แก้ให้แล้ว / Repaired", rows.repaired),
        Fact("ซ้ำ ไม่นับ / Repeated", rows.repeated),
        Fact("ไม่รับ / Rejected", rows.rejected),
        Fact("บรรทัดที่ไม่ใช่แถวของศูนย์ / Lines that are no center's row", report.ignored_count),
        Fact("ศูนย์ใหม่ / Centers added", changes.centers_added),
        Fact("ศูนย์ที่ย้ายสังกัด / Centers moved", changes.centers_moved),
        Fact("ศูนย์ที่เปลี่ยน / Centers changed", changes.centers_changed),
        Fact("ศูนย์ที่เหมือนเดิม / Centers unchanged", changes.centers_unchanged),
        Fact("หน่วยงานใหม่ / Organizations added", changes.organizations_added),
        Fact("หน่วยงานที่เปลี่ยน / Organizations changed", changes.organizations_changed),
        Fact("อยู่ในบัญชีแต่ไม่มีในไฟล์ / On the roll, not in the file", changes.absent),
        Fact("ศูนย์เหล่านั้น / Those centers", _GONE[report.gone]),
        *(Fact(" / ".join(SENTENCES[Reason(reason)]), count) for reason, count in report.reasons.items()),
    ]
