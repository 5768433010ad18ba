"""The stack as a whole: found again, ended whole, back with all its data."""

import asyncio
import contextlib
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import httpx
import pytest
from pydantic import SecretStr

from deploy.local.assembly import SERVERS
from deploy.local.brought import brought
from deploy.local.process import MARK, identify, of_stack, poll
from deploy.local.stack import Stack
from deploy.local.starting import NotReadyError, await_ready, bring_up, silent
from deploy.local.state import WrongStackError
from shared.blobs import Blobs, Place
from shared.bus import Outgoing, Publisher
from shared.contracts.topics import CENTERS
from shared.mongo import Mongo
from tests.world import World


def again(stack: Stack) -> Stack:
    """The same stack as another process would find it."""
    return Stack(stack.state.directory, kind=stack.kind, ports="ephemeral", environ={})


def pids(stack: Stack) -> dict[str, int | None]:
    return {name: stack.pid(name) for name in SERVERS}


def test_a_second_start_finds_the_first(running: Stack):
    other = again(running)
    other.start(servers_only=True)
    assert pids(other) == pids(running)
    assert other.environment() == running.environment()


def test_stopping_leaves_no_process_behind_not_even_one_without_a_pid_file(running: Stack):
    lost = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env={MARK: str(running.state.directory)},
        start_new_session=True,
    )
    assert poll(lambda: lost.pid in {run.pid for run in of_stack(running.state.directory)}, 10)
    running.stop()
    assert list(of_stack(running.state.directory)) == []
    assert not running.running()
    assert identify(lost.pid) is None


class Memory:
    """What each server that keeps something was told, and whether it still knows."""

    def __init__(self, stack: Stack, name: str) -> None:
        self._world = World(stack, name)
        environment = stack.environment()
        self._topic = CENTERS.named(name)
        self._bucket = f"{name}-words"
        self._mongo = Mongo(environment["SARABAN_MONGO_URL"], name, "words")
        self._publisher = Publisher(self._world.settings(), "memory")
        self._blobs = Blobs(
            environment["SARABAN_S3_ENDPOINT"],
            environment["SARABAN_S3_ACCESS_KEY"],
            SecretStr(environment["SARABAN_S3_SECRET_KEY"]),
        )

    async def __aenter__(self) -> Self:
        await self._world.open()
        await self._publisher.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._publisher.stop()
        self._mongo.close()
        self._blobs.close()

    async def keep(self, words: list[str]) -> dict[str, Place]:
        """Tells them all; returns once each server has acknowledged."""
        await self._mongo.documents("words").insert_many([{"_id": word} for word in words])
        await self._publisher.publish_all([Outgoing(self._topic, word.encode(), b"{}", []) for word in words])
        await self._blobs.ensure_bucket(self._bucket)
        return {
            word: await self._blobs.put(self._bucket, word, word.encode() * 5000, content_type="text/plain")
            for word in words
        }

    async def knows(self, words: dict[str, Place]) -> None:
        """Asserts that each server still knows these words and no others."""
        assert {one["_id"] for one in await self._mongo.documents("words").find({})} == set(words)
        assert {(record.key or b"").decode() for record in await self._world.records(CENTERS)} == set(words)
        for word, place in words.items():
            expected = hashlib.sha256(word.encode() * 5000).hexdigest()
            assert (await self._blobs.fetch(place)).sha256 == expected


async def test_everything_killed_comes_back_with_all_its_data(running: Stack):
    async with Memory(running, "killed") as memory:
        kept = await memory.keep([f"word-{number}" for number in range(20)])
    cluster = running.state.cluster
    for name in SERVERS:
        running.kill(name)
    assert not running.running()

    other = again(running)
    await asyncio.to_thread(other.start, servers_only=True)
    assert other.state.cluster == cluster
    async with Memory(other, "killed") as memory:
        await memory.knows(kept)
        kept |= await memory.keep(["afterwards"])
        await memory.knows(kept)

    await asyncio.to_thread(other.stop)
    await asyncio.to_thread(other.start, servers_only=True)
    async with Memory(other, "killed") as memory:
        await memory.knows(kept)


