import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.roll import sheets
from services.registry.roll.sheets import SheetRefused, read_grids
from tests.unit.registry.files import as_csv, as_xlsx

GRID = [["รหัส", "ชื่อ", "ที่"], ["0001", "ก,ข", "ค"], ["๒", 'คำ "พูด"', ""]]


def refused(data: bytes) -> SheetRefused:
    with pytest.raises(SheetRefused) as caught:
        read_grids(data)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_file_is_read_as_any_program_saves_it(encoding, delimiter):
    (grid,) = read_grids(as_csv(GRID, encoding=encoding, delimiter=delimiter))
    assert grid.kind == "csv"
    assert grid.rows == GRID


def test_lines_keep_their_numbers_when_some_are_empty():
    (grid,) = read_grids("ก,ข\r\n\r\nค,ง\r\n".encode())
    assert grid.rows == [["ก", "ข"], [], ["ค", "ง"]]


def test_an_xlsx_file_keeps_its_rows_numbers_and_texts_apart():
    (grid,) = read_grids(as_xlsx([["ก", 7, 13.5], [None], ["0007", None, "x"]]))
    assert grid.kind == "xlsx"
    assert grid.rows == [["ก", 7, 13.5], ["", "", ""], ["0007", "", "x"]]


def test_a_formula_is_found_where_it_stands_and_never_evaluated():
    (grid,) = read_grids(as_xlsx([["ก", "ข"], ["1", "=1+1"], ["=A1", "2"]]))
    assert grid.formulas == {(1, 1), (2, 0)}
    assert grid.rows[1][1] == ""


def test_hidden_sheets_are_not_read():
    (grid,) = read_grids(as_xlsx(GRID, hidden_first=True))
    assert grid.rows[0] == GRID[0]


@pytest.mark.parametrize("data", [b"", b"  \r\n\t "])
def test_nothing_is_an_empty_roll(data):
    assert refused(data).fault == "empty"


@pytest.mark.parametrize(
    ("data", "fault", "found"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "wrong_type", "pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "wrong_type", ""),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "locked", ""),
        (b"PK\x03\x04 but torn", "unreadable", "xlsx"),
        (as_xlsx(GRID)[:-200], "unreadable", "xlsx"),
        (b"\xfc\xfd\xfe\xff\xfc", "unreadable", "csv"),
    ],
)
def test_other_files_are_refused_by_their_bytes(data, fault, found):
    refusal = refused(data)
    assert (refusal.fault, refusal.found) == (fault, found)


def archive(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in parts.items():
            made.writestr(name, body)
    return out.getvalue()


@pytest.mark.parametrize(("part", "kind"), [("word/document.xml", "docx"), ("content.xml", "ods"), ("a.txt", "zip")])
def test_an_archive_that_is_no_workbook_is_named(part, kind):
    refusal = refused(archive({part: b"<x/>"}))
    assert (refusal.fault, refusal.found) == ("wrong_type", kind)


def repacked(data: bytes, part: str, change) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as given:
        return archive(
            {name: change(given.read(name)) if name == part else given.read(name) for name in given.namelist()}
        )


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize("place", [b"XFD1", b"A1048576", b"AAA3", b"A100000"])
def test_one_cell_far_out_does_not_make_room_for_all_before_it(place):
    far = repacked(as_xlsx(GRID), SHEET, lambda body: body.replace(b'r="C3"', b'r="' + place + b'"'))
    assert refused(far).fault == "too_large"


def test_a_bomb_is_refused_by_what_it_says_it_unpacks_to(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_INFLATED", 1 << 20)
    bomb = repacked(as_xlsx(GRID), SHEET, lambda body: body + b" " * sheets.MOST_INFLATED)
    assert len(bomb) < 10_000
    assert refused(bomb).fault == "too_large"


def test_a_bomb_that_lies_about_its_size_is_refused_by_its_checksum(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_INFLATED", 1 << 20)
    bomb = bytearray(repacked(as_xlsx(GRID), SHEET, lambda body: body + b" " * sheets.MOST_INFLATED))
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as given:
        true = given.getinfo(SHEET).file_size
    lied = bytes(bomb).replace(true.to_bytes(4, "little"), (4096).to_bytes(4, "little"))
    assert refused(lied).fault == "unreadable"


def test_too_many_rows_or_columns_are_refused(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    assert refused(as_csv(GRID)).fault == "too_large"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_grid_or_a_typed_refusal(data):
    try:
        grids = read_grids(data)
    except SheetRefused as error:
        grids = []
        known = {"empty", "wrong_type", "locked", "unreadable", "too_large"}
        assert error.fault in known  # noqa: PT017
    assert all(isinstance(cell, str) for grid in grids for row in grid.rows for cell in row)


WORKBOOK = as_xlsx(GRID)


@given(st.integers(min_value=0, max_value=4000), st.integers(min_value=1, max_value=255))
def test_a_workbook_with_a_flipped_byte_is_read_or_refused(at, flip):
    torn = bytearray(WORKBOOK)
    torn[at % len(torn)] ^= flip
    try:
        grids = read_grids(bytes(torn))
    except SheetRefused as error:
        grids = []
        assert error.fault in {"unreadable", "wrong_type", "too_large"}  # noqa: PT017
    assert all(grid.kind in {"xlsx", "csv"} for grid in grids)
