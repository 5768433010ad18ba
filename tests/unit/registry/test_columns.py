import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.roll.columns import (
    HoldsCredentials,
    NoTable,
    RepeatedColumn,
    Table,
    find_table,
    is_counting,
    repeats_headers,
)
from services.registry.roll.headers import CANONICAL, FIELDS, REQUIRED
from services.registry.roll.sheets import Row, Span
from tests.unit.registry.files import HEADERS, row


def lines(*rows) -> list[Row]:
    return [Row(number, list(each)) for number, each in enumerate(rows, start=1) if any(each)]


def table(*rows, spans=()) -> Table:
    found = find_table(lines(*rows), spans)
    assert isinstance(found, Table), found
    return found


def test_every_column_is_found_under_its_own_header():
    found = table(HEADERS, row())
    assert set(found.columns) == set(FIELDS)
    assert {field: found.headers[field] for field in FIELDS} == CANONICAL
    assert (found.header_line, found.width) == (1, len(HEADERS))


def test_columns_are_found_in_any_order_under_other_names_below_titles():
    headers = ["ที่", "จังหวัด ", "อำเภอ", "ตําบล", "รหัส\nอปท.", "ต้นสังกัด", "ชื่อ ศพด.", "รหัสศูนย์ฯ", "E-MAIL"]
    found = table(["บัญชีรายชื่อ"], [], headers, ["1"] * 9)
    assert found.header_line == 3
    assert found.columns["code"] == 7
    assert found.columns["subdistrict"] == 3
    assert found.columns["email"] == 8
    assert found.headers["lao_code"] == "รหัส\nอปท."


ENGLISH = {
    "code": "Center Code",
    "name": "Centre name",
    "lao_code": "LAO code",
    "lao_name": "Local Administrative Organization",
    "lao_email": "LAO e-mail",
    "subdistrict": "Sub-district",
    "district": "District (Amphoe)",
    "province": "Province",
    "latitude": "Lat.",
    "longitude": "Long.",
    "email": "E-mail address",
    "last_assessed": "Year of last assessment",
}


@given(st.permutations(sorted(set(FIELDS) - {"district"})))
def test_english_headers_are_found_in_any_order(order):
    found = table(["District", *(ENGLISH[field] for field in order)])
    assert [field for field, _ in sorted(found.columns.items(), key=lambda each: each[1])] == ["district", *order]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("(1) รหัสศูนย์", "code"),
        ("๒. ชื่อสถานศึกษา", "name"),
        ("สังกัด อปท.", "lao_name"),
        ("องค์กรปกครองส่วนท้องถิ่น", "lao_name"),
        ("รหัสองค์กรปกครองส่วนท้องถิ่น", "lao_code"),
        ("ตำบล/แขวง", "subdistrict"),
        ("Amphur", "district"),
        ("Latitude (องศา)", "latitude"),
        ("ตำบล (Tambon)", "subdistrict"),
        ("อำเภอ / District", "district"),
        ("จังหวัด\nProvince", "province"),
        ("รหัส/ชื่อศูนย์", None),
        ("ตำบล/อำเภอ", None),
        ("พิกัด (ละติจูด)", "latitude"),
        ("อีเมล์ศูนย์พัฒนาเด็กเล็ก", "email"),
        ("ปีที่ได้รับการประเมินล่าสุด", "last_assessed"),
        ("หมายเหตุ", None),
        ("โทรศัพท์", None),
    ],
)
def test_synonyms(header, field):
    others = [CANONICAL[each] for each in REQUIRED if each != field]
    found = find_table(lines([*others, header]))
    where = found.columns if isinstance(found, Table) else {}
    assert {place: each for each, place in where.items()}.get(len(others)) == field


MERGED = [
    ["บัญชีรายชื่อศูนย์พัฒนาเด็กเล็ก"],
    ["ที่", "ศูนย์พัฒนาเด็กเล็ก", "", "", "อปท.", "", "", "ที่ตั้ง", "", "", "พิกัด", "", "หมายเหตุ"],
    ["", "รหัส", "ชื่อ", "อีเมล", "รหัส", "ชื่อ", "อีเมล", "ตำบล", "อำเภอ", "จังหวัด", "ละติจูด", "ลองจิจูด", ""],
]
SPANS = [
    Span(1, 0, 1, 12), Span(2, 0, 3, 0), Span(2, 1, 2, 3), Span(2, 4, 2, 6), Span(2, 7, 2, 9), Span(2, 10, 2, 11),
    Span(2, 12, 3, 12),
]  # fmt: skip
PLACES = {
    "code": 1, "name": 2, "email": 3, "lao_code": 4, "lao_name": 5, "lao_email": 6, "subdistrict": 7, "district": 8,
    "province": 9, "latitude": 10, "longitude": 11,
}  # fmt: skip


