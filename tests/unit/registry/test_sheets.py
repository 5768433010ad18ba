"""Files as rows of cells: what programs save, and what attackers send."""

import io
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.roll import sheets
from services.registry.roll.sheets import Derived, Origin, SheetRefused, cells, markup, open_book, strings
from tests.unit.registry.files import as_csv, as_xlsx

GRID = [["รหัส", "ชื่อ", "ที่"], ["0001", "ก,ข", "ค"], ["๒", 'คำ "พูด"', ""]]


def rows_of(data: bytes) -> list[tuple[int, list[object]]]:
    """The rows of a file's only sheet."""
    ((_, rows),) = book_of(data)
    return rows


def book_of(data: bytes) -> list[tuple[str, list[tuple[int, list[object]]]]]:
    with closing(open_book(io.BytesIO(data))) as book:
        return [(sheet.name, [(row.line, list(row.cells)) for row in sheet.rows()]) for sheet in book.sheets]


def refused(data: bytes) -> SheetRefused:
    with pytest.raises(SheetRefused) as caught:
        book_of(data)
    return caught.value


def workbook(fill: Callable[[xlsxwriter.Workbook], None], **options: object) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as book:
        fill(book)
    return out.getvalue()


# CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_file_is_read_as_any_program_saves_it(encoding, delimiter):
    assert rows_of(as_csv(GRID, encoding=encoding, delimiter=delimiter)) == list(enumerate(GRID, start=1))


def test_lines_keep_their_numbers_when_some_are_empty():
    assert rows_of("ก,ข\r\n\r\nค,ง\r\n".encode()) == [(1, ["ก", "ข"]), (3, ["ค", "ง"])]


def test_a_file_that_names_its_delimiter_is_believed():
    assert rows_of("sep=;\r\nก;ข,ค\r\n".encode()) == [(2, ["ก", "ข,ค"])]


def test_an_equals_sign_that_keeps_zeros_is_told_from_a_formula():
    ((_, (kept, formula, error)),) = rows_of(b'"=""0012""",=A1+1,#REF!\r\n')
    assert kept == Derived("0012", Origin.FORMULA, '="0012"')
    assert formula == Derived("=A1+1", Origin.UNSAVED, "=A1+1")
    assert error == Derived("#REF!", Origin.ERROR, "#REF!")


# XLSX


def test_an_xlsx_file_keeps_its_rows_numbers_and_texts_apart():
    found = rows_of(as_xlsx([["ก", 7, 13.5], [None], ["0007", None, "x"]]))
    assert found == [(1, ["ก", 7, 13.5]), (3, ["0007", None, "x"])]


@pytest.mark.parametrize("constant_memory", [True, False], ids=["inline", "shared"])
def test_texts_are_read_wherever_a_program_keeps_them(constant_memory):
    def fill(book):
        sheet = book.add_worksheet()
        for line in range(700):
            sheet.write_row(line, 0, [f"ข้อความ {line}", "ซ้ำ", " ขอบ "])

    found = rows_of(workbook(fill, constant_memory=constant_memory))
    assert found == [(line + 1, [f"ข้อความ {line}", "ซ้ำ", " ขอบ "]) for line in range(700)]


def test_a_formula_gives_the_value_that_was_saved_and_is_never_evaluated():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_formula("A1", '=CONCATENATE("ศูนย์","ก")', value="ศูนย์ก")
        sheet.write_formula("B1", "=1+1", value=5)
        sheet.write_formula("C1", "=NA()", value="#N/A")

    ((_, found),) = rows_of(workbook(fill))
    assert found == [
        Derived("ศูนย์ก", Origin.FORMULA, '=CONCATENATE("ศูนย์","ก")'),
        Derived(5, Origin.FORMULA, "=1+1"),
        Derived("#N/A", Origin.ERROR, "#N/A"),
    ]


def test_a_formula_without_a_saved_value_is_its_text():
    ((_, (first, _)), (_, (_, second))) = rows_of(as_xlsx([["=A9", "ข"], ["1", "=1+1"]]))
    assert first == Derived("=A9", Origin.UNSAVED, "=A9")
    assert second == Derived("=1+1", Origin.UNSAVED, "=1+1")


def test_digits_are_read_with_the_zeros_that_are_shown():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_number("A1", 42, book.add_format({"num_format": "0000000000"}))
        sheet.write_number("B1", 1234, book.add_format({"num_format": "000"}))
        sheet.write_number("C1", 42, book.add_format({"num_format": "#,##0"}))

    ((_, found),) = rows_of(workbook(fill))
    assert found == [Derived("0000000042", Origin.FORMAT, 42), 1234, 42]


@pytest.mark.parametrize("since_1904", [False, True])
def test_a_day_is_read_as_a_day(since_1904):
    def fill(book):
        sheet = book.add_worksheet()
        for place, shown in enumerate(["d/m/yyyy", "[$-107041E]d mmmm yyyy", "yyyy"]):
            sheet.write_datetime(0, place, date(2020, 9, 30), book.add_format({"num_format": shown}))
        sheet.write_number(0, 3, 44104, book.add_format({"num_format": '"day" 0'}))

    ((_, found),) = rows_of(workbook(fill, date_1904=since_1904))
    assert found == [date(2020, 9, 30)] * 3 + [44104]


