import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.roll import findings
from services.registry.roll.findings import Reason
from services.registry.roll.reading import EmptyRoll
from tests.unit.registry.files import HEADERS, SOUND, Told, as_csv, as_xlsx, read, roll, row, told


def found(rows) -> list[tuple[int, str, Reason]]:
    return [(each.line, each.column, each.reason) for each in read(rows).findings]


def test_a_sound_row_becomes_an_entry():
    (entry,) = read(roll({})).entries
    assert entry == (
        2, "0000000001", SOUND["ชื่อศูนย์"], "6580103", SOUND["อปท.ต้นสังกัด"], "l1@lao.example",
        "580104", 19.35, 97.96, "c1@center.example", 2563,
    )  # fmt: skip


def test_xlsx_and_csv_say_the_same():
    rows = roll({}, {"รหัสศูนย์": "2", "ละติจูด": 19.4, "ลองจิจูด": 97.9})
    assert told(as_xlsx(rows)).entries == told(as_csv(rows)).entries  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "changes",
    [
        {"จังหวัด": "จ.แม่ฮ่องสอน", "อำเภอ": "อ. เมืองแม่ฮ่องสอน", "ตำบล": "ตำบลปางหมู"},
        {"อำเภอ": "เมือง"},
        {"อำเภอ": "เมืองฯ"},
        {"ละติจูด": "", "ลองจิจูด": "-", "อีเมล": "", "ปีที่ประเมินล่าสุด": "ไม่มี"},
    ],
)
def test_short_forms_and_empty_optional_cells_are_fine(changes):
    assert found(roll(changes)) == []


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"จังหวัด": "กรุงเทพมหานคร"}, "จังหวัด", Reason.UNKNOWN_PROVINCE),
        ({"อำเภอ": "ปายย"}, "อำเภอ", Reason.UNKNOWN_DISTRICT),
        ({"ตำบล": "ไม่มี"}, "ตำบล", Reason.UNKNOWN_SUBDISTRICT),
        ({"รหัส อปท.": "6500103"}, "รหัส อปท.", Reason.LAO_CODE_CONTRADICTS_PLACE),
        ({"รหัส อปท.": "6580303"}, "รหัส อปท.", Reason.LAO_CODE_CONTRADICTS_PLACE),
        ({"รหัส อปท.": "2589901"}, "รหัส อปท.", Reason.LAO_CODE_CONTRADICTS_PLACE),
        ({"ตำบล": "เมืองแม่ฮ่องสอน", "อำเภอ": "ปางหมู"}, "อำเภอ", Reason.SWAPPED_COLUMNS),
        ({"รหัสศูนย์": SOUND["ชื่อศูนย์"], "ชื่อศูนย์": "0000000001"}, "รหัสศูนย์", Reason.SWAPPED_COLUMNS),
        ({"ชื่อศูนย์": "=HYPERLINK(1)"}, "ชื่อศูนย์", Reason.FORMULA_CELL),
        ({"ชื่อศูนย์": "@SUM(1)"}, "ชื่อศูนย์", Reason.FORMULA_CELL),
        ({"ชื่อศูนย์": "123"}, "ชื่อศูนย์", Reason.BAD_NAME),
        ({"ชื่อศูนย์": "\u200b "}, "ชื่อศูนย์", Reason.MISSING_VALUE),
    ],
)
def test_what_cannot_be_settled_here_rejects_the_row_at_its_cell(changes, column, reason):
    reading = read(roll(changes, {"รหัสศูนย์": "2"}))
    assert (2, column, reason) in [(each.line, each.column, each.reason) for each in reading.findings]
    assert [entry.row for entry in reading.entries] == [3]
    assert reading.verdicts == {"accepted": 1, "rejected": 1}


def test_a_pao_may_have_a_center_in_any_district_of_its_province():
    assert found(roll({"รหัส อปท.": "2580101", "อำเภอ": "ปาย", "ตำบล": "เวียงใต้"})) == []


def test_a_misspelt_district_comes_with_what_was_meant():
    (finding,) = read(roll({"อำเภอ": "เมืองแม่ฮองสอน"})).findings
    assert finding.suggestion == "เมืองแม่ฮ่องสอน"


