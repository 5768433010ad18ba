"""A vault that must not start says why in one line, and exits with 2; one that starts says what its master key is."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from services.credentials.settings import CredentialsSettings
from shared.blobs import Blobs
from shared.settings import load
from tests.integration.credentials.conftest import running
from tests.integration.sealing.certificates import Authority
from tests.integration.sealing.clouds import cloud
from tests.integration.sealing.servers import kmip_made, kmip_running, line_for
from tests.world import World, eventually


def environment(world: World, **settings: str) -> dict[str, str]:
    here = {**os.environ, **world.environment, "SARABAN_NAMESPACE": world.namespace, "SARABAN_HTTP_PORT": "0"}
    here.pop("SARABAN_MASTER_KEY_FILE", None)
    return {**here, **settings}


@contextmanager
def serving_process(world: World, tmp_path: Path, **settings: str) -> Iterator[tuple[str, Path]]:
    """The service as a process of its own: its address, and where it writes its log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = tmp_path / "log"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.credentials"],
            env=environment(world, SARABAN_HTTP_PORT=str(port), **settings),
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://127.0.0.1:{port}", said
    finally:
        process.kill()
        process.wait()


async def ready(address: str, said: Path) -> list[str]:
    """Wait until it serves; the events of its log."""
    async with httpx.AsyncClient(base_url=address) as http:

        async def answers() -> bool:
            try:
                return (await http.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(answers, within=60)
    return [json.loads(line)["event"] for line in said.read_text().splitlines() if line.startswith("{")]


def started(world: World, **settings: str) -> tuple[int, list[str]]:
    """Run the service until it gives up; its exit code, and what it said besides its log."""
    ended = subprocess.run(
        [sys.executable, "-m", "services.credentials"],
        env=environment(world, **settings),
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


def test_without_a_master_key_there_is_no_vault(world: World) -> None:
    code, said = started(world, SARABAN_MASTER_KEY="")
    assert (code, len(said)) == (2, 1)
    assert said[0].startswith("SARABAN_MASTER_KEY is not usable: is not set, nor is SARABAN_MASTER_KEY_FILE")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("file:/nowhere", "cannot be read"),
        ("vault:thing", "must begin with one of"),
        ("kmip://host", "kmip://host:port/key-id"),
        ("aws-kms:arn:aws:kms:ap-southeast-1:1:key/x", "SARABAN_KMS_CREDENTIALS_FILE"),
        ("aws-kms:key", "aws-kms:arn"),
        ("azure-kv:http://vault/keys/a", "azure-kv:https://"),
        ("gcp-kms:projects/p", "gcp-kms:projects"),
    ],
)
def test_a_master_key_that_cannot_be_one_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, says: str
) -> None:
    monkeypatch.delenv("SARABAN_MASTER_KEY_FILE", raising=False)
    for name, value in environment(world, SARABAN_MASTER_KEY=line).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        load(CredentialsSettings)
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("SARABAN_MASTER_KEY is not usable")
    assert says in said[0]


@pytest.mark.parametrize(("mode", "exposed"), [(0o600, False), (0o644, True)])
async def test_a_master_key_in_a_file_is_said_out_loud(world: World, tmp_path: Path, mode: int, exposed: bool) -> None:
    key = tmp_path / "key"
    key.write_bytes(os.urandom(96))
    key.chmod(mode)
    with serving_process(world, tmp_path, SARABAN_MASTER_KEY=f"file:{key}") as (address, said):
        events = await ready(address, said)
    assert "credentials.master_key.in_file" in events
    assert ("credentials.master_key.exposed" in events) is exposed
    assert str(key) not in said.read_text()


@pytest.mark.parametrize("kind", ["kmip", "aws"])
async def test_the_service_runs_on_a_key_server(world: World, tmp_path: Path, kind: str) -> None:
    authority = Authority(tmp_path)
    certificate, given = authority.give("client"), tmp_path / "credentials.json"
    given.write_text(json.dumps({"aws": {"accessKeyId": "AKTEST", "secretAccessKey": "hunter2"}}))
    settings = {
        "SARABAN_KMS_CA_FILE": str(authority.file),
        "SARABAN_KMS_CERTIFICATE_FILE": str(certificate),
        "SARABAN_KMS_CREDENTIALS_FILE": str(given),
    }
    with kmip_running(authority) as kmip, cloud(authority.give("cloud")) as clouds:
        key = kmip_made(kmip, authority, certificate)["delegated"][0]
        line = f"kmip://{kmip}/{key}?delegated=true" if kind == "kmip" else line_for("aws", clouds)
        with serving_process(world, tmp_path, SARABAN_MASTER_KEY=line, **settings) as (address, said):
            events = await ready(address, said)
            keys = await world.mongo("credentials").documents("keys").find({})
            async with httpx.AsyncClient(base_url=address) as http:
                headers = {"Authorization": "Bearer " + world.token("operator", "00")}
                shown = (await http.get("/v1/keys", headers=headers)).json()
    assert not {event for event in events if event.startswith("credentials.master_key")}
    assert keys
    assert {each["masterKey"]["provider"].partition(":")[0] for each in keys} == {kind}
    assert (shown["masters"][0]["keyring"], shown["done"]) == (True, True)
    assert "hunter2" not in said.read_text()
