"""What the actions in the trail mean, and for what purpose they are done, as people read it."""

from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """What was done, and why: the purpose that the Personal Data Protection Act asks to be named."""

    what: str
    what_en: str
    why: str
    why_en: str


_HAND_OVER = ("ส่งมอบบัญชี e-SAR แก่ผู้ถือบัญชีตามหนังสือสั่งการ", "handing the e-SAR account to its holder, as ordered by letter")
_FOLLOW_UP = ("ติดตามผลการส่งมอบบัญชีในเขตรับผิดชอบ", "following up the handing over in one's own part of the tree")
_SAFETY = ("ระงับเหตุเมื่อรหัสสูญหายหรือรั่วไหล", "stopping harm from a lost or leaked credential")
_OVERSIGHT = ("ตรวจสอบการเข้าถึงข้อมูลตามกฎหมาย", "oversight of access to data, as the law asks")
_RIGHTS = ("ดำเนินการตามสิทธิของเจ้าของข้อมูล", "honouring the rights of data subjects")
_REPORTS = ("รับและตรวจรายงานการประเมินตนเอง", "receiving and reviewing self-assessment reports")

MEANINGS: Final[dict[str, Meaning]] = {
    "credential.seal": Meaning("ผนึกรหัส", "sealed a credential", *_HAND_OVER),
    "credential.look": Meaning("ดูสถานะของรหัส", "looked at where the credential stands", *_FOLLOW_UP),
    "credential.list": Meaning("ดูรายการสถานะ", "looked at a list of where credentials stand", *_FOLLOW_UP),
    "alarm.list": Meaning("ดูรายการแจ้งเตือน", "looked at a list of alarms", *_SAFETY),
    "claim.open": Meaning("เริ่มขอเปิดรหัส", "began a claim", *_HAND_OVER),
    "claim.verify": Meaning("กรอกรหัสยืนยัน", "showed the code", *_HAND_OVER),
    "credential.reveal": Meaning("เปิดดูรหัส", "opened the credential", *_HAND_OVER),
    "credential.refetch": Meaning("เปิดดูซ้ำภายใน ๒ นาที", "fetched the answer again within two minutes", *_HAND_OVER),
    "credential.confirm": Meaning("ยืนยันว่าได้รับรหัส", "confirmed to have the credential", *_HAND_OVER),
    "sheet.make": Meaning("พิมพ์ใบรับสิทธิ", "printed an activation sheet", *_HAND_OVER),
    "credential.rotate": Meaning("ออกรหัสใหม่แทน", "made a new credential in place of the old", *_SAFETY),
    "credential.revoke": Meaning("ยกเลิกรหัส", "revoked the credential", *_SAFETY),
    "credential.reissue": Meaning("เปิดให้รับรหัสอีกครั้ง", "let the credential be claimed once more", *_SAFETY),
    "credential.merge": Meaning("ส่งต่อเมื่อผู้ถือบัญชีควบรวม", "followed a merge of its holder", *_SAFETY),
    "credential.restore": Meaning(
        "ปรับสถานะหลังกู้คืนฐานข้อมูล", "brought the state up to date after the database was restored", *_SAFETY
    ),
    "renewal.ask": Meaning("ขอออกใหม่ ยกเลิก หรือรับอีกครั้ง", "asked for a renewal", *_SAFETY),
    "renewal.approve": Meaning("อนุมัติคำขอ", "approved a renewal", *_SAFETY),
    "renewal.refuse": Meaning("ไม่อนุมัติคำขอ", "refused a renewal", *_SAFETY),
    "renewal.withdraw": Meaning("ถอนคำขอ", "withdrew a renewal", *_SAFETY),
    "renewal.look": Meaning("ดูคำขอ", "looked at renewals", *_SAFETY),
    "credential.erase": Meaning("ทำลายกุญแจของผู้ถือบัญชี", "destroyed the holder's keys", *_RIGHTS),
    "erasure.ask": Meaning("ขอลบรหัสถาวร", "asked that a holder be erased", *_RIGHTS),
    "erasure.approve": Meaning("อนุมัติการลบถาวร", "approved an erasure", *_RIGHTS),
    "erasure.refuse": Meaning("ไม่อนุมัติการลบถาวร", "refused an erasure", *_RIGHTS),
    "erasure.withdraw": Meaning("ถอนคำขอลบถาวร", "withdrew an erasure", *_RIGHTS),
    "erasure.look": Meaning("ดูคำขอลบถาวร", "looked at erasures", *_RIGHTS),
    "keys.look": Meaning("ดูสถานะกุญแจหลัก", "looked at which master keys are in use", *_OVERSIGHT),
    "audit.read": Meaning("อ่านสมุดตรวจสอบ", "read the audit trail", *_OVERSIGHT),
    "audit.pack": Meaning("ส่งออกชุดข้อมูลของเจ้าของข้อมูล", "exported the subject pack", *_RIGHTS),
    "person.look": Meaning("ดูว่าผู้กระทำคือใคร", "looked up who stands behind a reference", *_OVERSIGHT),
    "person.forget": Meaning("ลบข้อมูลที่ระบุตัวผู้กระทำ", "erased who stands behind a reference", *_RIGHTS),
    "report.download": Meaning("ดาวน์โหลดรายงาน", "downloaded a report", *_REPORTS),
    "report.download.original": Meaning("ดาวน์โหลดรายงานฉบับเดิม", "downloaded the original of a report", *_REPORTS),
    "report.archive": Meaning("ดาวน์โหลดรายงานเป็นชุด", "downloaded reports in an archive", *_REPORTS),
    "report.review": Meaning("พิจารณารายงาน", "reviewed a report", *_REPORTS),
}

ROLES: Final = {
    "department": "กรม", "province": "จังหวัด", "district": "อำเภอ", "lao": "อปท.", "center": "ศพด.", "assessor": "สมศ.",
    "auditor": "ผู้ตรวจสอบ", "operator": "ผู้ดูแลระบบ", "publisher": "ระบบภายนอก", "none": "ไม่ได้ลงชื่อเข้าใช้",
    "system": "ระบบสารบรรณ",
}  # fmt: skip


def meaning_of(action: str) -> Meaning:
    """The words for an action; one that has none yet stands for itself."""
    return MEANINGS.get(action, Meaning(action, action, "-", "-"))


def who(role: str, org: str) -> str:
    """Who acted, as holders are shown it: an office, never a person."""
    return f"{ROLES.get(role, role)} {org}".strip()
