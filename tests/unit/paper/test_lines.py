"""Lines of Thai end where a reader would end them, and no mark ever loses its letter."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.paper.lines import LEADING, ZERO_WIDTH_SPACE, pieces, wrap

THAI = "".join(chr(code) for code in range(0x0E01, 0x0E5C) if unicodedata.name(chr(code), ""))
words = st.text(st.sampled_from(THAI + " abc019-.,()"), max_size=60)
sentences = st.lists(
    st.sampled_from(
        ["ศูนย์พัฒนาเด็กเล็ก", "บ้านหนองบัว", "ที่ปรึกษา", "น้ำ", "ตั้งอยู่", "ชื่อผู้ใช้", " ", "2569", "e-SAR", "(สถ.)", "ๆ"]
    ),
    max_size=30,
).map("".join)


def test_a_line_ends_between_syllables_the_script_makes_sure_of() -> None:
    assert pieces("ได้รับรหัสผ่านเพียงครั้งเดียว") == ["ได้รับ", "รหัสผ่าน", "เพียง", "ครั้งเดียว"]


@pytest.mark.parametrize("word", ["ศูนย์พัฒนาเด็กเล็ก", "ประเมิน", "โรงเรียน", "อิเล็กทรอนิกส์"])
def test_the_words_of_the_chain_stay_whole(word: str) -> None:
    assert pieces(word) == [word]


def test_a_writer_may_mark_a_good_place_and_the_mark_is_not_printed() -> None:
    assert wrap(f"กกกก{ZERO_WIDTH_SPACE}ขขขข", 5, len) == ["กกกก", "ขขขข"]
    assert wrap(f"กก{ZERO_WIDTH_SPACE}ขข", 10, len) == ["กกขข"]


def test_a_code_wider_than_the_line_does_not_leave_the_paper() -> None:
    assert wrap("e-SAR25692569", 12, len) == ["e-SAR2569256", "9"]


def test_a_newline_always_ends_a_line() -> None:
    assert wrap("หนึ่ง\n\nสอง", 100, len) == ["หนึ่ง", "", "สอง"]


@given(words | sentences, st.integers(1, 40))
def test_nothing_is_lost_but_spaces(text: str, width: int) -> None:
    assert "".join(wrap(text, width, len)).replace(" ", "") == text.replace(" ", "")


@given(sentences, st.integers(3, 40))
def test_no_line_begins_with_a_mark_or_ends_with_a_vowel_that_leads(text: str, width: int) -> None:
    for line in wrap(text, width, len):
        assert not line or unicodedata.category(line[0]) != "Mn"
        assert not line or line[0] not in "ะาำๅ"
        assert not line or line[-1] not in LEADING


@given(sentences, st.integers(12, 60))
def test_no_line_is_wider_than_it_may_be(text: str, width: int) -> None:
    assert all(len(line) <= width for line in wrap(text, width, len))
