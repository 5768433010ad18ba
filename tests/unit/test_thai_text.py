import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.thai.text import RepairKind, normalise

THAI = st.text(alphabet=[chr(c) for c in range(0x0E01, 0x0E5C) if not 0x0E3B <= c <= 0x0E3E], max_size=20)
MESSY = st.text(alphabet="กนเแำาํิ่้๊์ัฺุะ๐๒oOaanplп \u00a0\u200b\ufeff\u0301\t\n", max_size=25)


@pytest.mark.parametrize(
    ("raw", "clean", "kind"),
    [
        ("นํ้า", "น้ำ", RepairKind.SARA_AM),
        ("น้ํา", "น้ำ", RepairKind.SARA_AM),
        ("คํา", "คำ", RepairKind.SARA_AM),
        ("เเม่แจ่ม", "แม่แจ่ม", RepairKind.SARA_AE),
        ("พระราชบััญญัติ", "พระราชบัญญัติ", RepairKind.DOUBLED),
        ("บ้้าน", "บ้าน", RepairKind.DOUBLED),
        ("ก่ี่", "กี่", RepairKind.ORDER),
        ("มา่", "ม่า", RepairKind.ORDER),
        ("หนอง\u200bบัว", "หนองบัว", RepairKind.INVISIBLE),
        ("\ufeffหนองบัว\u00ad", "หนองบัว", RepairKind.INVISIBLE),
        ("  หนอง\u00a0 บัว\n", "หนอง บัว", RepairKind.SPACE),
        ("ศaลา", "ศาลา", RepairKind.LOOK_ALIKE),
        ("กлาง", "กลาง", RepairKind.LOOK_ALIKE),
        ("๒๕๖o", "๒๕๖๐", RepairKind.LOOK_ALIKE),
        ("cafe\u0301", "café", RepairKind.COMPOSITION),
    ],
)
def test_a_known_fault_is_repaired_and_named(raw: str, clean: str, kind: RepairKind) -> None:
    result = normalise(raw)
    assert (result.raw, result.text) == (raw, clean)
    assert result.was_repaired(kind)


def test_each_repair_is_counted_and_shows_its_first_place() -> None:
    (repair,) = normalise("คํา นํา").repairs
    assert (repair.was, repair.now, repair.count) == ("ํา", "ำ", 2)


@pytest.mark.parametrize("text", ["ศูนย์พัฒนาเด็กเล็กบ้านหนองบัว", "ทรายมูล ๒", "e-SAR", "ศพด. หมู่ 3", "น้ำ", "ระบบ SAR ใหม่", ""])
def test_right_text_is_left_alone(text: str) -> None:
    result = normalise(text)
    assert result.text == text
    assert result.repairs == ()
    assert result.foreign == ()


def test_sara_am_survives_where_nfkc_would_split_it() -> None:
    assert unicodedata.normalize("NFKC", "น้ำ") != "น้ำ"
    assert normalise("น้ำ").text == "น้ำ"


@pytest.mark.parametrize(
    ("raw", "foreign"), [("ศala กлагаจังหวัด", ("ala", "лага")), ("ระบบSARใหม่", ("SAR",)), ("กlด", ("l",))]
)
def test_foreign_letters_that_could_be_anything_are_reported_and_kept(raw: str, foreign: tuple[str, ...]) -> None:
    result = normalise(raw)
    assert result.text == raw
    assert result.foreign == foreign


@given(st.one_of(MESSY, THAI, st.text()))
def test_normalising_twice_changes_nothing_more(raw: str) -> None:
    once = normalise(raw)
    twice = normalise(once.text)
    assert twice.text == once.text
    assert twice.repairs == ()


@given(st.one_of(MESSY, THAI, st.text()))
def test_repairs_are_reported_exactly_when_the_text_changed(raw: str) -> None:
    result = normalise(raw)
    assert result.raw == raw
    assert bool(result.repairs) == (result.text != raw)
    assert unicodedata.is_normalized("NFC", result.text)
    assert not {"\u200b", "\ufeff", "\u00a0", "\n"} & set(result.text)


def test_nothing_heavy_is_imported_with_the_package() -> None:
    script = (
        "import sys, shared.thai.dates, shared.thai.text, shared.thai.collation\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in {'pythainlp', 'numpy', 'pydantic', 'icu'}))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