@contextlib.contextmanager
def another_program(port: int) -> Iterator[None]:
    """Somebody else's web server on a port that we like."""
    with ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()


async def test_a_taken_port_is_avoided_and_told_of_and_the_data_follows(running: Stack):
    async with Memory(running, "moved") as memory:
        kept = await memory.keep(["before-the-move"])
    await asyncio.to_thread(running.stop)
    before = {name: running.ports[name] for name in ("mongo", "s3", "kafka", "smtp", "issuer")}
    with contextlib.ExitStack() as neighbours:
        for port in before.values():
            neighbours.enter_context(another_program(port))
        other = again(running)
        await asyncio.to_thread(other.start, servers_only=True)
    assert {name: other.ports.moved[name][0] for name in before} == before
    assert all(other.ports[name] != port for name, port in before.items())
    assert all(one.ready for one in other.status() if one.name in SERVERS)
    async with Memory(other, "moved") as memory:
        await memory.knows(kept)


def test_a_pid_that_belongs_to_another_program_is_never_killed(running: Stack):
    running.kill("mail")
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        file = running.state.directory / "run" / "mail.pid"
        old = json.loads(file.read_text())
        file.write_text(json.dumps({**old, "pid": bystander.pid}))
        assert running.pid("mail") is None
        running.kill("mail")
        running.servers["mail"].stop()
        assert bystander.poll() is None
        running.servers["mail"].start()
        await_ready(running.servers["mail"])
        assert running.pid("mail") != bystander.pid
    finally:
        bystander.kill()
        bystander.wait()


def test_a_server_that_hangs_is_not_ready_and_is_ready_again_after(running: Stack):
    running.pause("mongo")
    assert not running.servers["mongo"].ready()
    running.resume("mongo")
    assert poll(running.servers["mongo"].ready, 30)


def test_a_server_that_hangs_is_stopped_all_the_same(running: Stack):
    pid = running.pid("kafka")
    assert pid is not None
    running.pause("kafka")
    running.servers["kafka"].stop()
    assert identify(pid) is None


def test_a_variable_puts_a_server_of_the_users_in_the_place_of_ours(running: Stack, tmp_path: Path):
    environment = running.environment()
    named = ("MONGO_URL", "KAFKA_BOOTSTRAP", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "OIDC_ISSUER", "SMTP_URL")
    given = {f"SARABAN_{name}": environment[f"SARABAN_{name}"] for name in named}
    guest = Stack(tmp_path, ports="ephemeral", environ=given)
    guest.start(servers_only=True)
    assert list(of_stack(guest.state.directory)) == []
    assert {name: guest.environment()[name] for name in given} == given
    assert all(one.brought and one.ready for one in guest.status() if one.name in SERVERS)
    # Seen from a shell without the variables, they are still not ours to start.
    assert all(one.brought for one in again(guest).status() if one.name in SERVERS)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SARABAN_MONGO_URL", "mongodb://someone:hunter2@127.0.0.1:1/"),
        ("SARABAN_KAFKA_BOOTSTRAP", "127.0.0.1:1"),
        ("SARABAN_S3_ENDPOINT", "http://127.0.0.1:1"),
        ("SARABAN_OIDC_ISSUER", "http://127.0.0.1:1"),
        ("SARABAN_SMTP_URL", "smtp://127.0.0.1:1"),
        ("SARABAN_SMTP_URL", "nonsense"),
        ("SARABAN_CLAMAV_URL", "tcp://127.0.0.1:1"),
        ("SARABAN_CLAMAV_URL", "unix:///no/such/socket"),
        ("SARABAN_CLAMAV_URL", "nonsense"),
        ("SARABAN_KAFKA_BOOTSTRAP", "nonsense"),
        ("SARABAN_MONGO_URL", "nonsense"),
    ],
)
def test_a_server_of_the_users_that_does_not_answer_is_named_by_its_variable(variable: str, value: str):
    (foreign,) = brought({variable: value}).values()
    with pytest.raises(NotReadyError) as refusal:
        await_ready(foreign, patience=0.1)
    assert variable in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_the_data_of_one_kind_of_stack_is_not_given_to_the_other(running: Stack):
    other = "real" if running.kind == "local" else "local"
    with pytest.raises(WrongStackError, match=running.kind):
        Stack(running.state.directory, kind=other, environ={}).start(servers_only=True)  # type: ignore[arg-type]


