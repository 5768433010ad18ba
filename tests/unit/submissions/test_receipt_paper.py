"""The receipt on paper is read by eyes and by a phone's camera, and is the same page each time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from services.submissions.receipts.codes import spoken
from services.submissions.receipts.paper import Office, receipt_paper
from services.submissions.receipts.signing import Receipt
from tests.unit.paper.seeing import codes_on, pages_of, text_of

WHEN = datetime(2025, 10, 31, 23, 59, 58, 123000, tzinfo=timezone(timedelta(hours=7)))
RECEIPT = Receipt(round="2569", center="5801001", sha256="ab" * 32, size=1_234_567, received_at=WHEN, late=False)
OFFICE = Office("ศูนย์พัฒนาเด็กเล็กบ้านปางหมู", 2569, 2567)
ADDRESS = f"https://saraban.example/r/{RECEIPT.code}"


def printed(receipt: Receipt = RECEIPT) -> bytes:
    return receipt_paper(receipt, "a.b.c", OFFICE, ADDRESS)


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
    assert "after the deadline" in text_of(printed(replace(RECEIPT, late=True)))


def test_the_same_receipt_is_the_same_page_to_the_byte() -> None:
    assert printed() == printed()
    assert printed() != printed(replace(RECEIPT, size=2))