def test_an_abolished_subdistrict_comes_with_its_successor():
    place = {"จังหวัด": "สมุทรปราการ", "อำเภอ": "เมืองสมุทรปราการ", "ตำบล": "แหลมฟ้าผ่า", "รหัส อปท.": "6110103"}
    (finding,) = read(roll(place)).findings
    assert finding.reason is Reason.UNKNOWN_SUBDISTRICT
    assert finding.suggestion == "ตำบลแหลมฟ้าผ่า อำเภอพระสมุทรเจดีย์"


def test_two_centers_under_one_code_are_both_rejected():
    reading = read(roll({}, {"ชื่อศูนย์": "ศูนย์อื่น"}, {"รหัสศูนย์": "3"}))
    assert [(each.line, each.reason) for each in reading.findings] == [
        (2, Reason.DUPLICATE_CODE), (3, Reason.DUPLICATE_CODE)
    ]  # fmt: skip
    assert [entry.code for entry in reading.entries] == ["3"]


def test_a_rejected_row_still_contradicts_another_with_its_code():
    reading = read(roll({"ตำบล": "ไม่มี"}, {}))
    assert reading.entries == []


def test_the_same_row_again_is_passed_over():
    reading = read(roll({}, {}, {"รหัสศูนย์": "๐๐๐๐๐๐๐๐๐๑"}))
    assert [(each.line, each.reason) for each in reading.findings if each.verdict == "repeated"] == [
        (3, Reason.REPEATED_ROW), (4, Reason.REPEATED_ROW)
    ]  # fmt: skip
    assert len(reading.entries) == 1


@pytest.mark.parametrize("changes", [{"อปท.ต้นสังกัด": "เทศบาลตำบลปางหมู"}, {"อีเมล อปท.": "other@lao.example"}])
def test_an_lao_that_is_said_two_ways_is_rejected_in_every_row(changes):
    reading = read(roll({}, {"รหัสศูนย์": "2"} | changes))
    assert {(each.line, each.reason) for each in reading.findings} == {
        (2, Reason.LAO_CONTRADICTS_ITSELF), (3, Reason.LAO_CONTRADICTS_ITSELF)
    }  # fmt: skip


def test_an_lao_whose_address_stands_in_one_row_only_is_fine():
    assert found(roll({}, {"รหัสศูนย์": "2", "อีเมล อปท.": ""})) == []


def test_totals_and_signatures_are_no_rows():
    reading = read([*roll({}), [], ["รวม 1 แห่ง"], ["", "ลงชื่อ", "นายก อบต."]])
    assert reading.rows == 1
    assert reading.ignored == (4, 5)


@pytest.mark.parametrize("rows", [[HEADERS], [HEADERS, ["รวม 0 แห่ง"]], [["ชื่อเรื่อง"], HEADERS, []]])
def test_headers_alone_are_an_empty_roll(rows):
    assert told(as_csv(rows)) == EmptyRoll()


def test_a_file_in_which_nothing_fits_is_answered_row_by_row():
    rows = [HEADERS, *(row({"รหัสศูนย์": str(n), "ตำบล": f"ตำบลที่{n}"}) for n in range(3_000))]
    reading = read(rows)
    assert reading.verdicts == {"rejected": 3_000}


def test_every_reason_is_said_in_both_languages():
    for reason in Reason:
        finding = findings.Finding(1, "code", "ก", "", reason)
        assert any("ก" <= char <= "ฮ" for char in finding.sentence)
        assert finding.sentence_en.split()[0].isascii() or finding.sentence_en.startswith("ํ")


CELLS = st.one_of(st.sampled_from([*SOUND.values(), "", "=1", "๒", "6580101", "ปาย"]), st.text(max_size=6))


@given(st.lists(st.lists(CELLS, min_size=12, max_size=12), max_size=6))
@settings(deadline=None)
def test_any_cells_give_each_row_exactly_one_verdict(cells):
    reading = told(as_xlsx([HEADERS, *_writable(cells)]))
    if isinstance(reading, Told):
        assert len(reading.entries) == reading.verdicts.get("accepted", 0) + reading.verdicts.get("repaired", 0)
        assert len({entry.code for entry in reading.entries}) == len(reading.entries)
        rejected = {each.line for each in reading.findings if each.verdict == "rejected"}
        assert rejected.isdisjoint(entry.row for entry in reading.entries)
        assert reading.verdicts.get("rejected", 0) == len(rejected)


def _writable(rows: list[list[str]]) -> list[list[str]]:
    """Control characters cannot stand in XML at all."""
    return [["".join(char for char in cell if char.isprintable()) for cell in each] for each in rows]
