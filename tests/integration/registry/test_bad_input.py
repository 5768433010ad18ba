"""Each bad input has a problem type of its own, names the place, and changes nothing."""

from collections.abc import AsyncIterator

import pytest

from services.registry.roll.api import LARGEST_ROLL
from tests.integration.registry.conftest import TWO_CENTERS, Registry, in_days
from tests.unit.registry.files import HEADERS, as_csv, as_xlsx, roll, row
from tests.unit.registry.test_sheets import BILLION_LAUGHS, SHEET, archive, compound, repacked, workbook

WITHOUT_LAO_CODE = [[cell for place, cell in enumerate(each) if HEADERS[place] != "รหัส อปท."] for each in roll({})]


def two_sheets() -> bytes:
    """A roll, and a sheet that looks like one and lacks a column."""

    def fill(book):
        for name, rows in (("ครบ", roll({})), ("ขาดคอลัมน์", WITHOUT_LAO_CODE)):
            sheet = book.add_worksheet(name)
            for line, each in enumerate(rows):
                sheet.write_row(line, 0, each)

    return workbook(fill)


BAD_ROLLS = {
    "nothing": (b"", 422, "roll-empty", "body"),
    "headers alone": (as_csv([HEADERS]), 422, "roll-empty", "body"),
    "a PDF": (b"%PDF-1.7\n", 415, "roll-wrong-type", "body"),
    "an old or locked Excel file": (b"\xd0\xcf\x11\xe0" + b"\0" * 512, 415, "roll-locked", "body"),
    "a workbook of Excel 97": (compound("Workbook"), 415, "roll-wrong-type", "body"),
    "a workbook with a password": (compound("EncryptedPackage"), 415, "roll-locked", "body"),
    "an OpenDocument sheet": (archive({"content.xml": b"<x/>"}), 415, "roll-wrong-type", "body"),
    "a billion laughs": (repacked(as_xlsx(roll({})), SHEET, lambda _: BILLION_LAUGHS), 422, "roll-unreadable", "body"),
    "a sheet among others without a column": (two_sheets(), 422, "roll-sheet-bad", "sheet ขาดคอลัมน์, header row"),
    "a torn workbook": (as_xlsx(roll({}))[:-100], 422, "roll-unreadable", "body"),
    "bytes of no encoding": (b"\xfc\xfd\xfe\xff\xfc", 422, "roll-unreadable", "body"),
    "a row as wide as a wall": (as_csv([["x"] * 300]), 413, "roll-too-large", "body"),
    "a missing column": (as_csv(WITHOUT_LAO_CODE), 422, "roll-columns-missing", "body, header row"),
    "a column twice": (as_csv([[*HEADERS, "รหัสศูนย์ฯ"]]), 422, "roll-column-repeated", "column รหัสศูนย์ฯ"),
    "passwords": (as_csv([[*HEADERS, "รหัสผ่าน"], row()]), 422, "roll-holds-credentials", "column รหัสผ่าน"),
}


def is_problem(answer, status: int, slug: str, where: str | None) -> bool:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert (answer.status_code, document["type"], document.get("where")) == (
        status, f"urn:saraban:problem:{slug}", where
    ), document  # fmt: skip
    assert any("ก" <= char <= "ฮ" for char in document["title"] + document["detail"])
    assert document["title_en"].isascii()
    return True


@pytest.fixture
async def untouched(shared_registry: Registry) -> AsyncIterator[Registry]:
    """The registry, which must be in the end as it was."""
    before = await shared_registry.state()
    yield shared_registry
    assert await shared_registry.state() == before


@pytest.mark.parametrize("dry_run", [True, False], ids=["rehearsed", "for good"])
@pytest.mark.parametrize("what", BAD_ROLLS)
async def test_a_bad_roll(untouched, what, dry_run):
    data, status, slug, where = BAD_ROLLS[what]
    answer = await untouched.send("stands", data, params={"dry_run": dry_run})
    assert is_problem(answer, status, slug, where)


async def test_missing_columns_are_listed(untouched):
    answer = await untouched.send("stands", as_csv(WITHOUT_LAO_CODE))
    assert answer.json()["errors"] == [{"where": "column รหัส อปท.", "fault": "missing"}]


async def test_a_refused_password_is_not_repeated(untouched):
    answer = await untouched.send("stands", as_csv([(*HEADERS, "Password"), (*row(), "hunter2-ลับ")]))
    assert "hunter2" not in answer.text


async def test_200_mb_are_refused_before_they_are_read(untouched):
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(200):
            taken += 1 << 20
            yield b"x" * (1 << 20)

    headers = {"Content-Length": str(200 << 20)}
    answer = await untouched.http.post("/v1/rounds/stands/roll", content=endless(), headers=headers)
    assert is_problem(answer, 413, "body-too-large", "body")
    assert taken <= 1 << 20


