"""What an inspection may say of a file, and the one sentence that tells a center what to do about it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason to send a file back. `code` is stable: other systems and the events hold on to it."""

    code: str
    sentence: str
    sentence_en: str


@dataclass(frozen=True, slots=True)
class Note:
    """What stands in a sound file and is no reason to send it back. `code` is stable."""

    code: str
    sentence: str
    sentence_en: str


_ALL = (
    Finding(
        "not_pdf",
        "ไฟล์นี้ไม่ใช่ PDF กรุณาบันทึกรายงานเป็น PDF แล้วส่งใหม่",
        "This file is not a PDF. Save the report as PDF and send it again.",
    ),
    Finding(
        "encrypted",
        "ไฟล์นี้ใส่รหัสผ่านหรือจำกัดสิทธิ์ไว้ กรุณาบันทึกใหม่โดยไม่ใส่รหัสผ่านแล้วส่งอีกครั้ง",
        "This file is protected by a password or by restrictions. Save it without protection and send it again.",
    ),
    Finding(
        "unreadable",
        "ไฟล์นี้เสียหายหรือไม่ครบ กรุณาเปิดดูให้แน่ใจว่าอ่านได้ บันทึกเป็น PDF ใหม่แล้วส่งอีกครั้ง",
        "This file is damaged or incomplete. Check that it opens, save it as PDF anew and send it again.",
    ),
    Finding(
        "no_pages",
        "ไฟล์นี้ไม่มีหน้าที่อ่านได้ กรุณาตรวจว่าเลือกไฟล์ถูกต้อง บันทึกเป็น PDF ใหม่แล้วส่งอีกครั้ง",
        "This file has no pages that can be read. Check that it is the right one, save it anew and send it again.",
    ),
    Finding(
        "launch_action",
        "ไฟล์นี้มีคำสั่งเปิดโปรแกรมซ่อนอยู่ กรุณาใช้คำสั่งพิมพ์เป็น PDF แล้วส่งไฟล์ที่ได้",
        "This file holds a command that starts a program. Print it to PDF and send the result.",
    ),
    Finding(
        "javascript",
        "ไฟล์นี้มีสคริปต์ (JavaScript) อยู่ภายใน กรุณาใช้คำสั่งพิมพ์เป็น PDF แล้วส่งไฟล์ที่ได้",
        "This file holds a script (JavaScript). Print it to PDF and send the result.",
    ),
    Finding(
        "xfa_form",
        "ไฟล์นี้เป็นแบบฟอร์ม XFA ซึ่งหลายเครื่องเปิดไม่ได้ กรุณาใช้คำสั่งพิมพ์เป็น PDF แล้วส่งไฟล์ที่ได้",
        "This file is an XFA form, which many readers cannot open. Print it to PDF and send the result.",
    ),
    Finding(
        "embedded_file",
        "ไฟล์นี้มีไฟล์อื่นแนบอยู่ภายใน กรุณานำไฟล์แนบออกหรือรวมเป็นหน้ารายงาน แล้วส่งใหม่",
        "This file carries other files inside. Remove them or make them pages of the report, and send it again.",
    ),
    Finding(
        "remote_content",
        "ไฟล์นี้สั่งให้เปิดหรือส่งข้อมูลไปที่อื่นนอกไฟล์ กรุณาใช้คำสั่งพิมพ์เป็น PDF แล้วส่งไฟล์ที่ได้",
        "This file fetches from or sends to places outside itself. Print it to PDF and send the result.",
    ),
    Finding(
        "multimedia",
        "ไฟล์นี้มีเสียง วิดีโอ หรือวัตถุสามมิติฝังอยู่ กรุณานำออกหรือใช้คำสั่งพิมพ์เป็น PDF แล้วส่งไฟล์ที่ได้",
        "This file holds sound, video or 3D objects. Take them out or print it to PDF, and send the result.",
    ),
    Finding(
        "blank",
        "ไฟล์นี้มีแต่หน้าว่าง กรุณาตรวจว่าเลือกไฟล์รายงานถูกต้อง แล้วส่งใหม่",
        "All pages of this file are blank. Check that it is the right file and send it again.",
    ),
    Finding(
        "malware",
        "โปรแกรมตรวจไวรัสพบสิ่งอันตรายในไฟล์นี้ กรุณาตรวจไวรัสในเครื่อง สร้าง PDF ใหม่จากต้นฉบับ แล้วส่งอีกครั้ง",
        "The virus scanner found harm in this file. Scan your computer, make the PDF anew and send it again.",
    ),
    Finding(
        "too_complex",
        "ไฟล์นี้ซับซ้อนเกินกว่าที่ระบบจะตรวจได้ กรุณาลดขนาดภาพหรือพิมพ์เป็น PDF ใหม่ แล้วส่งอีกครั้ง",
        "This file is too complex to be checked. Reduce its images or print it to PDF, and send it again.",
    ),
)

FINDINGS: Final[dict[str, Finding]] = {finding.code: finding for finding in _ALL}

NOTES: Final[dict[str, Note]] = {
    note.code: note
    for note in (
        Note("links", "มีลิงก์ไปที่อื่น", "It has links to elsewhere."),
        Note("actions", "มีคำสั่งโต้ตอบที่ไม่เป็นอันตราย", "It has actions of a harmless kind."),
        Note("metadata", "มีข้อมูลกำกับไฟล์และผู้จัดทำ", "It has metadata of the file and its author."),
        Note("form", "เป็นแบบฟอร์มกรอก", "It is a form to fill in."),
        Note(
            "signature",
            "มีลายมือชื่อดิจิทัล ซึ่งใช้ได้กับไฟล์ต้นฉบับเท่านั้น",
            "It has a digital signature, which is good for the original only.",
        ),
        Note("attachments", "มีการอ้างถึงไฟล์แนบ", "It mentions attached files."),
    )
}
"""What may be noted of a sound file: it stands in the original, and not or without effect in the copy."""
