"""A printed sheet says what was written, its codes can be scanned, and the same words make the same bytes."""

import io
from datetime import UTC, datetime

import numpy as np
import pikepdf
import pytest

from shared.paper import Paper
from tests.unit.paper.seeing import codes_on, ink, pages_of, text_of

MADE = datetime(2025, 10, 1, 3, tzinfo=UTC)


def written(title: str = "ใบทดสอบ") -> Paper:
    paper = Paper(title, made_at=MADE, footer="สารบรรณ")
    paper.heading(title)
    with paper.beside_qr("https://vault.example/claim#ABC-123"):
        paper.labels([("เรียน", "หัวหน้าศูนย์พัฒนาเด็กเล็กบ้านหนองบัว"), ("รหัส", "5801001")])
    paper.code("ABCDE-FGHJK")
    paper.steps(["สแกน", "กรอกรหัสยืนยัน"])
    paper.note("อย่าบอกรหัสแก่ผู้ใด")
    return paper


def test_sarabun_travels_in_the_file_and_no_other_font_is_asked_for() -> None:
    """A reader without Thai fonts sees what was written: every font is embedded, and is Sarabun."""
    with pikepdf.open(io.BytesIO(written().pdf())) as pdf:
        fonts = [font for page in pdf.pages for font in page.Resources.Font.values()]
        embedded = [font.DescendantFonts[0].FontDescriptor for font in fonts]
        assert fonts
        assert all("Sarabun" in str(font.BaseFont) for font in fonts)
        assert all("/FontFile2" in each and len(bytes(each.FontFile2.read_bytes())) > 1_000 for each in embedded)


def test_what_is_written_can_be_read_and_scanned() -> None:
    pdf = written().pdf()
    text = text_of(pdf)
    for word in ("ใบทดสอบ", "5801001", "ABCDE-FGHJK", "หน้า ๑"):
        assert word in text
    assert codes_on(pdf) == ["https://vault.example/claim#ABC-123"]


def test_the_same_words_at_the_same_time_are_the_same_bytes() -> None:
    assert written().pdf() == written().pdf()
    assert written().pdf() != written("ใบอื่น").pdf()


def test_a_long_table_goes_on_under_its_heads_on_the_next_page() -> None:
    paper = Paper("ตาราง", made_at=MADE)
    paper.table(["ที่", "รายการ"], [[str(n), f"ROW{n}"] for n in range(90)], [1, 4])
    pdf = paper.pdf()
    text = text_of(pdf)
    assert pages_of(pdf) > 1
    assert text.count("รายการ") == pages_of(pdf)
    assert all(f"ROW{n}" in text for n in range(90))


def top_of_ink(word: str) -> int:
    """The first row of the page, from above, that holds ink of the word."""
    paper = Paper("marks", made_at=MADE)
    paper.paragraph(word, size=60)
    return int(np.argmax((ink(paper.pdf()) < 128).any(axis=1)))


@pytest.mark.parametrize(("bare", "marked"), [("ที", "ที่"), ("ฟี", "ฟี้"), ("กำ", "ก่ำ")])
def test_a_tone_stands_above_the_vowel_it_follows(bare: str, marked: str) -> None:
    assert top_of_ink(marked) < top_of_ink(bare) - 5
