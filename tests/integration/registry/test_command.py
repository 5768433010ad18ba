"""`saraban roll check` and `import` against a registry that listens on a port."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import openpyxl
import pytest
import uvicorn
from typer.testing import CliRunner, Result

from deploy.local.roll.commands import roll_app
from tests.integration.registry.conftest import TWO_CENTERS, Registry, open_registry
from tests.unit.registry.files import as_csv, roll


@pytest.fixture
async def address(registry: Registry) -> AsyncIterator[str]:
    """A second process of the registry, so to say: the same world, behind a real socket."""
    config = uvicorn.Config(open_registry(registry.world), host="127.0.0.1", port=0, log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done()
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await serving


@pytest.fixture
def run(registry: Registry, address: str):
    def call(*words: str, role: str = "department", org: str = "00") -> "asyncio.Future[Result]":
        environment = {"SARABAN_TOKEN": registry.world.token(role, org), "SARABAN_REGISTRY_URL": address}
        runner = CliRunner()
        return asyncio.ensure_future(asyncio.to_thread(runner.invoke, roll_app, [*words], env=environment))

    return call


def saved(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "roll.csv"
    path.write_bytes(data)
    return str(path)


async def test_a_roll_is_checked_without_a_trace_and_then_imported(registry, run, tmp_path):
    name = await registry.new_round()
    file = saved(tmp_path, TWO_CENTERS)
    before = await registry.state()
    checked = await run("check", file, "--round", name)
    assert checked.exit_code == 0, checked.output
    assert await registry.state() == before
    imported = await run("import", file, "--round", name)
    assert imported.exit_code == 0, imported.output
    assert (await registry.http.get(f"/v1/rounds/{name}")).json()["listed"] == 2


async def test_a_rejected_row_is_shown_with_its_cell_and_what_was_meant(registry, run, tmp_path):
    name = await registry.new_round()
    file = saved(tmp_path, as_csv(roll({"อำเภอ": "เมืองแม่ฮองสอน"}, {"รหัสศูนย์": "2"})))
    done = await run("import", file, "--round", name)
    assert done.exit_code == 1
    for word in ("เมืองแม่ฮองสอน", "เมืองแม่ฮ่องสอน", "ไม่มีอำเภอนี้ในจังหวัด", "No such district"):
        assert word in done.output


async def test_a_refusal_says_what_where_and_what_to_do(registry, run, tmp_path):
    name = await registry.new_round()
    done = await run("check", saved(tmp_path, b"%PDF-1.7\n"), "--round", name)
    assert done.exit_code == 2
    for word in ("ไฟล์นี้ไม่ใช่ XLSX หรือ CSV", "neither XLSX nor CSV", "Save it as Excel", "roll-wrong-type"):
        assert word in done.output


async def test_a_file_of_200_mb_is_refused_and_the_refusal_is_heard(registry, run, tmp_path):
    name = await registry.new_round()
    path = tmp_path / "roll.csv"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    done = await run("import", str(path), "--round", name)
    assert done.exit_code == 2
    assert "body-too-large" in done.output


async def test_a_province_may_not_import(registry, run, tmp_path):
    name = await registry.new_round()
    done = await run("import", saved(tmp_path, TWO_CENTERS), "--round", name, role="province", org="58")
    assert done.exit_code == 2
    assert "forbidden" in done.output


async def test_a_generated_dirty_roll_is_judged_as_its_maker_expects(registry, run, tmp_path):
    name = await registry.new_round()
    made = await run("generate", "--centers", "420", "--seed", "3", "--dirty", "--out", str(tmp_path))
    assert made.exit_code == 0, made.output
    rejected = json.loads((tmp_path / "roll-dirty.expected.json").read_text("utf-8"))["xlsx"]["summary"]["rejected"]
    report = tmp_path / "report.xlsx"
    done = await run("check", str(tmp_path / "roll-dirty.xlsx"), "--round", name, "--report", str(report))
    assert done.exit_code == 1, done.output
    assert re.search(rf"rejected\s+{rejected}\b", done.output)
    names = openpyxl.load_workbook(report, read_only=True).sheetnames
    assert names[:4] == ["คำชี้แจง", "แผ่นที่ 1", "Sheet 2", "สรุป"]


async def test_a_roll_that_loses_many_says_who_and_waits(registry, run, tmp_path):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    file = saved(tmp_path, as_csv(roll({})))
    done = await run("import", file, "--round", name, "--reason", "รายชื่อใหม่")
    assert done.exit_code == 3, done.output
    assert "0000000002" in done.output
    (request,) = (await registry.http.get(f"/v1/rounds/{name}/roll/requests")).json()["items"]
    assert (request["reason"], request["gone"], request["yours"]) == ("รายชื่อใหม่", 1, True)
    assert request["id"] in done.output


async def test_a_part_of_a_roll_takes_nobody_off(registry, run, tmp_path):
    name = await registry.new_round()
    await registry.send(name, TWO_CENTERS)
    done = await run("import", saved(tmp_path, as_csv(roll({}))), "--round", name, "--part")
    assert done.exit_code == 0, done.output
    assert (await registry.http.get(f"/v1/rounds/{name}")).json()["listed"] == 2