@pytest.mark.parametrize("spans", [SPANS, ()], ids=["as a workbook tells it", "as a CSV file forgets it"])
def test_headers_over_two_lines_are_read_together(spans):
    found = table(*MERGED, ["1", "001", *["x"] * 11], spans=spans)
    assert dict(found.columns) == PLACES
    assert found.header_line == 3


def test_headers_of_which_only_some_have_a_second_line():
    upper = [*(CANONICAL[field] for field in REQUIRED), "พิกัด", ""]
    lower = [*[""] * len(REQUIRED), "ละติจูด", "ลองจิจูด"]
    found = table(upper, lower, ["1"] * 9)
    assert (found.columns["latitude"], found.columns["longitude"], found.columns["code"]) == (7, 8, 0)
    assert found.header_line == 2


def test_a_word_that_fits_many_columns_counts_only_where_no_better_one_stands():
    others = [CANONICAL[field] for field in REQUIRED if field not in {"code", "name"}]
    assert table(["รหัส", "ชื่อ", *others]).columns["code"] == 0
    assert table(["รหัส", "รหัสศูนย์", "ชื่อศูนย์", *others]).columns["code"] == 1


def test_one_column_may_hold_both_coordinates():
    found = table([*(CANONICAL[field] for field in REQUIRED), "พิกัด"])
    assert found.columns["latitude"] == len(REQUIRED)


def test_what_is_missing_is_named():
    headers = [header for header in HEADERS if header not in {"รหัส อปท.", "ตำบล"}]
    found = find_table(lines(headers))
    assert isinstance(found, NoTable)
    assert found.missing == ("รหัส อปท.", "ตำบล")
    assert found.like_a_roll


def test_a_sheet_without_headers_misses_everything():
    refused = find_table(lines(["ก", "ข"], ["1", "2"]))
    assert isinstance(refused, NoTable)
    assert len(refused.missing) == 7


def test_a_summary_by_province_is_no_roll():
    refused = find_table(lines(["จังหวัด", "อำเภอ", "ตำบล", "จำนวน ศพด."], ["ก", "ข", "ค", "3"]))
    assert isinstance(refused, NoTable)
    assert not refused.like_a_roll


@pytest.mark.parametrize("twin", ["รหัสศูนย์ฯ", "รหัส ศูนย์"])
def test_two_columns_that_mean_the_same_are_refused(twin):
    assert find_table(lines([*HEADERS, twin])) == RepeatedColumn(twin)


@pytest.mark.parametrize("header", ["รหัสผ่าน", "Password", "ชื่อผู้ใช้ e-SAR", "user name", "รหัส ผ่าน"])
def test_a_roll_with_passwords_in_it_is_refused_whole(header):
    assert find_table(lines([*HEADERS, header], row())) == HoldsCredentials(header)


def test_a_password_in_the_upper_line_of_a_header_is_found():
    upper = [*[""] * 10, "e-SAR รหัสผ่าน", "ข้อมูลอื่น", "ที่ตั้ง"]
    assert isinstance(find_table(lines(upper, HEADERS)), HoldsCredentials)


def test_a_title_that_speaks_of_passwords_is_no_column_of_them():
    assert table(["ห้ามใส่รหัสผ่านในไฟล์นี้"], HEADERS).header_line == 2


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        (["(1)", "(2)", "(3)", None, "(4)"], True),
        ([1, 2, 3], True),
        (["๑", "๒", "๓"], True),
        (["1", "2"], False),
        (["1", "0000000001", "ศูนย์"], False),
        ([1, 3, 4], False),
    ],
)
def test_a_line_that_numbers_the_columns(cells, counts):
    assert is_counting(Row(2, cells)) is counts


def test_headers_again_on_the_next_page_are_told_from_a_row():
    found = table(HEADERS, row())
    assert repeats_headers(Row(40, list(HEADERS)), found)
    assert not repeats_headers(Row(40, [str(cell) for cell in row()]), found)


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.text(max_size=12), st.integers(), st.sampled_from(HEADERS)), max_size=14),
        max_size=8,
    )
)
def test_any_head_is_a_table_or_a_refusal(rows):
    found = find_table(lines(*rows))
    if isinstance(found, Table):
        assert set(REQUIRED) <= set(found.columns)
        assert len(set(found.columns.values())) == len(found.columns)
        assert max(found.columns.values()) < found.width