def test_merged_cells_say_downwards_what_the_first_of_them_says():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.merge_range("A1:C1", "หัวเรื่อง")
        sheet.merge_range("A2:A4", "แม่ฮ่องสอน")
        for line in range(1, 5):
            sheet.write(line, 1, line)
        sheet.merge_range("C2:D3", "สองทาง")

    merged = Derived("แม่ฮ่องสอน", Origin.MERGED, None)
    both = Derived("สองทาง", Origin.MERGED, None)
    assert rows_of(workbook(fill)) == [
        (1, ["หัวเรื่อง"]),
        (2, ["แม่ฮ่องสอน", 1, "สองทาง"]),
        (3, [merged, 2, both]),
        (4, [merged, 3]),
        (5, [None, 4]),
    ]


def test_sheets_come_in_their_order_and_hidden_ones_do_not():
    def fill(book):
        book.add_worksheet("สอง").write(0, 0, "ข")
        hidden = book.add_worksheet("ลับ")
        hidden.write(0, 0, "รหัสผ่าน")
        hidden.hide()
        book.add_worksheet("หนึ่ง").write(0, 0, "ก")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=หนึ่ง!$A$1"})
        book.add_chartsheet("กราฟ").set_chart(chart)

    assert book_of(workbook(fill)) == [("สอง", [(1, ["ข"])]), ("หนึ่ง", [(1, ["ก"])])]


def test_rich_text_and_escapes_are_plain_text_and_reading_aids_none():
    parts = workbook_parts(
        b"<row><c t='inlineStr'><is><r><t>\xe0\xb8\x81</t></r><r><rPr/><t>_x0041_</t></r>"
        b"<rPh><t>aid</t></rPh></is></c><c t='b'><v>1</v></c><c t='d'><v>2020-09-30T00:00:00</v></c></row>"
    )
    assert rows_of(parts) == [(1, ["กA", True, date(2020, 9, 30)])]


def test_prefixes_and_missing_addresses_are_understood():
    sheet = (
        b'<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        b"<x:row><x:c><x:v>1</x:v></x:c><x:c><x:v>2.50</x:v></x:c></x:row><x:row><x:c/><x:c><x:v>1e3</x:v></x:c></x:row>"
        b"</x:sheetData></x:worksheet>"
    )
    assert rows_of(repacked(as_xlsx(GRID), SHEET, lambda _: sheet)) == [(1, [1, 2.5]), (2, [None, 1000])]


# what is refused


@pytest.mark.parametrize("data", [b"", b"  \r\n\t ", b"\xef\xbb\xbf", b" " * 10_000])
def test_nothing_is_an_empty_roll(data):
    assert refused(data).fault == "empty"


