"""What people leave out or mix up when they type Thai is left out on both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.thai.folding import sounding, unmarked

THAI = st.text(alphabet=st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B), max_size=40)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ศูนย์ฯ บ้านกุ่ง ๒", "ศูนยบานกุง2"),
        ("บ้านหนองบัว", "บานหนองบัว"),
        ("บานหนองบัว", "บานหนองบัว"),
        ("เเม่ฮ่องสอน", "แมฮองสอน"),
        ("นํ้าตก", "นำตก"),
        ("ร.ร. วัด-โพธิ์", "รรวัดโพธิ"),
        ("TAO No. 5", "taono5"),
        ("a_b", "ab"),
        ("...", ""),
        ("ะๆะ", "ะ"),
        ("เฯเมือง", "แมือง"),
        ("\u200bป่า\ufeff", "ปา"),
    ],
)
def test_marks_spaces_and_signs_do_not_count(typed, kept):
    assert unmarked(typed) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [("โพธิ์ศรี", "โพธ์สี"), ("ใหม่", "ไหม่"), ("ราษฎร์", "ลาดร์"), ("คุณธรรม", "คุนทรรม"), ("ภูผา", "พุผา")],
)
def test_letters_of_one_sound_are_one(one, other):
    heard, meant = sounding(unmarked(other)), sounding(unmarked(one))
    assert len(set(heard) ^ set(meant)) <= 1, (heard, meant)


@given(THAI)
def test_both_forms_are_final(text):
    plain = unmarked(text)
    assert unmarked(plain) == plain
    assert sounding(sounding(plain)) == sounding(plain)


@given(THAI)
def test_places_are_the_same_in_both_forms(text):
    assert len(sounding(unmarked(text))) == len(unmarked(text))


@given(st.text(max_size=60))
def test_nothing_breaks_it(text):
    assert " " not in sounding(unmarked(text))
