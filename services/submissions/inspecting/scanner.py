"""The virus scanner: a clamd that is asked over its own small protocol (clamd(8), INSTREAM).

A scanner that does not answer is no verdict: `ScannerAway` is raised, and the file waits. One that fails on a file and
answers a ping right after it is there for all others: `NotScanned` is raised, and that file waits alone.
"""

import asyncio
import os
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from shared.failures import Unavailable
from shared.telemetry import get_logger
from shared.telemetry.metrics import SCANNER_FAILURES

log = get_logger()

PIECE: Final = 256 * 1024
"""Bytes sent at a time."""
REST_SECONDS: Final = 5.0
"""For so long nobody asks a scanner that has just failed."""
_LONGEST_ANSWER: Final = 4096


class ScannerAway(Unavailable):
    """The scanner did not judge the file. `code` is safe to log and to show."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotScanned(Exception):  # noqa: N818
    """The scanner works and did not judge this one file. `code` is safe to log and to show."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Scanner:
    """One clamd at `tcp://host:port` or `unix:///path`, asked on a connection for each file."""

    def __init__(self, url: str, *, connect_seconds: float = 3.0, scan_seconds: float = 60.0) -> None:
        self._address = urlsplit(url)
        self._connect_seconds, self._scan_seconds = connect_seconds, scan_seconds
        self._failed: str | None = None
        self._away_since = self._rests_until = 0.0

    @property
    def trouble(self) -> str | None:
        """Since when it does not answer, and what it said last; None while it works."""
        if self._failed is None:
            return None
        return f"{self._failed}, for {time.monotonic() - self._away_since:.0f} s"

    async def scan(self, file: int, size: int) -> str | None:
        """The name of what was found in the first `size` bytes behind a descriptor, or None.

        Raises `ScannerAway`, at once if the scanner has failed within the last seconds; `NotScanned` if it works and
        failed on this file.
        """
        if time.monotonic() < self._rests_until:
            raise ScannerAway(self._failed or "resting")
        try:
            said = await self._ask(b"zINSTREAM\0", pieces(file, size), self._scan_seconds)
            found = found_in(said)
        except ScannerAway as failed:
            SCANNER_FAILURES.labels(failed.code).inc()
            await self.ping()
            raise NotScanned(failed.code) from failed
        self._works()
        return found

    async def ping(self) -> None:
        """Returns if it is there; else raises `ScannerAway`."""
        try:
            if await self._ask(b"zPING\0", iter(()), self._connect_seconds) != "PONG":
                raise ScannerAway("unexpected_answer")
        except ScannerAway as failed:
            self._fail(failed.code)
            raise
        self._works()

    async def _ask(self, command: bytes, body: Iterator[bytes], seconds: float) -> str:
        try:
            async with asyncio.timeout(seconds), self._connected() as (reader, writer):
                writer.write(command)
                with suppress(ConnectionError):  # it hangs up on what is too long for it, and says so first
                    for piece in body:
                        writer.write(piece)
                        await writer.drain()
                said = await reader.readuntil(b"\0")
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ScannerAway("timeout" if isinstance(error, TimeoutError) else "no_connection") from error
        return said.rstrip(b"\0").decode("utf-8", "replace")

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        async with asyncio.timeout(self._connect_seconds):
            if self._address.scheme == "unix":
                reader, writer = await asyncio.open_unix_connection(self._address.path, limit=_LONGEST_ANSWER)
            else:
                host, port = self._address.hostname, self._address.port
                reader, writer = await asyncio.open_connection(host, port, limit=_LONGEST_ANSWER)
        try:
            yield reader, writer
        finally:
            writer.close()

    def _works(self) -> None:
        if self._failed is not None:
            log.info("submissions.scanner.back")
        self._failed, self._rests_until = None, 0.0

    def _fail(self, code: str) -> None:
        if self._failed is None:
            self._away_since = time.monotonic()
            log.warning("submissions.scanner.away", code=code)
        self._failed, self._rests_until = code, time.monotonic() + REST_SECONDS
        SCANNER_FAILURES.labels(code).inc()


def found_in(said: str) -> str | None:
    """What an answer to INSTREAM names, or None. Raises `ScannerAway` if it is no verdict."""
    if said.endswith(": OK"):
        return None
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND").partition(": ")[2]
    raise ScannerAway("stream_limit" if "size limit" in said else "unexpected_answer")


def pieces(file: int, size: int) -> Iterator[bytes]:
    """A file as INSTREAM wants it: each piece behind its length, and an empty one at the end."""
    at = 0
    while at < size:
        piece = os.pread(file, min(PIECE, size - at), at)
        if not piece:
            break
        at += len(piece)
        yield struct.pack("!L", len(piece)) + piece
    yield struct.pack("!L", 0)
