"""What the inspection says of a file, and that nothing a file does reaches further than its verdict."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.crowd.papers import paper
from services.submissions.domain import Seen
from services.submissions.inspecting.findings import FINDINGS, Finding
from services.submissions.inspecting.inspector.confine import Limits
from services.submissions.inspecting.room import InspectionRoom, report_file, seal
from services.submissions.inspecting.verdicts import Clean, Stalled, Verdict
from shared.failures import Unavailable
from tests.integration.submissions.files import BROKEN, good

LIMITS = Limits(memory=512 << 20, cpu=10, wall=20.0)
SHORT = Limits(memory=256 << 20, cpu=1, wall=2.0)
PATIENT = Limits(memory=256 << 20, cpu=1, wall=60.0)
ROGUE = (str(Path(__file__).with_name("rogue.py")),)


@pytest_asyncio.fixture(scope="module")
async def room() -> AsyncIterator[InspectionRoom]:
    async with InspectionRoom(LIMITS, size=2) as found:
        yield found


@pytest_asyncio.fixture(scope="module")
async def rogue() -> AsyncIterator[InspectionRoom]:
    async with InspectionRoom(SHORT, size=4, program=ROGUE) as found:
        yield found


async def look(room: InspectionRoom, data: bytes) -> Verdict:
    with report_file() as file:
        file.write(data)
        seal(file)
        with report_file() as copy:
            return await room.inspect(file.fileno(), copy.fileno())


async def order(room: InspectionRoom, **what: Any) -> Verdict:
    return await look(room, json.dumps(what).encode())


STOPPED, DONE = Clean(Seen(pages=1)), Clean(Seen(pages=2))
SEVEN = Clean(Seen(pages=7))


@pytest.mark.parametrize("pages", [1, 3, 250])
async def test_a_sound_file_is_clean_and_its_pages_are_counted(room: InspectionRoom, pages: int) -> None:
    assert await look(room, good(pages)) == Clean(Seen(pages=pages, layer="text"))


@pytest.mark.parametrize("size", [2_000, 200_000, 5_000_000])
async def test_rehearsal_papers_of_every_size_are_clean(room: InspectionRoom, size: int) -> None:
    assert isinstance(await look(room, paper(size, size)), Clean)


@pytest.mark.parametrize("name", BROKEN)
async def test_is_sent_back(room: InspectionRoom, name: str) -> None:
    code, build = BROKEN[name]
    verdict = await look(room, build())
    assert isinstance(verdict, Finding)
    assert verdict.code == code


def test_every_finding_tells_in_thai_and_in_english_what_to_do() -> None:
    for code, finding in FINDINGS.items():
        assert finding.code == code
        assert "ส่ง" in finding.sentence
        assert "send" in finding.sentence_en


@pytest.mark.parametrize(
    "name",
    [
        "read /etc/passwd",
        "read the parent's environment",
        "list the root",
        "write a file",
        "run a program",
        "start a process",
        "become root",
        "lift its limits",
        "find secrets in the environment",
        "change the file",
        "make a network of its own",
    ],
)
async def test_a_file_that_took_the_inspector_over_cannot(rogue: InspectionRoom, name: str) -> None:
    assert await order(rogue, attempt=name) == STOPPED


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
async def test_the_network_cannot_be_reached_from_inside(rogue: InspectionRoom, kind: str) -> None:
    with socket.socket(socket.AF_INET, getattr(socket, kind)) as heard:
        heard.bind(("127.0.0.1", 0))
        if kind == "SOCK_STREAM":
            heard.listen()
        address = heard.getsockname()
        assert await order(rogue, dial=[kind, *address]) == STOPPED

        async with InspectionRoom(SHORT, size=1, isolate=False, program=ROGUE) as open_room:
            assert await order(open_room, dial=[kind, *address]) == DONE, "or else the test proves nothing"


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ({"eat": True}, "too_complex"),
        ({"crash": int(signal.SIGSEGV)}, "unreadable"),
        ({"crash": int(signal.SIGABRT)}, "unreadable"),
        ({"leave": 3}, "unreadable"),
        ({"say": ""}, "unreadable"),
        ({"say": "{"}, "unreadable"),
        ({"say": '{"pages": 0}'}, "unreadable"),
        ({"say": '{"pages": true}'}, "unreadable"),
        ({"say": '{"pages": 1e999}'}, "unreadable"),
        ({"say": '{"finding": "harmless"}'}, "unreadable"),
        ({"say": '{"finding": "javascript", "pages": 1}'}, "unreadable"),
        ({"say": '{"pages": 5}' + " " * 3000}, "unreadable"),
        ({"say": '{"pages": 5, "notes": ["anything"]}'}, "unreadable"),
        ({"say": '{"pages": 5, "layer": "<script>"}'}, "unreadable"),
        ({"say": '{"pages": 5, "blank": ["one"]}'}, "unreadable"),
        ({"say": '{"pages": 5, "version": 1}'}, "unreadable"),
        ({"fill": 64 << 20}, "unreadable"),
        ({"say": "[" * 5000}, "unreadable"),
    ],
)
async def test_whatever_a_child_does_is_a_verdict_on_its_file(
    rogue: InspectionRoom, deed: dict[str, Any], code: str
) -> None:
    verdict = await order(rogue, **deed)
    assert isinstance(verdict, Finding)
    assert verdict.code == code


async def test_a_file_that_takes_more_processor_time_than_it_may_is_too_complex() -> None:
    async with InspectionRoom(PATIENT, size=1, program=ROGUE) as room:
        assert await order(room, spin=True) == FINDINGS["too_complex"]


async def test_a_hanging_file_delays_nobody_but_itself(rogue: InspectionRoom) -> None:
    slow = asyncio.create_task(order(rogue, hang=True))
    quick = [await order(rogue, other=True) for _ in range(5)]
    assert quick == [SEVEN] * 5
    assert not slow.done()
    assert await slow == Stalled("waited"), "it used none of its processor time"


async def test_a_child_that_the_machine_kills_for_memory_is_no_verdict_on_its_file() -> None:
    async with InspectionRoom(PATIENT, size=1, program=ROGUE) as room:
        looking = asyncio.create_task(order(room, hang=True))
        while not (children := children_in(room)):
            await asyncio.sleep(0)
        os.kill(children[0], signal.SIGKILL)
        assert await looking == Stalled("killed")


async def test_the_inspectors_own_death_is_no_verdict_and_it_comes_back() -> None:
    async with InspectionRoom(SHORT, size=1, program=ROGUE) as room:
        waiting = asyncio.create_task(order(room, hang=True))
        while not room._inspector or not room._inspector._jobs:
            await asyncio.sleep(0)
        os.kill(room._inspector._process.pid, signal.SIGKILL)
        with pytest.raises(Unavailable):
            await waiting
        assert await order(room, other=True) == SEVEN


async def test_closing_the_room_leaves_no_process_behind() -> None:
    room = InspectionRoom(SHORT, size=1, program=ROGUE)
    async with room:
        task = asyncio.create_task(order(room, hang=True))
        while not (children := children_in(room)):
            await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await task
    inspector = room._inspector
    assert inspector is not None
    for pid in (inspector._process.pid, *children):
        await _gone(pid)


def children_in(room: InspectionRoom) -> list[int]:
    assert room._inspector is not None
    return _children_of(room._inspector._process.pid)


def _children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _gone(pid: int) -> None:
    async with asyncio.timeout(20):
        while _alive(pid):
            await asyncio.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_when_the_service_is_killed_its_inspector_and_every_child_end_too() -> None:
    script = f"""
import asyncio, json, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from services.submissions.inspecting.room import InspectionRoom, report_file
from services.submissions.inspecting.inspector.confine import Limits

async def main():
    room = InspectionRoom(Limits(256 << 20, 60, 60.0), size=1, program=({ROGUE[0]!r},))
    await room.open()
    with report_file() as file:
        file.write(json.dumps({{"hang": True}}).encode())
        file.flush()
        task = asyncio.create_task(room.inspect(file.fileno()))
        await asyncio.sleep(0)
        print(room._inspector._process.pid, flush=True)
        await task

asyncio.run(main())
"""
    service = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert service.stdout is not None
    inspector = int(await service.stdout.readline())
    async with asyncio.timeout(20):
        while not (children := _children_of(inspector)):
            await asyncio.sleep(0.01)
    service.kill()
    await service.wait()
    for pid in (inspector, *children):
        await _gone(pid)