def compound(name: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5_000 + name.encode("utf-16-le") + b"\0" * 600


@pytest.mark.parametrize(
    ("data", "fault", "found"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "wrong_type", "pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "wrong_type", ""),
        (b"\x1f\x8b\x08\0", "wrong_type", "gz"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "wrong_type", "html/xml"),
        (b'<?xml version="1.0"?><Workbook/>', "wrong_type", "html/xml"),
        (compound(""), "locked", ""),
        (compound("EncryptedPackage"), "locked", ""),
        (compound("Workbook"), "wrong_type", "xls"),
        (compound("WordDocument"), "wrong_type", "doc"),
        (b"PK\x03\x04 but torn", "unreadable", "xlsx"),
        (as_xlsx(GRID)[:-200], "unreadable", "xlsx"),
        (b"\xfc\xfd\xfe\xff\xfc", "unreadable", "csv"),
        (b'a,"' + b"x" * 200_000, "unreadable", "csv"),
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


@pytest.mark.parametrize(
    ("part", "kind"),
    [("word/document.xml", "docx"), ("content.xml", "ods"), ("xl/workbook.bin", "xlsb"), ("a.txt", "zip")],
)
def test_an_archive_that_is_no_workbook_is_named(part, kind):
    refusal = refused(archive({part: b"<x/>"}))
    assert (refusal.fault, refusal.found) == ("wrong_type", kind)


def repacked(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as given:
        return archive(
            {name: change(given.read(name)) if name == part else given.read(name) for name in given.namelist()}
        )


SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


def workbook_parts(sheet_data: bytes) -> bytes:
    """A workbook whose only sheet holds these rows."""
    return repacked(
        as_xlsx(GRID), SHEET, lambda _: b"<worksheet><sheetData>" + sheet_data + b"</sheetData></worksheet>"
    )


def test_a_sheet_that_says_it_fills_the_world_is_read_for_what_is_in_it():
    def claim(body: bytes) -> bytes:
        return body.replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1:XFD1048576"')

    vast = repacked(as_xlsx(GRID), SHEET, claim)
    assert b"XFD1048576" in zipfile.ZipFile(io.BytesIO(vast)).read(SHEET)
    assert len(rows_of(vast)) == 3


def test_cells_far_out_count_only_if_something_stands_in_them():
    styled = b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row><row r="1048576"><c r="A1048576" s="1"/></row>'
    assert rows_of(workbook_parts(styled)) == [(1, [1])]
    assert refused(workbook_parts(b'<row r="1"><c r="XFD1"><v>1</v></c></row>')).fault == "too_large"
    assert rows_of(workbook_parts(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>')) == [(1_048_576, [1])]


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="0"/>',
        b'<row r="1048577"/>',
        b'<row r="2"/><row r="1"/>',
        b'<row r="x"/>',
        b'<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        b'<row r="1"><c r="ABCD1"><v>1</v></c></row>',
        b'<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
        b'<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
        b"<row><c>",
    ],
)
def test_a_sheet_that_contradicts_itself_is_refused(rows):
    assert refused(workbook_parts(rows)).fault == "unreadable"


BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<worksheet><sheetData><row><c><v>&c;</v></c></row></sheetData></worksheet>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet>&e;</worksheet>"""


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize("body", [BILLION_LAUGHS, OUTSIDE], ids=["laughs", "outside"])
def test_entities_are_never_expanded(part, body):
    assert refused(repacked(as_xlsx(GRID), part, lambda _: body)).fault == "unreadable"


def test_a_bomb_is_refused_by_what_it_says_it_unpacks_to(monkeypatch):
    monkeypatch.setattr(markup, "MOST_INFLATED", 1 << 20)
    bomb = repacked(as_xlsx(GRID), SHEET, lambda body: body + b" " * markup.MOST_INFLATED)
    assert len(bomb) < 10_000
    assert refused(bomb).fault == "too_large"


def test_a_bomb_that_lies_about_its_size_is_refused_by_its_checksum(monkeypatch):
    monkeypatch.setattr(markup, "MOST_INFLATED", 1 << 20)
    bomb = repacked(as_xlsx(GRID), SHEET, lambda body: body + b" " * markup.MOST_INFLATED)
    with zipfile.ZipFile(io.BytesIO(bomb)) as given:
        true = given.getinfo(SHEET).file_size
    lied = bomb.replace(true.to_bytes(4, "little"), (4096).to_bytes(4, "little"))
    assert refused(lied).fault == "unreadable"


def test_a_bomb_in_a_part_that_nobody_reads_harms_nobody(monkeypatch):
    monkeypatch.setattr(markup, "MOST_INFLATED", 1 << 20)
    parts = {"xl/media/image1.png": b"\0" * (2 << 20)}
    with zipfile.ZipFile(io.BytesIO(as_xlsx(GRID))) as given:
        parts |= {name: given.read(name) for name in given.namelist()}
    assert len(rows_of(archive(parts))) == 3


def test_a_cell_longer_than_any_spreadsheet_allows_is_refused():
    long = b"<row><c t='inlineStr'><is><t>" + b"x" * 70_000 + b"</t></is></c></row>"
    assert refused(workbook_parts(long)).fault == "too_large"


def test_markup_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr(cells, "MOST_ELEMENTS", 1_000)
    assert refused(workbook_parts(b"<row>" + b"<c/>" * 2_000 + b"</row>")).fault == "too_large"


def test_more_shared_strings_than_a_roll_has_are_refused(monkeypatch):
    monkeypatch.setattr(strings, "MOST_STRINGS", 1_000)
    shared = workbook(lambda book: book.add_worksheet().write(0, 0, "ก"))
    body = b"<sst>" + b"<si><t>x</t></si>" * 1_001 + b"</sst>"
    assert refused(repacked(shared, STRINGS, lambda _: body)).fault == "too_large"


def test_more_sheets_than_any_roll_has_are_refused(monkeypatch):
    monkeypatch.setattr(sheets.workbook, "MOST_SHEETS", 2)

    def fill(book):
        for _ in range(3):
            book.add_worksheet()

    assert refused(workbook(fill)).fault == "too_large"


def test_a_row_wider_than_any_roll_is_refused():
    assert refused(as_csv([["x"] * 300])).fault == "too_large"


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_rows_or_a_typed_refusal(data):
    try:
        found = book_of(data)
    except SheetRefused as error:
        found = []
        assert error.fault in {"empty", "wrong_type", "locked", "unreadable", "too_large"}  # noqa: PT017
    for _, rows in found:
        assert [line for line, _ in rows] == sorted({line for line, _ in rows})


WORKBOOK = as_xlsx(GRID)


@given(st.integers(min_value=0, max_value=8_000), st.integers(min_value=1, max_value=255))
@settings(deadline=None)
def test_a_workbook_with_a_flipped_byte_is_read_or_refused(at, flip):
    torn = bytearray(WORKBOOK)
    torn[at % len(torn)] ^= flip
    try:
        found = book_of(bytes(torn))
    except SheetRefused as error:
        found = []
        assert error.fault in {"unreadable", "wrong_type", "too_large", "locked"}  # noqa: PT017
    assert all(line > 0 for _, rows in found for line, _ in rows)
