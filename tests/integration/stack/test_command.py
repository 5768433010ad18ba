"""`saraban up`, `status`, `token`, `down` as a user types them."""

import json
import os
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from deploy.local.process import of_stack, poll
from deploy.local.stack import Stack

SARABAN = str(Path(sysconfig.get_path("scripts")) / "saraban")
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("SARABAN_")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose ports are chosen, so that these tests do not take the ones that people use."""
    place: Path = tmp_path_factory.mktemp("command")
    stack = Stack(place, ports="ephemeral", environ={})
    stack.state.settle("local")
    for name in ("mongo", "s3", "kafka", "smtp", "mail-web", "issuer"):
        stack.ports.claim(name)
    yield place
    stack.stop()


@pytest.fixture
def idle(folder: Path) -> Path:
    """The folder, where nothing runs now: a test before may have left its servers for the next."""
    Stack(folder, environ={}).stop()
    return folder


def saraban(folder: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SARABAN, words[0], "--data", str(folder), *words[1:]],
        env={**ENVIRONMENT, **extra},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_up_shows_where_everything_is_and_how_to_sign_in(folder: Path):
    done = saraban(folder, "up", "--servers-only", "--detach")
    assert done.returncode == 0, done.stderr
    for name in ("mongo", "s3", "kafka", "mail", "issuer"):
        assert Stack(folder, environ={}).servers[name].address in done.stdout
    assert "saraban token --role" in done.stdout


def test_a_second_up_finds_the_first_and_returns(folder: Path):
    assert saraban(folder, "up", "--servers-only", "--detach").returncode == 0
    before = {run.pid for run in of_stack(folder)}
    done = saraban(folder, "up", "--servers-only")
    assert done.returncode == 0
    assert "starting" not in done.stdout
    assert {run.pid for run in of_stack(folder)} == before


def test_a_token_is_printed_alone_and_status_is_readable_by_programs(folder: Path):
    assert saraban(folder, "up", "--servers-only", "--detach").returncode == 0
    token = saraban(folder, "token", "--role", "province", "--org", "58")
    assert token.returncode == 0
    assert token.stdout.count(".") == 2
    assert len(token.stdout.splitlines()) == 1
    told = {one["name"]: one for one in json.loads(saraban(folder, "status", "--json").stdout)}
    assert told["mongo"]["ready"] is True
    assert told["mongo"]["memory"] > 1 << 20
    assert told["registry"]["ready"] is False
    assert saraban(folder, "status").returncode == 1


def test_down_ends_all_and_twice_is_fine(folder: Path):
    assert saraban(folder, "up", "--servers-only", "--detach").returncode == 0
    assert saraban(folder, "down").returncode == 0
    assert list(of_stack(folder)) == []
    assert saraban(folder, "down").returncode == 0


def in_the_foreground(folder: Path, out: IO[str]) -> subprocess.Popen[bytes]:
    """`up` as in a terminal, where Ctrl-C is heard also when these tests run in the background."""
    heard = ["env", "--default-signal=INT"]
    return subprocess.Popen(
        [*heard, SARABAN, "up", "--servers-only", "--data", str(folder)], env=ENVIRONMENT, stdout=out
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_ctrl_c_stops_it_all(idle: Path, number: signal.Signals):
    shown = idle / "shown"
    with shown.open("w") as out:
        up = in_the_foreground(idle, out)
    try:
        assert poll(lambda: "Ctrl-C" in shown.read_text(), 60)
        assert list(of_stack(idle)) != []
        up.send_signal(number)
        assert up.wait(30) == 0
        assert list(of_stack(idle)) == []
    finally:
        up.kill()
        up.wait()


def test_ctrl_c_while_it_starts_leaves_nothing_behind(idle: Path):
    shown = idle / "starting"
    with shown.open("w") as out:
        up = in_the_foreground(idle, out)
    try:
        assert poll(lambda: list(of_stack(idle)) != [], 60)
        up.send_signal(signal.SIGINT)
        assert up.wait(60) != 0
        assert list(of_stack(idle)) == [], f"exit code {up.returncode}\n{shown.read_text()}"
    finally:
        up.kill()
        up.wait()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SARABAN_LOG_LEVEL", "loud"), ("SARABAN_KAFKA_PARTITIONS", "many"), ("SARABAN_ROLES", "cook")],
)
def test_a_bad_variable_stops_the_start_with_one_line_that_names_it(idle: Path, variable: str, value: str):
    done = saraban(idle, "up", "--detach", **{variable: value})
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert variable in done.stderr
    assert list(of_stack(idle)) == []


def test_a_server_of_the_users_that_does_not_answer_stops_the_start(idle: Path):
    done = saraban(idle, "up", "--servers-only", "--detach", SARABAN_SMTP_URL="smtp://someone:hunter2@127.0.0.1:1")
    assert done.returncode == 1
    assert "SARABAN_SMTP_URL" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert list(of_stack(idle)) == []


def test_the_other_kind_of_stack_is_refused(folder: Path):
    done = saraban(folder, "up", "--stack", "real", "--detach")
    assert done.returncode == 1
    assert "local" in done.stderr


def test_a_token_without_a_stack_is_refused_in_plain_words(tmp_path: Path):
    done = saraban(tmp_path / "empty", "token", "--role", "lao", "--org", "6580101")
    assert done.returncode == 1
    assert "saraban up" in done.stderr
    assert "Traceback" not in done.stderr
