"""Servers and services together, as `saraban up` starts them."""

import contextlib
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deploy.local.process import of_stack, poll
from deploy.local.stack import Stack
from deploy.local.starting import NotReadyError, await_ready
from shared.contracts.topics import SERVICES
from tests.world import a_stack

ROUND = {
    "round": "whole",
    "fiscal_year": 2570,
    "academic_year": 2569,
    "deadline": (datetime.now(UTC) + timedelta(days=90)).isoformat(timespec="seconds"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = a_stack(tmp_path_factory.mktemp("whole"))
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def registry(stack: Stack) -> httpx.Client:
    headers = {"Authorization": f"Bearer {stack.token('operator', '00')}"}
    return httpx.Client(base_url=stack.servers["registry"].address, headers=headers, trust_env=False)


def test_what_was_answered_is_there_after_kill_9_of_everything(whole: Stack):
    with registry(whole) as http:
        made = http.post("/v1/rounds", json=ROUND, headers={"Idempotency-Key": "whole-round"})
    assert made.status_code == 201, made.text
    for run in list(of_stack(whole.state.directory)):
        run.send(9)

    whole.start()
    assert all(one.ready for one in whole.status())
    with registry(whole) as http:
        assert http.get("/v1/rounds/whole").json() == made.json()
        again = http.post("/v1/rounds", json=ROUND, headers={"Idempotency-Key": "whole-round"})
    assert again.json() == made.json()


def test_a_service_can_be_started_once_more_beside_itself(whole: Stack):
    more = whole.start_service("registry", {"SARABAN_ROLES": "api"}, label="more")
    try:
        assert more.ready()
        assert more.address != whole.servers["registry"].address
    finally:
        more.stop()
    assert whole.pid("registry-more") is None


def test_a_service_that_cannot_start_leaves_the_line_that_says_why(whole: Stack):
    broken = whole.start_service("notifier", {"SARABAN_ROLES": "cook"}, label="broken", wait=False)
    with pytest.raises(NotReadyError, match="SARABAN_ROLES"):
        await_ready(broken)


def test_every_part_is_told_of_with_its_memory(whole: Stack):
    told = {one.name: one for one in whole.status()}
    assert set(SERVICES) <= set(told)
    assert all((told[name].memory or 0) > 1 << 20 for name in SERVICES)


@contextlib.contextmanager
def dumps_allowed() -> Iterator[None]:
    """What is started here may dump as much as this user's processes may at all."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def core_limit(pid: int) -> list[str]:
    (line,) = [each for each in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in each]
    return line.removeprefix("Max core file size").split()[:2]


def test_a_service_that_crashes_leaves_no_dump(whole: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where a dump would land in the working folder, one that may dump shows it; elsewhere only the limits are read."""
    monkeypatch.chdir(tmp_path)
    with dumps_allowed():
        crashing = [whole.start_service(name, {"SARABAN_ROLES": "api"}, label="crash", wait=False) for name in SERVICES]
        for service in crashing:
            await_ready(service)
            run = service.process.find()
            assert run is not None
            assert core_limit(run.pid) == ["0", "0"]
            run.send(signal.SIGABRT)
            assert poll(lambda run=run: not run.lives(), 20)  # type: ignore[misc]
        assert list(tmp_path.iterdir()) == []
        program = [sys.executable, "-c", "import os; os.abort()"]
        careless = subprocess.run(program, check=False, stderr=subprocess.DEVNULL)
    assert careless.returncode == -signal.SIGABRT
    lands_here = not Path("/proc/sys/kernel/core_pattern").read_text().startswith(("/", "|"))
    if lands_here and resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        assert [file.name.partition(".")[0] for file in tmp_path.iterdir()] == ["core"], "the control leaves one"