def test_secrets_are_in_files_of_the_owner_and_on_no_command_line(running: Stack):
    environment = running.environment()
    folder = running.state.directory
    assert folder.stat().st_mode & 0o077 == 0
    files = [file for file in (folder / "secrets").rglob("*") if file.is_file()]
    assert {"s3-keys", "issuer-key.json", "issuer-secret", "master-key", "receipt-key"} <= {file.name for file in files}
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    lines = b"".join(Path(f"/proc/{run.pid}/cmdline").read_bytes() for run in of_stack(folder))
    assert b"mongod" in lines
    keys = [environment["SARABAN_S3_SECRET_KEY"], environment["SARABAN_S3_ACCESS_KEY"]]
    for hidden in (*keys, (folder / "secrets" / "issuer-secret").read_text()):
        assert hidden.encode() not in lines


def test_logs_hold_no_secret(running: Stack):
    hidden = [
        running.environment()["SARABAN_S3_SECRET_KEY"],
        (running.state.directory / "secrets/issuer-secret").read_text(),
    ]
    for log in (running.state.directory / "logs").iterdir():
        text = log.read_text(errors="replace")
        assert not any(word in text for word in hidden), log.name


def listening(pids: set[int]) -> set[str]:
    """Addresses, in the kernel's hexadecimal form, on which these processes listen."""
    sockets = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                sockets.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]
    ]
    return {row[1].rpartition(":")[0] for row in rows if row[3] == "0A" and row[9] in sockets}


def test_every_server_listens_on_the_loopback_interface_alone(running: Stack):
    ours = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}  # 127.0.0.1, ::1, both
    found = listening({run.pid for run in of_stack(running.state.directory)})
    assert found
    assert found <= ours


def test_the_object_store_refuses_strangers(running: Stack):
    from shared.blobs.buckets import Buckets

    store = running.object_store()
    assert Buckets(store.endpoint, store.access_key, store.secret_key).round_trip("strangers")
    assert not Buckets(store.endpoint, store.access_key, "wrong-secret-key").round_trip("strangers")
    assert not Buckets(store.endpoint, "", "").round_trip("strangers")


@pytest.mark.parametrize(("origin", "welcome"), [("http://127.0.0.1:8080", True), ("http://elsewhere.example", False)])
def test_pages_of_this_machine_may_upload_and_no_others(running: Stack, origin: str, welcome: bool):
    question = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    answer = httpx.options(f"{running.object_store().endpoint}/any/object", headers=question, trust_env=False)
    assert (answer.headers.get("access-control-allow-origin") == origin) is welcome
    assert answer.headers.get("access-control-allow-origin") != "*"


def test_a_server_that_cannot_start_is_named_with_its_last_words(tmp_path: Path):
    stack = Stack(tmp_path / "broken", ports="ephemeral", environ={})
    stack.state.settle("local")
    (tmp_path / "broken" / "mongo").mkdir()
    (tmp_path / "broken" / "mongo" / "storage.bson").write_text("not what mongod left there")
    with pytest.raises(NotReadyError, match="mongo ended before it was ready"):
        bring_up({"mongo": stack.servers["mongo"]}, silent)
    assert not stack.running()
