"""Servers and services together, as `saraban up` starts them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from deploy.local.process import of_stack
from deploy.local.stack import Stack
from deploy.local.starting import NotReadyError, await_ready
from shared.contracts.topics import SERVICES

ROUND = {
    "round": "whole",
    "fiscal_year": 2570,
    "academic_year": 2569,
    "deadline": (datetime.now(UTC) + timedelta(days=90)).isoformat(timespec="seconds"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    kind = os.environ.get("SARABAN_TEST_STACK", "local")
    stack = Stack(tmp_path_factory.mktemp("whole"), kind=kind, ports="ephemeral", environ={})  # type: ignore[arg-type]
    stack.start()
    try:
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
