import csv
import io
import json
import math
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import geothai
import pytest
import python_calamine

from deploy.local.roll.dirt import SMALLEST, DirtyRoll, dirty, write_dirty
from deploy.local.roll.faults import FAULTS
from deploy.local.roll.generator import COLUMNS, MOST_CENTERS, Roll, RollRow, generate
from deploy.local.roll.offices import laos
from deploy.local.roll.writers import TIS_620, Formula, write_csv, write_xlsx


@pytest.fixture(scope="module")
def national() -> Roll:
    return generate(10_002)


@pytest.fixture(scope="module", params=["xlsx", "csv"])
def spoilt(request: pytest.FixtureRequest) -> DirtyRoll:
    return dirty(generate(SMALLEST, seed=7), request.param)


def test_the_same_seed_draws_the_same_roll_and_another_draws_another() -> None:
    assert generate(50, seed=1) == generate(50, seed=1)
    assert generate(50, seed=1) != generate(50, seed=2)


def test_the_roll_of_the_letters_covers_the_country_outside_bangkok(national: Roll) -> None:
    assert len(national.rows) == len({row.code for row in national.rows}) == 10_002
    provinces = {row.province for row in national.rows}
    assert len(provinces) == 76
    assert "กรุงเทพมหานคร" not in provinces
    assert 10_002 / len(national.lao_codes) == pytest.approx(1.3, abs=0.01)


def test_every_place_is_real_and_the_lao_code_names_its_district(national: Roll) -> None:
    districts = {
        (province.name_th, district.name_th): district.code
        for province in geothai.provinces()
        for district in geothai.districts(province.code)
    }
    places = {code: {place.name_th for place in geothai.subdistricts(code)} for code in districts.values()}
    for row in national.rows:
        district = districts[row.province, row.district]
        assert row.lao_code[1:5] == district
        assert row.subdistrict in places[district]
        assert row.lao_code[0] in "23456"
        assert len(row.lao_code) == 7


def test_centers_lie_in_thailand_near_the_others_of_their_district(national: Roll) -> None:
    by_district: dict[tuple[str, str], list[RollRow]] = {}
    for row in national.rows:
        assert 5.5 < row.latitude < 20.6
        assert 97.2 < row.longitude < 105.8
        by_district.setdefault((row.province, row.district), []).append(row)
    spans = [
        math.dist((a.latitude, a.longitude), (b.latitude, b.longitude))
        for rows in by_district.values()
        for a, b in pairwise(rows)
    ]
    assert sorted(spans)[len(spans) // 2] < 0.15


def test_every_address_is_under_a_reserved_domain_and_no_phone_can_ring(national: Roll) -> None:
    for row in national.rows:
        assert row.email.endswith(".example")
        assert row.lao_email.endswith(".example")
        assert row.phone.startswith("00-")


def test_an_lao_has_one_name_and_one_address_and_its_centers_differ_in_name(national: Roll) -> None:
    facts: dict[str, set[tuple[str, str, str]]] = {}
    for row in national.rows:
        facts.setdefault(row.lao_code, set()).add((row.lao_name, row.lao_kind, row.lao_email))
    assert all(len(known) == 1 for known in facts.values())
    assert max(Counter((row.lao_code, row.name) for row in national.rows).values()) == 1


def test_the_country_has_as_many_laos_of_each_kind_as_it_has() -> None:
    kinds = Counter(lao.kind for lao in laos())
    assert kinds == {"2": 76, "3": 30, "4": 190, "5": 2_240, "6": 5_310}
    assert len({lao.code for lao in laos()}) == len(laos())


def test_a_small_roll_keeps_to_few_districts_so_that_centers_have_neighbours() -> None:
    rows = generate(100).rows
    assert len({(row.province, row.district) for row in rows}) < 20


@pytest.mark.parametrize("count", [1, 2, MOST_CENTERS])
def test_any_count_in_bounds_is_drawn(count: int) -> None:
    assert len(generate(count).rows) == count


@pytest.mark.parametrize("count", [0, -1, MOST_CENTERS + 1])
def test_a_count_out_of_bounds_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="centers"):
        generate(count)


def test_the_package_of_the_coordinates_is_read_and_never_imported(national: Roll) -> None:
    assert national.rows
    assert "thaiaddress" not in sys.modules


def test_an_xlsx_file_reads_back_as_it_was(tmp_path: Path) -> None:
    roll = generate(40)
    write_xlsx(roll, tmp_path / "roll.xlsx")
    header, *rows = python_calamine.load_workbook(tmp_path / "roll.xlsx").get_sheet_by_index(0).to_python()
    assert tuple(header) == COLUMNS
    assert [tuple(row) for row in rows] == [tuple("" if cell is None else cell for cell in row) for row in roll.rows]


@pytest.mark.parametrize("encoding", ["utf-8-sig", TIS_620])
def test_a_csv_file_reads_back_as_it_was(tmp_path: Path, encoding: str) -> None:
    roll = generate(40)
    write_csv(roll, tmp_path / "roll.csv", encoding)
    header, *rows = csv.reader(io.StringIO((tmp_path / "roll.csv").read_bytes().decode(encoding)))
    assert tuple(header) == COLUMNS
    assert rows == [["" if cell is None else str(cell) for cell in row] for row in roll.rows]


def test_a_dirty_roll_has_every_fault_and_a_verdict_for_every_row(spoilt: DirtyRoll) -> None:
    reasons = {reason for verdict in spoilt.verdicts for reason, _ in verdict.found}
    made = {reason for fault in FAULTS.values() if spoilt.kind in fault.kinds for reason, _ in fault.found}
    assert reasons >= made | {"duplicate_code", "lao_contradicts_itself", "repeated_row"}
    assert sum(spoilt.summary().values()) == len(spoilt.verdicts) == SMALLEST + 1


def test_a_verdict_points_at_its_row_and_column(spoilt: DirtyRoll) -> None:
    pages = [page for page in spoilt.pages if not page.hidden]
    formula = next(each for each in spoilt.verdicts if each.found and each.found[0][0] == "formula_cell")
    row = pages[formula.sheet].rows[formula.row - 1]
    assert any(isinstance(cell, Formula) or str(cell).startswith(("=", "@")) for cell in row)


def test_the_dirt_is_the_same_each_time(spoilt: DirtyRoll) -> None:
    assert dirty(generate(SMALLEST, seed=7), spoilt.kind) == spoilt


@pytest.mark.parametrize("seed", range(10))
def test_any_seed_has_room_for_every_fault(seed: int) -> None:
    roll = generate(SMALLEST, seed)
    assert dirty(roll, "xlsx").summary()["rejected"] >= len(FAULTS) / 3
    assert dirty(roll, "csv").summary()["rejected"] >= len(FAULTS) / 3


def test_too_small_a_roll_cannot_be_spoilt() -> None:
    with pytest.raises(ValueError, match=str(SMALLEST)):
        dirty(generate(SMALLEST - 1), "csv")


def test_the_expected_verdicts_lie_beside_the_files(tmp_path: Path) -> None:
    roll = generate(SMALLEST, seed=7)
    xlsx, as_csv, expected = write_dirty(roll, tmp_path / "dirty")
    report = json.loads(expected.read_text("utf-8"))
    for kind in ("xlsx", "csv"):
        spoilt = dirty(roll, kind)
        assert report[kind]["summary"] == spoilt.summary()
        assert len(report[kind]["rows"]) == len(spoilt.verdicts)
    assert xlsx.stat().st_size > 0
    assert as_csv.read_bytes().startswith(b"\xef\xbb\xbf")
