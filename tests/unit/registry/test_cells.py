import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.roll import cells
from services.registry.roll.cells import Point, Texts, Value
from services.registry.roll.findings import Reason
from shared.thai.numerals import to_thai


@pytest.mark.parametrize("cell", ["12", 12, 12.0])
def test_a_whole_number_reads_alike_however_a_sheet_holds_it(cell):
    assert Texts().read(cell).text == "12"


def test_a_repair_is_kept_beside_the_raw_text():
    read = Texts().read("บ้าน\u200bคํา")
    assert (read.raw, read.text) == ("บ้าน\u200bคํา", "บ้านคำ")
    assert set(read.repairs) == {Reason.INVISIBLE, Reason.SARA_AM}


@given(st.from_regex(r"[2-6][0-9]{6}", fullmatch=True))
def test_an_lao_code_is_read_in_both_numerals(code):
    assert cells.lao_code(code) == Value(code)
    assert cells.lao_code(to_thai(code)) == Value(code, (Reason.THAI_NUMERALS,))


@pytest.mark.parametrize("code", ["1580101", "7580101", "658010", "65801011", "658010x", "6 580101", "६५८०१०१"])
def test_other_lao_codes_are_refused(code):
    assert cells.lao_code(code).fault is Reason.BAD_LAO_CODE


@pytest.mark.parametrize("code", ["5.80E+09", "a/b", "..", "-1", "รหัส", "x" * 33, "a b", "a\n", "%00", "$where"])
def test_a_center_code_that_could_not_stand_in_an_address_is_refused(code):
    assert cells.center_code(code).fault is Reason.BAD_CENTER_CODE


@pytest.mark.parametrize("code", ["0000000001", "CDC-58-0001", "a_1"])
def test_a_center_code_is_opaque_text(code):
    assert cells.center_code(code).value == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2563", Value(2563)),
        ("๒๕๖๓", Value(2563, (Reason.THAI_NUMERALS,))),
        ("2020", Value(2563, (Reason.CHRISTIAN_YEAR,))),
        ("-", Value()),
        ("", Value()),
    ],
)
def test_a_year_of_assessment_is_read_in_either_era(text, value):
    assert cells.assessed_year(text, 2569) == value


@pytest.mark.parametrize("text", ["2570", "2027", "1900", "63", "25630", "ปี 2563", "2563.5"])
def test_a_year_that_cannot_be_is_refused(text):
    assert cells.assessed_year(text, 2569).fault is Reason.BAD_YEAR


@pytest.mark.parametrize(
    "text", ["a@b", "@b.co", "a b@c.co", "a@b.co;c@d.co", "a@b.co\nBcc: x@y.zz", "ก@b.co", "a@-.co"]
)
def test_what_is_not_one_address_is_refused(text):
    assert cells.email(text).fault is Reason.BAD_EMAIL


def test_an_office_without_an_address_has_none():
    assert cells.email("") == cells.email("-") == Value()


@given(st.floats(5, 21), st.floats(97, 106))
def test_a_point_in_thailand_is_read_and_its_mirror_is_told(latitude, longitude):
    y, x = round(latitude, 6), round(longitude, 6)
    assert cells.point(f"{y:f}", f"{x:f}") == Point(y, x)
    assert cells.point(f"{x:f}", f"{y:f}").fault is Reason.SWAPPED_COORDINATES


@pytest.mark.parametrize("pair", [("0", "0"), ("19.3", ""), ("", "98"), ("19,3", "98"), ("nan", "98"), ("1e1", "98")])
def test_other_points_are_refused(pair):
    assert cells.point(*pair).fault is Reason.BAD_COORDINATES


def test_no_point_is_no_fault():
    assert cells.point("", "-") == Point()


@given(st.text())
def test_what_a_finding_shows_is_short_and_printable(text):
    shown = cells.shown(text)
    assert len(shown) <= 6 * 80 + 1
    assert all(char.isprintable() for char in shown)
