"""Files that open as they should, hold what was written, run nothing, and take no more memory for more rows."""

import csv
import io
import json
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from services.registry.reading.exports import FileName, answer, disposition, export, file_name
from services.registry.reading.filters import Filter
from services.registry.reading.sheets import Column, Feature, Format, Table
from shared.failures import Unavailable

Row = tuple[Any, ...]
TABLE: Table[Row] = Table(
    "ศูนย์",
    [Column("รหัส", lambda row: row[0]), Column("ชื่อ", lambda row: row[1]), Column("ละติจูด", lambda row: row[2])],
    lambda row: Feature(row[0], 98.0 if row[2] else None, row[2], {"name": row[1]}),
)
ROWS: list[Row] = [("0001", "บ้านหนองบัว", 18.123456789012345), ("0002", 'a,b\n"c"', None), ("0003", "", 18.5)]
DANGEROUS = ["=1+1", "+66", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x")']


async def batches(rows: Sequence[Row], size: int = 2) -> AsyncIterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


async def exported(kind: Format, rows: Sequence[Row]) -> bytes:
    made = await export(TABLE, kind, batches(rows))
    assert made.rows == len(rows)
    body = b"".join([piece async for piece in answer(made, FileName("ศูนย์", "centers")).body_iterator])  # type: ignore[misc]
    assert len(body) == made.size
    assert made.content.closed
    return body


def sheet(data: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(data)).worksheets[0].rows]


async def test_a_workbook_keeps_zeros_digits_and_thai():
    header, *rows = sheet(await exported("xlsx", ROWS))
    assert header == ["รหัส", "ชื่อ", "ละติจูด"]
    assert [row[0] for row in rows] == ["0001", "0002", "0003"]
    assert [row[1] for row in rows] == ["บ้านหนองบัว", 'a,b\n"c"', ""]
    assert [float(row[2]) if row[2] else None for row in rows] == [18.123456789012345, None, 18.5]


async def test_a_workbook_has_no_formula_and_no_link():
    data = await exported("xlsx", [("1", text, None) for text in DANGEROUS])
    book = load_workbook(io.BytesIO(data)).worksheets[0]
    assert {cell.data_type for cell in book["B"][1:]} == {"s"}
    assert [cell.value for cell in book["B"][1:]] == [
        text.replace("\r", "_x000D_") if "\r" in text else text for text in DANGEROUS
    ]
    assert not any(cell.hyperlink for cell in book["B"])


async def test_csv_opens_in_excel_as_thai():
    data = await exported("csv", ROWS)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[1] == ["0001", "บ้านหนองบัว", "18.123456789012344"]
    assert rows[2] == ["0002", 'a,b\n"c"', ""]


async def test_csv_runs_nothing():
    data = await exported("csv", [("1", text, -1.5) for text in DANGEROUS])
    for row in list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]:
        assert row[1].startswith("'")
        assert row[2] == "-1.5"


async def test_geojson_is_a_collection_of_points():
    found = json.loads(await exported("geojson", ROWS))
    assert found["type"] == "FeatureCollection"
    first, second, _ = found["features"]
    assert first == {
        "type": "Feature", "id": "0001", "properties": {"name": "บ้านหนองบัว"},
        "geometry": {"type": "Point", "coordinates": [98.0, 18.123456789012345]},
    }  # fmt: skip
    assert second["geometry"] is None


@pytest.mark.parametrize("kind", ["xlsx", "csv", "geojson"])
async def test_an_empty_list_is_a_whole_file(kind):
    data = await exported(kind, [])
    if kind == "geojson":
        assert json.loads(data)["features"] == []
    else:
        assert (sheet(data) if kind == "xlsx" else data.decode("utf-8-sig").splitlines()) != []


@pytest.mark.parametrize("kind", ["xlsx", "csv", "geojson"])
async def test_memory_does_not_grow_with_the_rows(kind):
    async def peak(count: int) -> int:
        tracemalloc.start()
        made = await export(TABLE, kind, batches([("0001", "บ้านหนองบัว" * 3, 18.5)] * count, 500))
        made.content.close()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    await peak(10)
    few, many = await peak(1_000), await peak(10_000)
    assert many < few * 1.5 + 200_000


@pytest.mark.parametrize(("fails", "told"), [(KeyError, KeyError), (OSError, Unavailable)])
@pytest.mark.parametrize("kind", ["xlsx", "csv", "geojson"])
async def test_a_failure_half_way_is_no_file(kind, fails, told):
    async def broken() -> AsyncIterator[Sequence[Row]]:
        yield ROWS
        raise fails

    with pytest.raises(told):
        await export(TABLE, kind, broken())


def test_the_name_is_thai_and_has_a_plain_fall_back():
    assert disposition(FileName("ศูนย์ 58", "centers-58"), "csv") == (
        "attachment; filename=\"centers-58.csv\"; filename*=UTF-8''"
        "%E0%B8%A8%E0%B8%B9%E0%B8%99%E0%B8%A2%E0%B9%8C%2058.csv"
    )


@pytest.mark.parametrize(
    ("wanted", "root", "thai", "plain"),
    [
        (Filter("00"), None, "ศูนย์ 2569-11-24", "centers-2569-11-24"),
        (Filter("58"), "จังหวัดแม่ฮ่องสอน", "ศูนย์ จังหวัดแม่ฮ่องสอน 2569-11-24", "centers-58-2569-11-24"),
        (Filter("58", round="2569"), "จังหวัดก", "ศูนย์ 2569 จังหวัดก 2569-11-24", "centers-2569-58-2569-11-24"),
        (Filter("00", itself='c"1'), None, 'ศูนย์ c"1 2569-11-24', "centers-c_1-2569-11-24"),
    ],
)
def test_a_file_is_called_after_what_whose_and_when(wanted, root, thai, plain):
    assert file_name("ศูนย์", "centers", wanted, root, date(2026, 11, 24)) == FileName(thai, plain)
