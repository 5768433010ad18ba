import pytest

from services.registry.roll.columns import (
    CANONICAL,
    FIELDS,
    HoldsCredentials,
    NoTable,
    RepeatedColumn,
    Table,
    find_table,
)
from services.registry.roll.sheets import Grid
from tests.unit.registry.files import HEADERS, row


def grid(*rows) -> Grid:
    return Grid("csv", "", [list(each) for each in rows])


def table(*rows) -> Table:
    found = find_table([grid(*rows)])
    assert isinstance(found, Table)
    return found


def test_every_column_is_found_under_its_own_header():
    found = table(HEADERS, row())
    assert set(found.columns) == set(FIELDS)
    assert {field: found.headers[field] for field in FIELDS} == CANONICAL


def test_columns_are_found_in_any_order_under_other_names_below_titles():
    headers = ["ที่", "จังหวัด ", "อำเภอ", "ตําบล", "รหัส\nอปท.", "ต้นสังกัด", "ชื่อ ศพด.", "รหัสศูนย์ฯ", "E-MAIL"]
    found = table(["บัญชีรายชื่อ"], [], headers, ["1"] * 9)
    assert found.header_row == 2
    assert found.columns["code"] == 7
    assert found.columns["subdistrict"] == 3
    assert found.columns["email"] == 8
    assert found.headers["lao_code"] == "รหัส\nอปท."


def test_the_first_sheet_that_has_a_table_is_taken():
    found = find_table([grid(["คำชี้แจง"]), grid(HEADERS, row())])
    assert isinstance(found, Table)
    assert found.header_row == 0


def test_what_is_missing_is_named():
    headers = [header for header in HEADERS if header not in {"รหัส อปท.", "ตำบล"}]
    assert find_table([grid(headers)]) == NoTable(("รหัส อปท.", "ตำบล"))


def test_a_sheet_without_headers_misses_everything():
    refused = find_table([grid(["ก", "ข"], ["1", "2"])])
    assert isinstance(refused, NoTable)
    assert len(refused.missing) == 7


@pytest.mark.parametrize("twin", ["รหัสศูนย์ฯ", "รหัส ศูนย์"])
def test_two_columns_that_mean_the_same_are_refused(twin):
    assert find_table([grid([*HEADERS, twin])]) == RepeatedColumn(twin)


@pytest.mark.parametrize("header", ["รหัสผ่าน", "Password", "ชื่อผู้ใช้ e-SAR", "user name", "รหัส ผ่าน"])
def test_a_roll_with_passwords_in_it_is_refused_whole(header):
    assert find_table([grid([*HEADERS, header], row())]) == HoldsCredentials(header)
