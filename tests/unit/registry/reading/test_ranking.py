"""The best answers stand first, always the same ones."""

import random

import pytest

from services.registry.reading import ranking
from services.registry.reading.ranking import FEW, MOST_NEAR, Candidate, How
from services.registry.reading.words import keys_of, understand
from shared.thai.collation import sort_key


def candidates(*names: str) -> list[Candidate]:
    return [
        Candidate(f"c{number}", f"{sort_key(name)}\t{number}", keys_of(name).plain) for number, name in enumerate(names)
    ]


def test_beginnings_come_before_middles_and_thai_order_decides():
    found = ranking.holding(
        understand("หนองบัว"), candidates("ศพด.โคกหนองบัว", "ศพด.วัดหนองบัวลำภู", "ศพด.บ้านหนองบัว", "ศพด.หนองบัวใต้")
    )
    assert [(hit.how, hit.code) for hit in found] == [
        (How.BEGINS, "c2"), (How.BEGINS, "c1"), (How.BEGINS, "c3"), (How.HOLDS, "c0"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("โพธ์สี", "ศพด.บ้านโพธิ์ศรี"),
        ("หนองบว", "ศพด.บ้านหนองบัว"),
        ("ลาดพล้าว", "ศพด.ลาดพร้าว"),
        ("บ้านไหม่พัทนา", "ศพด.บ้านใหม่พัฒนา"),
        ("กุงไม้สกั", "ศพด.บ้านกุงไม้สัก"),
    ],
)
def test_what_is_misspelt_is_near(typed, meant):
    others = candidates("ศพด.บ้านดงดิบ", meant, "ศพด.วัดช้างเผือก", "ศพด.เทศบาลตำบลบึง")
    first, *_ = ranking.nearly(understand(typed), others, [])
    assert first.code == "c1"


def test_other_names_are_not_near():
    assert ranking.nearly(understand("หนองบัว"), candidates("ศพด.หนองแวง", "ศพด.บัวขาว", "ศพด.วัดใหม่"), []) == []


def test_the_shorter_of_two_that_are_equally_alike_comes_first():
    near, far = ranking.nearly(understand("หนองบวก"), candidates("ศพด.หนองบัวแดงเหนือใต้", "ศพด.หนองบัว"), [])
    assert (near.code, far.code) == ("c1", "c0")


def test_enough_that_fit_need_no_near_ones():
    fitting = ranking.holding(understand("หนองบัว"), candidates(*["ศพด.หนองบัว"] * FEW))
    assert ranking.nearly(understand("หนองบัว"), candidates("ศพด.หนองบวก"), fitting) == []


def test_short_words_have_no_near_ones():
    assert ranking.nearly(understand("บัว"), candidates("ศพด.บวก"), []) == []


def test_the_order_of_the_candidates_changes_nothing_and_the_nearest_are_bounded():
    names = [f"ศพด.บ้านหนองบว{letter}" for letter in "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ"] * 2
    found = candidates(*names)
    shuffled = random.Random(1).sample(found, len(found))
    asked = understand("หนองบัว")
    assert ranking.nearly(asked, found, []) == ranking.nearly(asked, shuffled, [])
    assert len(ranking.nearly(asked, found, [])) == MOST_NEAR
