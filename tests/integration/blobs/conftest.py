from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest
import pytest_asyncio
from pydantic import SecretStr

from deploy.local.stack import Stack
from shared.blobs import Blobs


class Connect(Protocol):
    """A client of this test run's store, or with its keys, of what stands at another address."""

    def __call__(self, endpoint: str | None = None, **options: Any) -> Blobs: ...


@pytest.fixture(scope="session")
def connect(stack: Stack) -> Connect:
    environment = stack.environment()

    def connect_to(endpoint: str | None = None, **options: Any) -> Blobs:
        keys = {"secret_key": SecretStr(environment["SARABAN_S3_SECRET_KEY"]), **options}
        return Blobs(endpoint or environment["SARABAN_S3_ENDPOINT"], environment["SARABAN_S3_ACCESS_KEY"], **keys)

    return connect_to


@pytest_asyncio.fixture
async def blobs(connect: Connect) -> AsyncIterator[Blobs]:
    found = connect()
    yield found
    found.close()


@pytest_asyncio.fixture(scope="session")
async def bucket(connect: Connect) -> str:
    """One for all tests here: on SeaweedFS each bucket claims volumes of its own. Tests differ by `key`."""
    name = f"t{secrets.token_hex(6)}"
    await connect().ensure_bucket(name)
    return name


@pytest.fixture
def key() -> str:
    return f"{secrets.token_hex(6)}/รายงาน 1.pdf"
