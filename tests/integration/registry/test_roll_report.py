"""The report as a workbook: the user's own sheets with what was said of each row."""

import io

import httpx
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from deploy.local.roll.dirt import SMALLEST, DirtyRoll, dirty, write_dirty
from deploy.local.roll.generator import generate
from services.registry.roll.api import XLSX
from services.registry.roll.pages import RESULT, WORDS
from tests.integration.registry.conftest import TWO_CENTERS, Registry
from tests.unit.registry.files import HEADERS, as_csv, as_xlsx, roll, row

ROLL = generate(SMALLEST, seed=17)


@pytest.fixture
def registry(module_registry: Registry) -> Registry:
    return module_registry


async def report_of(registry: Registry, data: bytes, **params: object) -> openpyxl.Workbook:
    name = await registry.new_round()
    answer = await registry.send(name, data, params={"dry_run": True, "report": "xlsx", **params})
    assert answer.status_code == 200, answer.text
    return opened(answer)


def opened(answer: httpx.Response) -> openpyxl.Workbook:
    assert answer.headers["content-type"] == XLSX
    assert "attachment" in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def results(sheet: Worksheet, header_line: int) -> dict[int, tuple[str, str, str]]:
    """Result, details and change of each line below the headers."""
    first = next(cell.column for cell in sheet[header_line] if cell.value == RESULT[0])
    found = {}
    for line in range(header_line + 1, sheet.max_row + 1):
        values = [sheet.cell(line, first + offset).value or "" for offset in range(3)]
        if any(values):
            found[line] = (str(values[0]), str(values[1]), str(values[2]))
    return found


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("spoilt")
    write_dirty(ROLL, folder / "roll")
    return {kind: (folder / f"roll.{kind}").read_bytes() for kind in ("xlsx", "csv")}


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
async def test_every_row_has_its_result_in_its_own_line(registry, spoilt, kind):
    expected: DirtyRoll = dirty(ROLL, kind)
    book = await report_of(registry, spoilt[kind])
    visible = [page for page in expected.pages if not page.hidden]
    for number, page in enumerate(visible):
        of_page = {each.row: WORDS[each.verdict] for each in expected.verdicts if each.sheet == number}  # type: ignore[index]
        if of_page:
            sheet = book.worksheets[number]
            assert {line: said[0] for line, said in results(sheet, max(page.header_lines)).items()} == of_page


async def test_the_users_sheets_keep_their_names_their_order_and_their_cells(registry, spoilt):
    source = openpyxl.load_workbook(io.BytesIO(spoilt["xlsx"]), data_only=True)
    book = await report_of(registry, spoilt["xlsx"])
    own = [name for name in source.sheetnames if source[name].sheet_state == "visible"]
    assert book.sheetnames[: len(own)] == own
    assert len(book.sheetnames) == len(own) + 2
    for name in own:
        for line in source[name].iter_rows():
            for cell in line:
                shown = book[name].cell(cell.row or 0, cell.column or 0).value
                if isinstance(cell.value, str) and not cell.value.startswith("="):
                    assert shown == cell.value
                elif cell.number_format.strip("0") == "" and cell.value is not None and cell.number_format:
                    assert shown == str(cell.value).zfill(len(cell.number_format))
    assert "never" not in str([[c.value for c in line] for sheet in book for line in sheet.iter_rows()])


async def test_rows_and_the_cells_at_fault_bear_their_colours(registry):
    rows = roll({}, {"รหัสศูนย์": "๐๐๐๐๐๐๐๐๐๒"}, {"รหัสศูนย์": "3", "อำเภอ": "ฟากฟ้าไกล"})
    sheet = (await report_of(registry, as_xlsx(rows))).worksheets[0]

    def fill(line: int, header: str) -> str:
        return str(sheet.cell(line, HEADERS.index(header) + 1).fill.start_color.rgb)

    assert fill(2, "ชื่อศูนย์") == fill(2, "อำเภอ") == "FFE2F0D9"
    assert (fill(3, "ชื่อศูนย์"), fill(3, "รหัสศูนย์")) == ("FFFFF2CC", "FFFFD966")
    assert (fill(4, "ชื่อศูนย์"), fill(4, "อำเภอ")) == ("FFF8CBAD", "FFFF7C80")
    said = results(sheet, 1)
    assert said[4][1] == "อำเภอ: ไม่มีอำเภอนี้ในจังหวัด / No such district in the province"
    assert said[3][1].endswith("→ 0000000002")


async def test_codes_stay_text_and_nothing_becomes_a_formula(registry):
    rows: list[list[object]] = [
        [*HEADERS, "หมายเหตุ"],
        [*row(), "=HYPERLINK(1)"],
        [*row({"รหัสศูนย์": "2"}), "+1+cmd|' /C calc'!A0"],
    ]
    sheet = (await report_of(registry, as_csv(rows))).worksheets[0]
    code = sheet.cell(2, 1)
    assert (code.value, code.data_type, code.number_format) == ("0000000001", "s", "@")
    for line, text in ((2, "=HYPERLINK(1)"), (3, "+1+cmd|' /C calc'!A0")):
        cell = sheet.cell(line, len(HEADERS) + 1)
        assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)


async def test_a_move_is_told_with_both_offices_and_who_is_gone_has_a_sheet(registry):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    place = {"รหัส อปท.": "6580301", "อปท.ต้นสังกัด": "อบต.เวียงใต้", "อำเภอ": "ปาย", "ตำบล": "เวียงใต้"}
    answer = await registry.send(name, as_csv(roll(place)), params={"dry_run": True}, headers={"Accept": XLSX})
    book = opened(answer)
    (change,) = (said[2] for said in results(book.worksheets[0], 1).values())
    assert "6580103 องค์การบริหารส่วนตำบลปางหมู → 6580301 อบต.เวียงใต้" in change
    assert "ข้อมูลเปลี่ยน / changed: ตำบล" in change
    gone = [[cell.value for cell in line] for line in book.worksheets[-2].iter_rows(min_row=2)]
    assert gone == [["0000000002", "ศูนย์พัฒนาเด็กเล็กบ้านกุงไม้สัก", "6500101"]]
    facts = {line[0].value: line[1].value for line in book.worksheets[-1].iter_rows()}
    assert facts["อยู่ในบัญชีแต่ไม่มีในไฟล์ / On the roll, not in the file"] == 1


async def test_an_import_that_waits_says_so_in_its_report_too(registry):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    answer = await registry.send(name, as_csv(roll({})), params={"report": "xlsx"})
    assert answer.status_code == 202
    facts = [str(line[1].value) for line in opened(answer).worksheets[-1].iter_rows()]
    assert any("waits for a second person" in fact for fact in facts)


async def test_names_that_no_spreadsheet_takes_are_made_fit(registry):
    def strange(name: str) -> str:
        return name.replace("บัญชี", "ก:ข/ค[1]*?")

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for each in roll({}):
        sheet.append(list(each))
    sheet.title = "บัญชี"
    out = io.BytesIO()
    book.save(out)
    from tests.unit.registry.test_sheets import repacked

    odd = repacked(out.getvalue(), "xl/workbook.xml", lambda body: strange(body.decode()).encode())
    found = await report_of(registry, odd)
    assert found.sheetnames[0] == "ก_ข_ค_1___"


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", f"application/json, {XLSX}"])
async def test_without_a_wish_the_report_is_json(registry, accept):
    name = await registry.new_round()
    headers = {"Accept": accept} if accept else {}
    answer = await registry.send(name, TWO_CENTERS, params={"dry_run": True}, headers=headers)
    assert answer.headers["content-type"] == "application/json"
