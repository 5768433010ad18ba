"""Real servers, started once; a world of its own for each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from deploy.local.stack import Stack
from tests.world import World, a_stack, a_world, run_app

LONGEST = ("tests/faults/", "tests/e2e/", "tests/integration/stack/")
"""Packages that share one whole system each; they begin first, so that nothing waits for them in the end."""


def room(nodeid: str) -> str:
    """What a test shares its servers with: a package of `LONGEST`, or else its module."""
    name = nodeid.partition("::")[0]
    return next((package for package in LONGEST if name.startswith(package)), name)


class Rooms(LoadScopeScheduling):  # type: ignore[misc]  # its library says no types
    """Tests that share servers stay on one worker.

    Not by marks and `--dist loadgroup`: xdist 3.8 appends a group to an attribute that pytest 9.2 no longer has, and
    then sends each test wherever there is room.
    """

    def _split_scope(self, nodeid: str) -> str:
        return room(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Rooms:
    config.option.loadscopereorder = False
    return Rooms(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        shared = room(item.nodeid)
        return LONGEST.index(shared) if shared in LONGEST else len(LONGEST)

    items.sort(key=turn)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The servers that all tests of a worker share."""
    found = a_stack(tmp_path_factory.mktemp("stack"))
    try:
        found.start(servers_only=True)
        yield found
    finally:
        found.stop()


@pytest.fixture
async def world(stack: Stack) -> AsyncIterator[World]:
    """An empty namespace: its own databases, topics, groups and buckets."""
    async with a_world(stack) as here:
        yield here


@pytest.fixture
def client():
    """`async with client(app) as http:` runs an application's lifespan and talks to it."""

    @asynccontextmanager
    async def open_client(app, token: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            run_app(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", headers=headers) as http,
        ):
            yield http

    return open_client
