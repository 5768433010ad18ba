"""Looks for secrets where they should not be, in every disguise that a system puts on bytes.

A search that finds nothing proves nothing until it has found something planted on purpose in each kind of place.
"""

import base64
import json
import os
import re
import resource
import subprocess
import sys
import urllib.parse
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bson
import numpy as np

from shared.blobs import Blobs
from shared.mongo import Mongo

LARGE = 1 << 16
"""Bytes from which on a haystack is looked through once for all needles, and no longer once for each."""
STEP = 8 << 20
PREFIX = 6
"""No needle is shorter."""


class Secret(NamedTuple):
    """A secret to look for, and what it is, so that a failure names it without showing it."""

    kind: str
    value: str | bytes


class Sighting(NamedTuple):
    """A secret found: what it is, in what disguise, where."""

    kind: str
    disguise: str
    place: str


def disguises(secret: str | bytes) -> Iterator[tuple[str, bytes]]:
    """The byte strings in which a secret may appear."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    yield "raw", raw
    for offset in range(3):
        # The middle of the secret's base64 when it starts `offset` bytes into a longer text.
        encoded = base64.b64encode(b"\0" * offset + raw)
        start, end = (0, 2, 3)[offset], len(encoded) - (4 if (len(raw) + offset) % 3 else 0)
        yield f"base64+{offset}", encoded[start:end]
        yield f"base64url+{offset}", encoded[start:end].replace(b"+", b"-").replace(b"/", b"_")
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    if isinstance(secret, str):
        yield "url", urllib.parse.quote(secret, safe="").encode()
        yield "json", json.dumps(secret)[1:-1].encode()
        yield "utf-16", secret.encode("utf-16-le")


def whole_values(number: str) -> Iterator[bytes]:
    """A short number where it is a whole value: in JSON, in JSON within JSON, in BSON, in a log line. As a mere part of
    other digits it would be found everywhere."""
    yield f'"{number}"'.encode()
    yield f'\\"{number}\\"'.encode()
    yield len(number + "\0").to_bytes(4, "little") + f"{number}\0".encode()
    yield f"='{number}'".encode()
    yield f"code={number}".encode()


class Canaries:
    """Secrets to look for; `numbers` only as whole values."""

    def __init__(self, secrets: Iterable[Secret], numbers: Iterable[str] = ()) -> None:
        self._needles: dict[bytes, tuple[str, str]] = {}
        for kind, value in secrets:
            self._needles |= {needle: (kind, name) for name, needle in disguises(value)}
        for number in numbers:
            for value in whole_values(number):
                self._needles |= {needle: ("short code", name) for name, needle in disguises(value)}
        self.longest = max(map(len, self._needles))
        self._starts: dict[bytes, list[bytes]] = {}
        self._first, self._second = np.zeros(1 << 24, bool), np.zeros(1 << 24, bool)
        for needle in self._needles:
            assert len(needle) >= PREFIX
            self._starts.setdefault(needle[:PREFIX], []).append(needle)
            self._first[int.from_bytes(needle[:3], "little")] = True
            self._second[int.from_bytes(needle[3:6], "little")] = True

    def sightings(self, place: str, haystack: bytes) -> Iterator[Sighting]:
        """Every disguise of every secret that the bytes hold."""
        there = self._at_once(haystack) if len(haystack) >= LARGE else {n for n in self._needles if n in haystack}
        for needle in sorted(there):
            yield Sighting(*self._needles[needle], place)

    def _at_once(self, haystack: bytes) -> set[bytes]:
        """Needles in a large haystack: their first bytes are looked up at every place, the rest where those fit."""
        octets, found = np.frombuffer(haystack, np.uint8), set()
        for start in range(0, len(octets), STEP):
            part = octets[start : start + STEP + 2]
            if not part.any():  # much of a database's files and of memory was never written
                continue
            threes = _threes(part)
            places = np.flatnonzero(self._first[threes]) + start
            places = places[places + PREFIX <= len(octets)]
            places = places[self._second[_at(octets, places + 3)]]
            for at in places.tolist():
                for needle in self._starts.get(haystack[at : at + PREFIX], ()):
                    if haystack.startswith(needle, at):
                        found.add(needle)
        return found


def _threes(octets: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """The number that the three bytes at each place make."""
    wide = octets.astype(np.uint32)
    return wide[:-2] | wide[1:-1] << 8 | wide[2:] << 16


def _at(octets: "np.ndarray[Any, Any]", places: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    wide = [octets[places + step].astype(np.uint32) for step in range(3)]
    return np.asarray(wide[0] | wide[1] << 8 | wide[2] << 16)


async def collections(mongos: Iterable[Mongo]) -> AsyncIterator[tuple[str, bytes]]:
    """Every document of every collection as the database stores it."""
    for mongo in mongos:
        for collection in await mongo.collections():
            async for document in mongo.documents(collection).each({}):
                yield f"collection {mongo.name}.{collection}", bson.encode(document)


async def objects(blobs: Blobs) -> AsyncIterator[tuple[str, bytes]]:
    """Every object of every bucket that the store has, whoever made it."""
    for bucket in blobs._client.list_buckets():
        for held in await blobs.places(bucket.name):
            async with blobs.reading(held) as chunks:
                yield f"object {bucket.name}/{held.key}", b"".join([chunk async for chunk in chunks])


def files(folder: Path, *patterns: str) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder that matches: logs, traces, mails, the servers' own."""
    for pattern in patterns:
        for path in sorted(folder.rglob(pattern)):
            if path.is_file():
                yield f"file {path.relative_to(folder)}", path.read_bytes()


def memory(pid: int, service: str, overlap: int) -> Iterator[tuple[str, bytes]]:
    """What a process can write to or has to itself: heap, stack, everything mapped that is no unchanged file."""
    with Path(f"/proc/{pid}/mem").open("rb", 0) as held:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, _, _, inode, *_ = line.split()
            if (
                not rights.startswith("r")
                or (rights[1] != "w" and inode != "0")
                or line.endswith(("[vvar]", "[vsyscall]"))
            ):
                continue
            start, end = (int(each, 16) for each in span.split("-"))
            for at in range(start, end, STEP):
                try:
                    held.seek(at)
                    yield f"memory {service}", held.read(min(end - at, STEP + overlap))
                except OSError:  # unmapped since, or not for reading whatever it says
                    break


def dumps(working_folders: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """The core dumps that lie where the kernel puts those of processes with these working folders."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    folders = {Path(pattern).parent} if pattern.startswith("/") else set(working_folders)
    name = re.split("%", Path(pattern).name)[0] if not pattern.startswith("|") else "core"
    for folder in sorted(folders):
        for path in sorted(folder.glob(f"{name}*")):
            yield f"dump {path.name}", path.read_bytes()


def crash(folder: Path, word: str) -> None:
    """Crash a process that has this word in its memory and may dump it; where dumps go elsewhere, leave what looks
    like one."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    program = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_CORE, ({most}, {most})); os.abort()"
    environment = {**os.environ, "WORD": word}
    subprocess.run([sys.executable, "-c", program], check=False, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    if not any(folder.glob("core*")):
        (folder / "core.control").write_text(word)
