import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythainlp.util import collate

from shared.thai.collation import sort_key, thai_sorted
from shared.thai.text import normalise

CONSONANTS = [chr(c) for c in range(ord("ก"), ord("ฮ") + 1) if chr(c) not in "ฤฦ"]
SYLLABLES = st.builds(
    lambda lead, first, above, mark, tail: lead + first + above + mark + tail,
    st.sampled_from(["", "เ", "แ", "โ", "ใ", "ไ"]),
    st.sampled_from(CONSONANTS),
    st.sampled_from(["", "ิ", "ี", "ุ", "ู", "ั"]),
    st.sampled_from(["", "่", "้", "๊", "๋"]),
    st.sampled_from(["", "า", "น", "ง", "ะ"]),
)
WORDS = st.lists(SYLLABLES, min_size=1, max_size=3).map("".join)

# Each list is in the order that ICU 78 (CLDR 48) gives for the Thai locale.
ICU_ORDER = [
    ["กก", "กรรม", "กรรม์", "กา", "ก่า", "ก้า", "ก๊า", "ก๋า", "กำ", "เก", "เก่", "แก", "โก", "ใก", "ไก"],
    ["กาล", "เกิด", "ไก่", "เป็ด", "วันที่", "วัว", "หมู"],
    ["แข็ง", "แข่ง", "แข้ง", "แข่งขัน"],
    ["2", "๒ ก", "บ้าน", "บ้าน 10", "บ้าน ๒", "บ้านนา", "บ้าน-เหนือ", "A"],
    ["ร", "ฤ", "ล", "ฦ", "ว"],
    ["หนองบัว", "หนองบัว (กลาง)", "หนองบัวแดง", "หนองบัวลำภู", "หนองบัวเหนือ"],
]


@pytest.mark.parametrize("words", ICU_ORDER, ids=lambda words: words[0])
def test_words_stand_as_icu_orders_them(words: list[str]) -> None:
    shuffled = random.Random(7).sample(words, len(words))
    assert thai_sorted(shuffled) == words


def test_code_points_would_order_otherwise() -> None:
    words = ["เก", "ฮา", "ก๋า", "กำ"]
    assert thai_sorted(words) != sorted(words)


@given(WORDS, WORDS)
def test_words_without_marks_stand_as_pythainlp_orders_them(one: str, other: str) -> None:
    bare = [normalise(word).text.translate(dict.fromkeys(map(ord, "่้๊๋"))) for word in (one, other)]
    assert thai_sorted(bare) == collate(bare)


@given(st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=12))
def test_the_order_does_not_depend_on_where_one_starts(words: list[str]) -> None:
    assert thai_sorted(reversed(words)) == thai_sorted(words)


@given(st.text(), st.text())
def test_different_texts_have_different_keys(one: str, other: str) -> None:
    assert (sort_key(one) == sort_key(other)) == (one == other)


@given(WORDS, WORDS)
def test_a_database_that_compares_bytes_keeps_the_order(one: str, other: str) -> None:
    a, b = sort_key(one), sort_key(other)
    assert (a < b) == (a.encode() < b.encode())


@given(WORDS, st.sampled_from(["่", "้", "๊", "๋"]))
def test_a_mark_decides_only_between_equal_words(word: str, mark: str) -> None:
    assert thai_sorted(["ก" + mark + word, "ก" + word]) == ["ก" + word, "ก" + mark + word]


def test_things_are_sorted_by_the_name_that_is_asked_for() -> None:
    rows = [("3", "ไก่"), ("1", "กา"), ("2", "เป็ด")]
    assert thai_sorted(rows, key=lambda row: row[1]) == [("1", "กา"), ("3", "ไก่"), ("2", "เป็ด")]
