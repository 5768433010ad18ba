"""What a name is found by, and what somebody who searches means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.roll.generator import generate
from services.registry.reading.words import GRAM, begins, keys_of, pattern, understand

NAMES = sorted({row.name for row in generate(2_000).rows})


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("ศูนย์พัฒนาเด็กเล็กบ้านหนองบัว", "บานหนองบัว"),
        ("ศพด.บ้านหนองบัว", "บานหนองบัว"),
        ("ศพด. บ.หนองบัว ม.๕", "บานหนองบัวหมู5"),
        ("ศูนย์ฯ ร.ร.วัดธรรม", "โรงเรียนวัดธรรม"),
        ("ศูนย์พัฒนาเด็กเล็ก อบต.หนองบัว", "องคการบริหารสวนตำบลหนองบัว"),
        ("ศูนย์พัฒนาเด็กเล็ก ทต. หนองบัว", "เทศบาลตำบลหนองบัว"),
        ("ศูนย์พัฒนาเด็กเล็ก", "ศูนยพัฒนาเดกเลก"),
        ("คุณธรรม", "คุณธรรม"),
    ],
)
def test_words_that_tell_nothing_go_and_short_forms_are_written_out(name, plain):
    assert keys_of(name).plain == plain


def test_a_search_of_any_part_asks_for_grams_that_the_name_has():
    for name in NAMES:
        keys = keys_of(name)
        for start in range(0, len(keys.plain) - GRAM + 1, 3):
            asked = understand(keys.plain[start : start + 7])
            if not asked.everything and asked.plain in keys.plain:
                assert set(asked.grams) <= set(keys.grams), (name, asked)


@pytest.mark.parametrize(
    ("words", "begun"),
    [("บาน", True), ("บานหนอง", True), ("หนองบัว", True), ("ห", True), ("องบัว", False), ("บัว", False)],
)
def test_a_name_begins_behind_the_words_of_its_kind_too(words, begun):
    assert begins("บานหนองบัว", words) is begun


@given(st.sampled_from(NAMES), st.integers(0, 20), st.integers(1, 2))
def test_one_or_two_letters_are_sought_at_beginnings_alone(name, start, length):
    import re

    plain = keys_of(name).plain
    words = plain[start : start + length]
    if len(words) == length:
        assert bool(re.search(pattern(words), plain)) is begins(plain, words)


@pytest.mark.parametrize("typed", ["ศ", "ศูนย์", "ศูนย์พัฒ", "ศพด", "ศพด.", "ศูนย์พัฒนาเด็กเล็ก", "ศุนย์"])
def test_words_that_fit_every_center(typed):
    assert understand(typed).everything is (typed != "ศุนย์")


@pytest.mark.parametrize(
    ("typed", "code"),
    [("0012", "0012"), ("๐๐๑๒", "0012"), ("AB-1", "AB-1"), ("บ้าน 2", None), ("a b", None), ("ก" * 40, None)],
)
def test_what_can_be_a_code_is_taken_for_one(typed, code):
    assert understand(typed).code == code


@pytest.mark.parametrize(
    ("typed", "name", "somewhere"),
    [
        ("หนองบัว เชียงใหม่", "หนองบัว", "50"),
        ("หนองบัว เชียงใหม", "หนองบัว", "50"),
        ("หนองบัว อ.เมือง จ.ขอนแก่น", "หนองบัว", "4001"),
        ("ศพด.บ้านปางหมู ต.ปางหมู", "บานปางหมู", "580104"),
    ],
)
def test_places_behind_a_name_say_where(typed, name, somewhere):
    asked = understand(typed)
    assert asked.name == name
    assert all(any(somewhere.startswith(code) for code in codes) for codes in asked.places)
    assert asked.places


@pytest.mark.parametrize("typed", ["ปางหมู", "บ้าน หนองบัว", "ศพด. หนองบัว", "วัด โพธิ์", "หนองบัว ใต้สุด"])
def test_a_name_is_always_left(typed):
    assert understand(typed).places == ()


@given(st.text(max_size=100))
def test_anything_can_be_typed(text):
    asked = understand(text)
    assert asked.grams or not asked.sound
    keys_of(text)
