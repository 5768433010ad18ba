"""The importer says of every row of a dirty roll what the roll's maker expects."""

from collections import defaultdict

import pytest

from deploy.local.roll.dirt import SMALLEST, DirtySheet, Verdict, dirty, write_dirty
from deploy.local.roll.faults import FAULTS
from deploy.local.roll.generator import generate
from services.registry.roll.findings import Finding, Reason
from services.registry.roll.reading import Reading, read_roll

WORST = ("accepted", "repaired", "repeated", "rejected")


@pytest.fixture(scope="module", params=[".xlsx", ".csv"])
def told(request, tmp_path_factory) -> tuple[DirtySheet, Reading]:
    sheet = dirty(generate(SMALLEST, seed=2569))
    folder = tmp_path_factory.mktemp("dirty")
    write_dirty(sheet, folder / "roll")
    reading = read_roll((folder / f"roll{request.param}").read_bytes(), 2569)
    assert isinstance(reading, Reading)
    return sheet, reading


def test_every_row_gets_the_verdict_it_deserves(told):
    sheet, reading = told
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for found in reading.findings:
        by_row[found.row].append(found)
    wrong = [expected for expected in sheet.verdicts if not fits(expected, by_row[expected.row])]
    assert wrong == []


def fits(expected: Verdict, found: list[Finding]) -> bool:
    verdict = max((each.verdict for each in found), key=WORST.index, default="accepted")
    if verdict != expected.verdict:
        return False
    return not expected.reason or any(
        each.reason == expected.reason
        and each.column == expected.column
        and expected.suggestion in {None, each.suggestion}
        for each in found
    )


def test_the_counts_are_those_expected(told):
    sheet, reading = told
    assert dict(reading.verdicts) == sheet.summary()


def test_the_lines_that_are_no_centers_are_passed_over(told):
    sheet, reading = told
    assert reading.ignored == (len(sheet.rows),)


def test_the_maker_knows_the_reasons_of_the_importer():
    assert {fault.reason for fault in FAULTS.values()} - {""} <= {reason.value for reason in Reason}


@pytest.mark.parametrize("count", [1, 200])
def test_a_clean_roll_is_accepted_whole(tmp_path, count):
    from deploy.local.roll.writers import TIS_620, write_csv, write_xlsx

    roll = generate(count)
    write_xlsx(roll, tmp_path / "a.xlsx")
    write_csv(roll, tmp_path / "b.csv")
    write_csv(roll, tmp_path / "c.csv", TIS_620)
    for name in ("a.xlsx", "b.csv", "c.csv"):
        reading = read_roll((tmp_path / name).read_bytes(), 2569)
        assert isinstance(reading, Reading)
        assert dict(reading.verdicts) == {"accepted": count}
        assert [entry.code for entry in reading.entries] == [row.code for row in roll.rows]
