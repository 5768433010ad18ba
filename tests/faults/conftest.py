"""One system for the whole campaign: what survives thirty deaths in a row has nothing left over from any."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.arena import Arena, arena
from tests.world import a_stack


@pytest.fixture(scope="package")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    stack = a_stack(tmp_path_factory.mktemp("arena"))
    try:
        stack.start()
        async with arena(stack) as found:
            yield found
    finally:
        stack.stop()
