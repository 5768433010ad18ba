"""What is made of a scanner's answers: by a small clamd that speaks the real protocol and says what it is told to."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.submissions.inspecting.examination import meaning
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.inspecting.room import report_file
from services.submissions.inspecting.scanner import NotScanned, Scanner, ScannerAway

Answer = Callable[[bytes], bytes | None]


@asynccontextmanager
async def clamd(answer: Answer, *, pong: bytes = b"PONG\0") -> AsyncIterator[Scanner]:
    """It answers a file as `answer` says; where that is None it hangs up in the middle."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = await reader.readuntil(b"\0")
        said = pong if command == b"zPING\0" else answer(await stream(reader))
        if said is not None:
            writer.write(said)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Scanner(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", connect_seconds=2, scan_seconds=2)


async def stream(reader: asyncio.StreamReader) -> bytes:
    found = b""
    while length := struct.unpack("!L", await reader.readexactly(4))[0]:
        found += await reader.readexactly(length)
    return found


async def scanned(scanner: Scanner, data: bytes) -> str | None:
    with report_file() as file:
        os.write(file.fileno(), data)
        return await scanner.scan(file.fileno(), len(data))


def bad_alone(answer: bytes | None) -> Answer:
    return lambda data: answer if data == b"bad" else b"stream: OK\0"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "no_connection"),
        (b"stream: Can't allocate memory ERROR\0", "unexpected_answer"),
        (b"INSTREAM size limit exceeded. ERROR\0", "stream_limit"),
    ],
)
async def test_a_fault_that_comes_with_one_file_stays_with_it(answer: bytes | None, code: str) -> None:
    async with clamd(bad_alone(answer)) as scanner:
        for _ in range(2):
            with pytest.raises(NotScanned, match=code):
                await scanned(scanner, b"bad")
            assert scanner.trouble is None
            assert await scanned(scanner, b"good") is None


async def test_a_scanner_that_fails_on_a_file_and_on_a_ping_is_away_for_all() -> None:
    async with clamd(bad_alone(None), pong=b"?\0") as scanner:
        for data in (b"bad", b"good"):
            with pytest.raises(ScannerAway):
                await scanned(scanner, data)
        assert scanner.trouble is not None


async def test_what_exceeds_a_limit_of_the_scanner_does_not_pass() -> None:
    async with clamd(bad_alone(b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0")) as scanner:
        found = await scanned(scanner, b"bad")
    assert found is not None
    assert meaning(found) == FINDINGS["too_complex"]
