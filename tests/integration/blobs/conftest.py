from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic import SecretStr

from shared.blobs import Blobs


def connect(endpoint: str | None = None, **options: float) -> Blobs:
    return Blobs(
        endpoint or os.environ["SARABAN_S3_ENDPOINT"],
        os.environ["SARABAN_S3_ACCESS_KEY"],
        SecretStr(os.environ["SARABAN_S3_SECRET_KEY"]),
        **options,  # type: ignore[arg-type]
    )


@pytest_asyncio.fixture
async def blobs() -> AsyncIterator[Blobs]:
    found = connect()
    yield found
    found.close()


@pytest_asyncio.fixture(scope="session")
async def bucket() -> str:
    """One for all tests here: on SeaweedFS each bucket claims volumes of its own. Tests differ by `key`."""
    name = f"t{secrets.token_hex(6)}"
    await connect().ensure_bucket(name)
    return name


@pytest.fixture
def key() -> str:
    return f"{secrets.token_hex(6)}/รายงาน 1.pdf"
