"""The receipt on paper is read by eyes and by a phone's camera, and says what came of it by then."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from services.submissions.receipts.codes import spoken
from services.submissions.receipts.paper import Office, Since, receipt_paper
from services.submissions.receipts.signing import Receipt
from tests.unit.paper.seeing import codes_on, pages_of, text_of

WHEN = datetime(2025, 10, 31, 23, 59, 58, 123000, tzinfo=timezone(timedelta(hours=7)))
RECEIPT = Receipt(round="2569", center="5801001", sha256="ab" * 32, size=1_234_567, received_at=WHEN, late=False)
OFFICE = Office("ศูนย์พัฒนาเด็กเล็กบ้านปางหมู", 2569, 2567)
ADDRESS = f"https://saraban.example/r/{RECEIPT.code}"
PRINTED = WHEN + timedelta(minutes=2)
WAITING = Since(PRINTED, "received", None, late=False)
DECIDED = replace(WAITING, state="accepted", decided_at=WHEN + timedelta(seconds=70))


def printed(receipt: Receipt = RECEIPT, since: Since = DECIDED) -> bytes:
    return receipt_paper(receipt, "a.b.c", OFFICE, ADDRESS, since)


def letters(text: str) -> str:
    """Without marks and spaces: a reader that selects text may find a mark beside its letter."""
    return re.sub(r"[\s\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]", "", text)


def test_a_camera_that_scans_it_is_led_to_the_address_of_this_receipt() -> None:
    assert codes_on(printed()) == [ADDRESS]


def test_eyes_find_the_code_and_the_days_in_the_buddhist_era_on_one_page() -> None:
    text = text_of(printed())
    for said in (
        *(spoken(RECEIPT.code), "5801001", "1,234,567", "ab" * 16, ADDRESS),
        *("๓๑", "พ.ศ. ๒๕๖๘", "31 October B.E. 2568 (2025), 23:59:58", "ปีงบประมาณ พ.ศ. ๒๕๖๙", "on time"),
    ):
        assert said in text, said
    assert pages_of(printed()) == 1
    late = text_of(printed(replace(RECEIPT, late=True), replace(DECIDED, late=True)))
    assert "after the deadline" in late
    assert "on time" not in late


def test_it_says_when_the_file_was_decided_on_and_what_came_of_it() -> None:
    text = letters(text_of(printed()))
    for said in (
        *(
            "ตรวจไฟล์เสร็จเมื่อ",
            "ไฟล์ผ่านการตรวจ",
            "๑ พฤศจิกายน พ.ศ. ๒๕๖๘ เวลา ๐๐.๐๑ น.",
            "1 November B.E. 2568 (2025), 00:01:08",
        ),
        *("passed the inspection", "00:01:58 Thai time"),
    ):
        assert letters(said) in text, said
    refused = text_of(printed(since=replace(DECIDED, state="rejected")))
    assert "its file was refused" in refused


def test_before_the_inspection_it_says_that_nothing_is_decided_yet() -> None:
    text = text_of(printed(since=WAITING))
    assert letters("ยังตรวจไม่เสร็จ ณ วันที่พิมพ์") in letters(text)
    assert "not yet, as of the print" in text
    assert "00:01:08" not in text


def test_what_an_extension_put_on_time_is_told_beside_what_was_signed() -> None:
    text = text_of(printed(replace(RECEIPT, late=True)))
    assert "after the deadline" in text
    assert text.index("after the deadline") < text.index("counts now as") < text.index("on time")
    assert "counts now as" not in text_of(printed())


def test_the_longest_sheet_is_one_page_and_its_code_is_read() -> None:
    office = Office("ศูนย์พัฒนาเด็กเล็กองค์การบริหารส่วนตำบลบ้านปางหมูใต้และบ้านหนองน้ำใสเหนือ", 2569, 2567)
    longest = receipt_paper(replace(RECEIPT, late=True), "a.b.c", office, ADDRESS, replace(DECIDED, state="rejected"))
    assert pages_of(longest) == 1
    assert codes_on(longest) == [ADDRESS]


def test_the_same_receipt_printed_at_the_same_time_is_the_same_page_to_the_byte() -> None:
    assert printed() == printed()
    assert printed() != printed(replace(RECEIPT, size=2))
