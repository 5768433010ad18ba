"""A vault on the real database and the real object store, in a corner of its own."""

import os
import secrets
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr

from deploy.local.stack import Stack
from shared.blobs import Blobs, Shelf
from shared.mongo import Mongo
from shared.mongo.sealing import MasterKeys, Vault, local
from tests.world import World

KEY = local(os.urandom(96))
Opening = Callable[..., Vault]


@pytest.fixture(scope="module")
async def blobs(stack: Stack) -> AsyncIterator[Blobs]:
    store = stack.object_store()
    found = Blobs(store.endpoint, store.access_key, SecretStr(store.secret_key), connections=4)
    yield found
    found.close()


@pytest.fixture(scope="module")
async def bucket(blobs: Blobs) -> str:
    """One for a module: on SeaweedFS each bucket claims volumes of its own. Tests differ by the shelf's name."""
    name = f"t{secrets.token_hex(6)}"
    await blobs.ensure_bucket(name, versions=False)
    return name


@pytest.fixture
def shelf(blobs: Blobs, bucket: str) -> Shelf:
    return Shelf(blobs, bucket, secrets.token_hex(4))


@pytest.fixture
async def mongo(world: World) -> Mongo:
    return world.mongo("credentials")


@pytest.fixture
def vault_with(mongo: Mongo, shelf: Shelf) -> Opening:
    """Another process's vault: `vault_with()`, or with other master keys or a keyring that may be older."""

    def make(keys: MasterKeys | None = None, key_seconds: float = 0) -> Vault:
        return Vault(mongo, keys or MasterKeys(KEY), shelf, key_seconds=key_seconds)

    return make


@pytest.fixture
async def vault(vault_with: Opening) -> Vault:
    made = vault_with()
    await made.prepare()
    return made
