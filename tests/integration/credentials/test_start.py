"""A vault that must not start says why in one line, and exits with 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.blobs import Blobs
from tests.integration.credentials.conftest import running
from tests.world import World


def started(world: World, **settings: str) -> tuple[int, list[str]]:
    """Run the service until it gives up; its exit code, and what it said besides its log."""
    environment = {**os.environ, **world.environment, "SARABAN_NAMESPACE": world.namespace, "SARABAN_HTTP_PORT": "0"}
    environment.pop("SARABAN_MASTER_KEY_FILE")
    ended = subprocess.run(
        [sys.executable, "-m", "services.credentials"],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, [line for line in ended.stderr.splitlines() if not line.startswith("{")]


@pytest.fixture
async def used(world: World, master_key: Path) -> World:
    """A namespace in which a vault has run."""
    async for _ in running(world, master_key):
        pass
    return world


def test_another_master_key_stops_the_start_and_says_so(used: World, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(os.urandom(96))
    code, said = started(used, SARABAN_MASTER_KEY=f"file:{other}")
    assert code == 2
    assert len(said) == 1
    assert said[0].startswith("SARABAN_MASTER_KEY is not the key this database was sealed under")


async def test_a_keyring_that_is_gone_stops_the_start_and_nothing_new_takes_its_place(
    used: World, master_key: Path, blobs: Blobs
) -> None:
    bucket = f"{used.namespace}-vault"
    for place in await blobs.places(bucket, prefix="keyring/"):
        await blobs.delete(place)
    for _ in range(2):
        code, said = started(used, SARABAN_MASTER_KEY=f"file:{master_key}")
        assert (code, len(said)) == (2, 1)
        assert "no keyring" in said[0]
    assert await blobs.places(bucket, prefix="keyring/") == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "is not set"),
        ("file:/nowhere", "cannot be read"),
        ("vault:thing", "must begin with one of"),
        ("kmip://host", "kmip://host:port/key-id"),
        ("aws-kms:arn:aws:kms:ap-southeast-1:1:key/x", "SARABAN_KMS_CREDENTIALS_FILE"),
        ("aws-kms:key", "aws-kms:arn"),
        ("azure-kv:http://vault/keys/a", "azure-kv:https://"),
        ("gcp-kms:projects/p", "gcp-kms:projects"),
    ],
)
def test_a_master_key_that_cannot_be_one_is_named(world: World, line: str, says: str) -> None:
    code, said = started(world, SARABAN_MASTER_KEY=line)
    assert code == 2
    assert len(said) == 1
    assert said[0].startswith("SARABAN_MASTER_KEY is not usable")
    assert says in said[0]
