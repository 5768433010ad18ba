"""One system for the whole campaign: what survives thirty deaths in a row has nothing left over from any."""

import os
from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import Stack
from tests.faults.arena import Arena, arena


@pytest.fixture(scope="package")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    kind = os.environ.get("SARABAN_TEST_STACK", "local")
    stack = Stack(tmp_path_factory.mktemp("arena"), kind=kind, ports="ephemeral", environ={})  # type: ignore[arg-type]
    try:
        stack.start()
        async with arena(stack) as found:
            yield found
    finally:
        stack.stop()
