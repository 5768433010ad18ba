import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.roll import cells
from services.registry.roll.cells import Texts, Value
from services.registry.roll.findings import Reason
from services.registry.roll.points import Point, point
from services.registry.roll.sheets import Derived, Origin
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


@pytest.mark.parametrize("code", ["1580101", "7580101", "658010", "65801011", "658010x", "6-580-101-1", "६५८०१०१"])
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
        ("พ.ศ. 2563", Value(2563, (Reason.YEAR_IN_WORDS,))),
        ("ปีการศึกษา ๒๕๖๓", Value(2563, (Reason.THAI_NUMERALS, Reason.YEAR_IN_WORDS))),
        ("ค.ศ. 2020", Value(2563, (Reason.YEAR_IN_WORDS, Reason.CHRISTIAN_YEAR))),
        ("30 กันยายน 2563", Value(2563, (Reason.YEAR_OF_DATE,))),
        ("2020-09-30", Value(2563, (Reason.YEAR_OF_DATE,))),
        ("30/9/2563", Value(2563, (Reason.YEAR_OF_DATE,))),
        ("-", Value()),
        ("", Value()),
    ],
)
def test_a_year_of_assessment_is_read_in_either_era(text, value):
    assert cells.assessed_year(text, 2569) == value


@pytest.mark.parametrize(
    "text", ["2570", "2027", "1900", "63", "25630", "พ.ศ. 2020", "ค.ศ. 2563", "2562/2563", "31/2/2563", "2563.5"]
)
def test_a_year_that_cannot_be_is_refused(text):
    assert cells.assessed_year(text, 2569).fault is Reason.BAD_YEAR


@pytest.mark.parametrize(
    "text", ["a@b", "@b.co", "a b@c.co", "a@b.co;c@d.co", "a@b.co\nBcc: x@y.zz", "ก@b.co", "a@-.co"]
)
def test_what_is_not_one_address_is_refused(text):
    assert cells.email(text).fault is Reason.BAD_EMAIL


def test_a_year_of_two_digits_comes_with_what_it_means():
    assert cells.assessed_year("63", 2569).suggestion == "2563"
    assert cells.assessed_year("99", 2569).suggestion is None


@pytest.mark.parametrize("text", ["mailto:a@b.co", "<a@b.co>", "a@b.co;", "ครูแดง <a@b.co>", "a@b.co."])
def test_what_surrounds_an_address_is_taken_off(text):
    assert cells.email(text) == Value("a@b.co", (Reason.WRAPPED_EMAIL,))


def test_an_address_with_a_space_in_it_is_for_a_person_to_settle():
    assert cells.email("center 1@b.co") == Value(fault=Reason.BAD_EMAIL, suggestion="center1@b.co")


@pytest.mark.parametrize("code", ["6-58-01-03", "6 580103", "6.580103", "658/0103"])
def test_an_lao_code_may_be_set_apart(code):
    assert cells.lao_code(code) == Value("6580103", (Reason.SEPARATORS,))


@pytest.mark.parametrize("text", ["-1 บ้าน", "+ศูนย์", "123", "ก" * 201])
def test_what_is_no_name_is_refused(text):
    assert cells.name(text).fault is Reason.BAD_NAME


@pytest.mark.parametrize(
    ("cell", "text", "repairs", "fault"),
    [
        (Derived("ก", Origin.FORMULA, '="ก"'), "ก", (Reason.FORMULA_VALUE,), None),
        (Derived("ก", Origin.MERGED, None), "ก", (Reason.MERGED_CELL,), None),
        (Derived("007", Origin.FORMAT, 7), "007", (Reason.CELL_FORMAT,), None),
        (Derived("", Origin.FORMULA, '=""'), "", (), None),
        (Derived("=A1", Origin.UNSAVED, "=A1"), "=A1", (), Reason.FORMULA_CELL),
        (Derived("#N/A", Origin.ERROR, "#N/A"), "#N/A", (), Reason.ERROR_VALUE),
        ("=A1", "=A1", (), Reason.FORMULA_CELL),
        ("@SUM(1)", "@SUM(1)", (), Reason.FORMULA_CELL),
    ],
)
def test_a_cells_origin_is_told(cell, text, repairs, fault):
    read = Texts().read(cell)
    assert (read.text, read.repairs, read.fault) == (text, repairs, fault)


def test_an_office_without_an_address_has_none():
    assert cells.email("") == cells.email("-") == Value()


@given(st.floats(5, 21), st.floats(97, 106))
def test_a_point_in_thailand_is_read_and_its_mirror_is_told(latitude, longitude):
    y, x = round(latitude, 6), round(longitude, 6)
    assert point(f"{y:f}", f"{x:f}") == Point(y, x)
    assert point(f"{x:f}", f"{y:f}").fault is Reason.SWAPPED_COORDINATES


@pytest.mark.parametrize(
    "pair",
    [
        ("0", "0"),
        ("19.3", ""),
        ("", "98"),
        ("nan", "98"),
        ("1e1", "98"),
        ("19°61'", "98"),
        ("19.3 98.1 5", ""),
        ("x, y", ""),
    ],
)
def test_other_points_are_refused(pair):
    assert point(*pair).fault is Reason.BAD_COORDINATES


@pytest.mark.parametrize(
    ("pair", "repair"),
    [
        (("19,35", "97,96"), Reason.DECIMAL_COMMA),
        (("19°21'0\"N", "97°57'36\"E"), Reason.DEGREES),
        (("19 องศา 21 ลิปดา 0 ฟิลิปดา เหนือ", "97° 57.6'"), Reason.DEGREES),
        (("19.35N", "97.96° E"), Reason.DEGREES),
        (("19.35, 97.96", ""), Reason.ONE_CELL_POINT),
        (("19.35 97.96", "-"), Reason.ONE_CELL_POINT),
        (("๑๙.๓๕", "๙๗.๙๖"), Reason.THAI_NUMERALS),
    ],
)
def test_a_point_is_read_as_people_copy_it(pair, repair):
    found = point(*pair)
    assert (found.latitude, found.longitude, found.repairs) == (19.35, 97.96, (repair,))


def test_a_mirrored_point_comes_with_what_was_meant():
    assert point("97.96", "19.35").suggestion == "19.35, 97.96"


def test_no_point_is_no_fault():
    assert point("", "-") == Point()


@given(st.text())
def test_what_a_finding_shows_is_short_and_printable(text):
    shown = cells.shown(text)
    assert len(shown) <= 6 * 80 + 1
    assert all(char.isprintable() for char in shown)
