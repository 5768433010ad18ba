"""What an operator types on a system that has a round behind it: verify, events, dead, projections; and the demo."""

import asyncio
import os
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.cli import app
from deploy.local.process import of_stack
from deploy.local.stack import Stack
from deploy.local.tools.letters import letters
from shared.bus import Outgoing, Publisher
from shared.contracts.topics import CLUSTERS, INBOUND_CREDENTIALS
from shared.settings import CoreSettings, read
from tests.world import eventually

SARABAN = str(Path(sysconfig.get_path("scripts")) / "saraban")


async def saraban(finished, *words: str) -> tuple[int, str]:
    """The exit code and what was printed."""
    done = await asyncio.to_thread(
        CliRunner(env=finished.environ).invoke, app, [*words, "--data", str(finished.folder)]
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


async def test_verify_finds_nothing_missing(finished):
    code, said = await saraban(finished, "verify")
    assert code == 0, said
    assert "nothing was lost" in said


async def test_verify_names_a_gap_and_fails(finished):
    deliveries = finished.insight.mongos["notifier"].documents("deliveries")
    taken = await deliveries.one({"kind": "report_accepted"})
    await deliveries.delete({"_id": taken["_id"]})
    try:
        code, said = await saraban(finished, "verify")
    finally:
        await deliveries.insert(taken)
    assert code == 1
    assert f"{taken['recipient']}: no report_accepted" in said
    assert "there are gaps" in said


async def test_events_are_shown_one_a_line(finished):
    code, said = await saraban(finished, "events", "tail", "registry.rounds", "--once")
    assert code == 0
    lines = [line.split(" ", 3) for line in said.splitlines()]
    assert {line[1:3] for line in map(tuple, lines)} == {("saraban.registry.round.changed.v1", finished.outcome.round)}
    code, said = await saraban(finished, "events", "tail", "registry.wrongs")
    assert code == 2
    assert "no such topic: registry.wrongs" in said


async def test_projections_come_back_whole_from_the_first_event(finished):
    """Before anything is spoilt: what is read again from the first event is buried again, too."""
    known = finished.insight.mongos["submissions"]
    before = {name: await known.documents(name).count({}) for name in ("rounds", "centers", "obligations")}
    code, said = await saraban(finished, "projections", "rebuild", "submissions")
    assert code == 0
    assert "rows are back" in said
    assert {name: await known.documents(name).count({}) for name in before} == before
    assert all(before.values())
    code, said = await saraban(finished, "verify")
    assert code == 0, said
    code, said = await saraban(finished, "projections", "rebuild", "kitchen")
    assert code == 2
    assert "no such service: kitchen" in said


async def spoil(finished, *records: Outgoing) -> None:
    publisher = Publisher(read(CoreSettings, finished.stack.environment()), "spoiler")
    await publisher.start()
    try:
        await publisher.publish_all(records)
    finally:
        await publisher.stop()


async def open_letters(finished, service: str) -> Counter[str]:
    """By fault, the letters of a service that nobody has settled."""
    found = await letters(finished.stack.environment()["SARABAN_KAFKA_BOOTSTRAP"], "saraban", (service,))  # type: ignore[arg-type]
    return Counter(letter.said("dead_error") for letter in found)


@pytest.mark.campaign
async def test_a_letter_that_cannot_be_sent_back_stays_open_until_somebody_gives_it_up(finished):
    topic = CLUSTERS.named("saraban")
    # Of one key, so in one partition: the letter without bytes lies before the one that can be sent back.
    large = Outgoing(topic, b"spoilt", b"x" * ((1 << 20) + 1), [])
    unnamed = Outgoing(topic, b"spoilt", b"{}", [("ce_specversion", b"1.0")])
    await spoil(finished, large, unnamed)

    async def both() -> bool:
        return await open_letters(finished, "submissions") == {"oversized_value": 1, "missing_header": 1}

    await eventually(both)
    code, said = await saraban(finished, "dead", "ls")
    assert code == 1
    assert "oversized_value" in said
    assert "missing_header" in said
    (number,) = [line.split("│")[2].strip() for line in said.splitlines() if "oversized_value" in line]
    code, said = await saraban(finished, "dead", "show", "submissions", number)
    assert code == 0
    assert f"dead_topic: {topic}" in said
    code, said = await saraban(finished, "dead", "show", "submissions", "99:99")
    assert code == 1

    code, said = await saraban(finished, "dead", "redrive", "submissions", "--dry-run")
    assert code == 0
    assert "1 ฉบับส่งกลับได้" in said
    assert "stay open" in said
    assert await both(), "a dry run does nothing"

    code, said = await saraban(finished, "dead", "redrive", "submissions")
    assert code == 1
    assert f"submissions {number}: oversized_value" in said, "it says which stay open"
    assert await eventually(both), "the one came back as unreadable as before; the other was never lost sight of"
    code, said = await saraban(finished, "verify")
    assert code == 1
    assert "submissions: 2 unreadable records" in said

    again = await letters(finished.stack.environment()["SARABAN_KAFKA_BOOTSTRAP"], "saraban", ("submissions",))
    (hopeless,) = [letter.number for letter in again if letter.can_return]
    code, said = await saraban(finished, "dead", "settle", "submissions", hopeless)
    assert code == 0
    assert f"submissions {hopeless}: missing_header" in said
    assert await open_letters(finished, "submissions") == {"oversized_value": 1}
    code, said = await saraban(finished, "dead", "redrive", "submissions", "--give-up")
    assert code == 0
    assert "given up" in said
    assert "oversized_value" in said
    assert await open_letters(finished, "submissions") == {}


async def test_a_letter_of_a_sensitive_topic_holds_no_bytes_and_is_given_up_by_name(finished):
    await spoil(finished, Outgoing(INBOUND_CREDENTIALS.named("saraban"), b"spoilt", b"Saraban-Spoilt-7f3k", []))

    async def one() -> bool:
        return sum((await open_letters(finished, "credentials")).values()) == 1

    await eventually(one)
    code, said = await saraban(finished, "dead", "redrive", "credentials")
    assert code == 1
    assert "0 ฉบับส่งกลับได้" in said
    assert await one()
    assert (await saraban(finished, "dead", "redrive", "credentials", "--give-up"))[0] == 0
    assert (await saraban(finished, "dead", "ls")) == (0, "ไม่มี / none\n")
    assert (await saraban(finished, "verify"))[0] == 0


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kind = os.environ.get("SARABAN_TEST_STACK", "local")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SARABAN_")}
    return subprocess.run(
        [SARABAN, "demo", "--stack", kind, "--data", str(folder), *words],
        env=kept,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_a_demo_never_clears_a_folder_that_is_not_its_own(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("the only copy", encoding="utf-8")
    done = demo(tmp_path, "--exit")
    assert done.returncode == 2
    assert "is not empty and holds no stack" in done.stdout
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [
        ("thesis.txt", "the only copy")
    ]


@pytest.mark.campaign
@pytest.mark.timeout(240)
def test_a_small_demo_ends_with_its_verdict_and_leaves_no_process(tmp_path: Path):
    folder = tmp_path / "demo"
    stack = Stack(folder, ports="ephemeral", environ={})
    try:
        done = demo(folder, "--exit", "--centers", "2", "--roll", "3")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "nothing was lost" in done.stdout
        assert list(of_stack(folder)) == []
    finally:
        stack.stop()