async def test_200_mb_that_do_not_say_so_are_refused_at_the_limit(untouched):
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(200):
            taken += 1 << 20
            yield b"x" * (1 << 20)

    answer = await untouched.http.post("/v1/rounds/stands/roll", content=endless())
    assert is_problem(answer, 413, "body-too-large", "body")
    assert taken <= LARGEST_ROLL + (2 << 20)


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"dry_run": "perhaps"}, "query.dry_run"),
        ({"part": "7"}, "query.part"),
        ({"report": "pdf"}, "query.report"),
        ({"reason": "ก" * 501}, "query.reason"),
    ],
)
async def test_a_roll_that_is_asked_for_in_no_known_way(untouched, params, where):
    answer = await untouched.send("stands", TWO_CENTERS, params=params)
    assert is_problem(answer, 422, "invalid-request", where)


async def test_a_form_instead_of_the_file(untouched):
    answer = await untouched.http.post("/v1/rounds/stands/roll", files={"file": ("roll.csv", TWO_CENTERS)})
    assert is_problem(answer, 415, "wrong-media-type", "header.Content-Type")


@pytest.mark.parametrize("path", ["/v1/rounds/none/roll", "/v1/rounds/none/open"])
async def test_an_unknown_round(untouched, path):
    answer = await untouched.http.post(path, content=TWO_CENTERS)
    assert is_problem(answer, 404, "round-unknown", "path.round")


async def test_an_unknown_round_to_look_at(untouched):
    assert is_problem(await untouched.http.get("/v1/rounds/none"), 404, "round-unknown", "path.round")


async def test_a_round_that_exists(untouched):
    body = {"round": "stands", "fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(9)}
    answer = await untouched.http.post("/v1/rounds", json=body)
    assert is_problem(answer, 409, "round-exists", "body.round")


async def test_a_deadline_that_has_passed(untouched):
    body = {"fiscal_year": 2566, "academic_year": 2564, "deadline": in_days(-1)}
    answer = await untouched.http.post("/v1/rounds", json=body)
    assert is_problem(answer, 409, "deadline-passed", "deadline")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"deadline": "2027-10-31T23:59:59"}, "body.deadline"),
        ({"deadline": "soon"}, "body.deadline"),
        ({"fiscal_year": 2026}, "body.fiscal_year"),
        ({"round": "../x"}, "body.round"),
        ({"grace_minutes": -1}, "body.grace_minutes"),
    ],
)
async def test_a_round_that_makes_no_sense(untouched, changes, where):
    body = {"fiscal_year": 2569, "academic_year": 2567, "deadline": in_days(9)} | changes
    assert is_problem(await untouched.http.post("/v1/rounds", json=body), 422, "invalid-request", where)


async def test_opening_a_round_without_a_roll(registry):
    name = await registry.new_round()
    before = await registry.state()
    answer = await registry.http.post(f"/v1/rounds/{name}/open")
    assert is_problem(answer, 409, "round-without-roll", "path.round")
    assert await registry.state() == before


@pytest.mark.parametrize("role", ["province", "district", "lao", "center", "assessor", "auditor", "publisher"])
@pytest.mark.parametrize("path", ["/v1/rounds", "/v1/rounds/stands/roll", "/v1/rounds/stands/open"])
async def test_only_the_department_keeps_rounds(untouched, role, path):
    answer = await untouched.http.post(path, content=TWO_CENTERS, headers=untouched.as_(role, "58"))
    assert is_problem(answer, 403, "forbidden", None)


async def test_nobody_in_particular(untouched):
    answer = await untouched.http.post("/v1/rounds/stands/roll", content=TWO_CENTERS, headers={"Authorization": ""})
    assert is_problem(answer, 401, "sign-in-required", "header.Authorization")


async def test_a_token_whose_time_is_over(untouched):
    stale = untouched.world.token("department", "00", ttl=-3600)
    headers = {"Authorization": f"Bearer {stale}"}
    for path in ("/v1/rounds", "/v1/rounds/stands/roll", "/v1/rounds/stands/open"):
        answer = await untouched.http.post(path, content=TWO_CENTERS, headers=headers)
        assert is_problem(answer, 401, "token-expired", "header.Authorization")


async def test_a_key_used_again_for_another_roll(untouched):
    headers = {"Idempotency-Key": "roll-of-monday"}
    first = await untouched.send("stands", TWO_CENTERS, headers=headers)
    assert (await untouched.send("stands", TWO_CENTERS, headers=headers)).json() == first.json()
    answer = await untouched.send("stands", as_csv(roll({})), headers=headers)
    assert is_problem(answer, 409, "idempotency-key-reused", "header.Idempotency-Key")
