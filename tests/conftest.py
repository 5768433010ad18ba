"""Real servers, started once; a world of its own for each test."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from deploy.local.stack import Stack
from tests.world import World, a_stack, run_app

LONGEST = ("tests/faults/", "tests/e2e/", "tests/integration/stack/")
"""Packages that share one whole system each; they begin first, so that nothing waits for them in the end."""


@pytest.hookimpl(tryfirst=True)  # before the workers look for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share servers stay on one worker: a package of `LONGEST`, or else a module."""

    def group(item: pytest.Item) -> str:
        name = item.nodeid.partition("::")[0]
        return next((package for package in LONGEST if name.startswith(package)), name)

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    items.sort(key=lambda item: LONGEST.index(group(item)) if group(item) in LONGEST else len(LONGEST))


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
    here = World(stack, f"t{secrets.token_hex(4)}")
    await here.open()
    try:
        yield here
    finally:
        await here.close()


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
