"""A real virus scanner: what it finds is sent back, and while it is away reports wait and nothing is lost."""

from __future__ import annotations

import asyncio
import io
import os
import secrets
import warnings
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pikepdf
import pytest
import pytest_asyncio

from deploy.local.brought import brought
from deploy.local.crowd.papers import paper
from deploy.local.stack import Stack
from services.submissions.app import build
from services.submissions.inspecting.examination import meaning
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.inspecting.room import report_file
from services.submissions.inspecting.scanner import NotScanned, Scanner, ScannerAway
from tests.integration.submissions.clamd import EICAR, PACKAGE, SIGNATURE, Clamd, program
from tests.integration.submissions.conftest import Office, introduce, settings_of
from tests.world import World, eventually, run_app

EPOCH = datetime(1970, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def clamd_program() -> Path:
    found = program()
    if found is None:
        warnings.warn(f"NOT TESTED: no clamd here, and apt-get could not install {PACKAGE}", stacklevel=1)
        pytest.skip("no clamd")
    return found


@pytest_asyncio.fixture(scope="module")
async def clamd(clamd_program: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clamd]:
    found = Clamd(clamd_program, tmp_path_factory.mktemp("clamd"))
    await found.start()
    yield found
    await found.stop()


def infected(*, packed: bool) -> bytes:
    """A sound PDF that carries the test string where a reader shows it as text."""
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        page.Contents = pdf.make_stream(b"BT /F 9 Tf (a) Tj ET\n% " + EICAR + b"\n")
        pdf.save(out, compress_streams=packed)
    return out.getvalue()


@pytest.mark.parametrize("way", ["tcp", "unix"])
async def test_up_asks_the_scanner_that_the_user_named(clamd: Clamd, way: str) -> None:
    (foreign,) = brought({"SARABAN_CLAMAV_URL": clamd.url if way == "tcp" else f"unix://{clamd.unix}"}).values()
    assert await asyncio.to_thread(foreign.ready)
    await clamd.stop()
    try:
        assert not await asyncio.to_thread(foreign.ready)
    finally:
        await clamd.start()


async def scanned(scanner: Scanner, data: bytes) -> str | None:
    with report_file() as file:
        file.write(data)
        file.flush()
        return await scanner.scan(file.fileno(), len(data))


@pytest.mark.parametrize("packed", [False, True], ids=["as it is", "packed"])
async def test_what_it_knows_is_found_in_a_report(clamd: Clamd, packed: bool) -> None:
    found = await scanned(Scanner(clamd.url), infected(packed=packed))
    assert found is not None
    assert found.startswith(SIGNATURE)


@pytest.mark.parametrize("size", [1, 300_000, 5_000_000])
async def test_a_sound_report_is_sound_over_either_kind_of_socket(clamd: Clamd, size: int) -> None:
    for url in (clamd.url, f"unix://{clamd.unix}"):
        assert await scanned(Scanner(url), paper(size, size)) is None


async def test_a_file_longer_than_it_takes_is_no_verdict(clamd_program: Path, tmp_path: Path) -> None:
    small = Clamd(clamd_program, tmp_path / "small", stream_limit="100K")
    await small.start()
    try:
        scanner = Scanner(small.url)
        # It hangs up with bytes unread, and then its last words may be lost on the way.
        with pytest.raises(NotScanned, match=r"stream_limit|no_connection"):
            await scanned(scanner, os.urandom(3_000_000))
        assert scanner.trouble is None
        assert await scanned(scanner, b"short") is None, "others are scanned meanwhile"
    finally:
        await small.stop()


async def test_a_file_larger_than_it_scans_does_not_pass(clamd_program: Path, tmp_path: Path) -> None:
    small = Clamd(clamd_program, tmp_path / "small", file_limit="100K")
    await small.start()
    try:
        found = await scanned(Scanner(small.url), paper("a", 3_000_000))
        assert found is not None
        assert meaning(found) == FINDINGS["too_complex"]
    finally:
        await small.stop()


async def test_one_that_hangs_is_away_after_a_while_and_is_left_alone_for_another(clamd: Clamd) -> None:
    scanner = Scanner(clamd.url, connect_seconds=1, scan_seconds=0.5)
    clamd.freeze()
    try:
        with pytest.raises(ScannerAway, match="timeout"):
            await scanned(scanner, paper("a", 300_000))
    finally:
        clamd.thaw()
    assert scanner.trouble is not None
    with pytest.raises(ScannerAway):
        await scanned(scanner, b"at once")
    await scanner.ping()
    assert scanner.trouble is None


async def test_reports_wait_for_it_and_lose_neither_their_place_nor_their_time(
    stack: Stack, clamd_program: Path, tmp_path: Path
) -> None:
    scanner = Clamd(clamd_program, tmp_path / "service")
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    app = build(settings_of(world, clamav_url=scanner.url, inspect_again_seconds=0.1))
    async with (
        run_app(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://submissions") as http,
    ):
        office = Office(world, http, secrets.token_hex(4))
        await introduce(office)
        receipt = await office.bring(paper("a", 200_000))
        assert receipt["late"] is False
        await office.bring(infected(packed=True), center=office.other)

        async def told() -> bool:
            ready = await http.get("/readyz")
            metrics = (await http.get("/metrics")).text
            assert ready.status_code == 200, "uploads go on"
            return (
                "2 reports wait" in ready.json()["checks"]["scanner"] and "saraban_inspections_waiting 2.0" in metrics
            )

        await eventually(told)
        assert {one["state"] for one in (await office.submission())["reports"]} == {"received"}

        await scanner.start()
        submissions = world.mongo("submissions").documents("submissions")
        await submissions.update_all({}, {"$set": {"reports.0.look_at": EPOCH, "inspect_at": EPOCH}})  # not in 10 s
        try:
            (sound,) = (await office.decided())["reports"]
            (wicked,) = (await office.decided(office.other))["reports"]
        finally:
            await scanner.stop()
        assert (sound["state"], sound["receipt"], sound["late"]) == ("accepted", receipt["code"], False)
        assert sound["received_at"] == receipt["received_at"]
        assert (wicked["state"], wicked["reason"]["code"]) == ("rejected", "malware")

        async def calm() -> bool:
            ready = (await http.get("/readyz")).json()
            return "saraban_inspections_waiting 0.0" in (await http.get("/metrics")).text and bool(ready)

        await eventually(calm)
    await world.close()
