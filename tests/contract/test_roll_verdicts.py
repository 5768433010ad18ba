"""The importer says of every row of a dirty roll exactly what the roll's maker expects."""

from collections import defaultdict

import pytest

from deploy.local.roll.dirt import SMALLEST, DirtyRoll, Verdict, dirty, write_dirty
from deploy.local.roll.faults import FAULTS
from deploy.local.roll.generator import generate
from deploy.local.roll.writers import TIS_620, write_csv, write_xlsx
from services.registry.roll.findings import VERDICTS, Finding, Reason
from tests.unit.registry.files import Told, told

ROLL = generate(SMALLEST, seed=2569)


@pytest.fixture(scope="module", params=["xlsx", "csv"])
def read(request, tmp_path_factory) -> tuple[DirtyRoll, Told]:
    folder = tmp_path_factory.mktemp("dirty")
    write_dirty(ROLL, folder / "roll")
    found = told((folder / f"roll.{request.param}").read_bytes())
    assert isinstance(found, Told), found
    return dirty(ROLL, request.param), found


def test_every_row_gets_exactly_the_verdict_it_deserves(read):
    expected, found = read
    by_row: dict[tuple[int, int], list[Finding]] = defaultdict(list)
    for each in found.findings:
        by_row[each.sheet, each.line].append(each)
    wrong = [
        (each, by_row[each.sheet, each.row])
        for each in expected.verdicts
        if not deserved(each, by_row.pop((each.sheet, each.row), []))
    ]
    assert wrong == []
    assert not any(by_row.values()), "findings in rows that nobody spoilt"


def deserved(expected: Verdict, found: list[Finding]) -> bool:
    verdict = max((each.verdict for each in found), key=VERDICTS.index, default="accepted")
    said = {(each.reason.value, each.column) for each in found}
    first = next((each for each in found if expected.found and each.reason == expected.found[0][0]), None)
    return (
        verdict == expected.verdict
        and said == set(expected.found)
        and (expected.suggestion is None or (first is not None and first.suggestion == expected.suggestion))
    )


def test_the_counts_are_those_expected(read):
    expected, found = read
    assert found.verdicts == expected.summary()


def test_rows_that_count_become_entries_and_no_others(read):
    expected, found = read
    counting = sum(1 for each in expected.verdicts if each.verdict in {"accepted", "repaired"})
    assert len(found.entries) == counting
    clean = {row.code: row for row in ROLL.rows}
    for entry in found.entries:
        assert entry.lao_code == clean[entry.code].lao_code


def test_the_lines_that_are_no_centers_are_passed_over(read):
    expected, found = read
    assert tuple((place.sheet, place.line) for place in found.reading.ignored) == expected.ignored


def test_every_visible_sheet_is_accounted_for(read):
    expected, found = read
    states = {"xlsx": ["other", "read", "read", "other"], "csv": ["read"]}[expected.kind]
    assert [note.state for note in found.reading.sheets] == states
    assert [note.name for note in found.reading.sheets] == [page.name for page in expected.pages if not page.hidden]


def test_the_maker_knows_the_reasons_of_the_importer():
    made = {reason for fault in FAULTS.values() for reason, _ in fault.found}
    known = {reason.value for reason in Reason}
    assert made <= known
    # What only the registry knows, and what the unit tests spoil by hand.
    assert known - made == {
        "lost_zeros", "center_closed", "lao_closed", "round_unknown", "round_closed",
        "duplicate_code", "repeated_row", "lao_contradicts_itself", "merged_cell",
        "composition", "order", "doubled",
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_other_seeds_are_judged_as_exactly(tmp_path, seed, kind):
    roll = generate(SMALLEST, seed)
    write_dirty(roll, tmp_path / "roll")
    found = told((tmp_path / f"roll.{kind}").read_bytes())
    assert isinstance(found, Told)
    assert found.verdicts == dirty(roll, kind).summary()


@pytest.mark.parametrize("count", [1, 200])
def test_a_clean_roll_is_accepted_whole(tmp_path, count):
    roll = generate(count)
    write_xlsx(roll, tmp_path / "a.xlsx")
    write_csv(roll, tmp_path / "b.csv")
    write_csv(roll, tmp_path / "c.csv", TIS_620)
    for name in ("a.xlsx", "b.csv", "c.csv"):
        found = told((tmp_path / name).read_bytes())
        assert isinstance(found, Told)
        assert found.verdicts == {"accepted": count}
        assert [entry.code for entry in found.entries] == [row.code for row in roll.rows]
