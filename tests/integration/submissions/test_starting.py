"""The service starts only as what it has to be, and says in one line why not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.submissions.app import build
from services.submissions.inspecting import room
from services.submissions.inspecting.room import NotIsolatedError
from services.submissions.settings import SubmissionsSettings
from shared.settings import load
from tests.integration.submissions.conftest import settings_of
from tests.world import World, run_app


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SARABAN_RECEIPT_KEY_FILE", "/nowhere/at/all"),
        ("SARABAN_RECEIPT_KEY_FILE", os.devnull),
        ("SARABAN_INSPECTION_POOL", "many"),
        ("SARABAN_UPLOAD_MAX_BYTES", "5"),
        ("SARABAN_S3_PUBLIC_ENDPOINT", "ftp://x"),
    ],
)
def test_a_bad_value_stops_the_start_with_a_line_that_names_it(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str
) -> None:
    for name, given in {**world.environment, variable: value}.items():
        monkeypatch.setenv(name, given)
    with pytest.raises(SystemExit) as stopped:
        load(SubmissionsSettings)
    assert stopped.value.code == 2
    assert [line.split()[0] for line in capsys.readouterr().err.splitlines()] == [variable]


async def test_where_files_cannot_be_opened_safely_the_service_does_not_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = str(Path(__file__).with_name("refusing.py"))
    monkeypatch.setattr(room.InspectionRoom.__init__, "__kwdefaults__", {"isolate": True, "program": (refusing,)})
    with pytest.raises(NotIsolatedError, match="unshare"):
        async with run_app(build(settings_of(world))):
            pytest.fail("it started")

    async with run_app(build(settings_of(world, inspection_unconfined=True))):
        pass

    async with run_app(build(settings_of(world, roles="api"))):
        pass  # a process that opens no files needs no confinement
