"""A stack of one's own, to be killed, stopped and crippled at will."""

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.world import a_stack


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started, servers only. Whatever a test does to it, it leaves it able to start again."""
    stack = a_stack(tmp_path_factory.mktemp("own"))
    try:
        stack.start(servers_only=True)
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def running(own: Stack) -> Stack:
    """The same, with every server up."""
    own.start(servers_only=True)
    return own
