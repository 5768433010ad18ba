"""Looks for secrets where they should not be, in every disguise that a system puts on bytes.

A search that finds nothing proves nothing until it has found something planted on purpose: see `planted`.
"""

import base64
import json
import urllib.parse
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import bson

from shared.mongo import Mongo


class Sighting(NamedTuple):
    """A secret found: which, in what disguise, where."""

    secret: str
    disguise: str
    place: str


def disguises(secret: str) -> Iterator[tuple[str, bytes]]:
    """The byte strings in which a secret may appear."""
    raw = secret.encode()
    yield "raw", raw
    for offset in range(3):
        # The middle of the secret's base64 when it starts `offset` bytes into a longer text.
        encoded = base64.b64encode(b"\0" * offset + raw)
        start, end = (0, 2, 3)[offset], len(encoded) - (4 if (len(raw) + offset) % 3 else 0)
        yield f"base64+{offset}", encoded[start:end]
        yield f"base64url+{offset}", encoded[start:end].replace(b"+", b"-").replace(b"/", b"_")
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "url", urllib.parse.quote(secret, safe="").encode()
    yield "json", json.dumps(secret)[1:-1].encode()
    yield "utf-16", secret.encode("utf-16-le")


class Canaries:
    """Secrets to look for."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._needles: list[tuple[str, str, bytes]] = []
        for secret in secrets:
            for disguise, needle in {needle: name for name, needle in disguises(secret)}.items():
                self._needles.append((secret, needle, disguise))

    def sightings(self, place: str, haystack: bytes) -> Iterator[Sighting]:
        """Every disguise of every secret that the bytes hold."""
        for secret, disguise, needle in self._needles:
            if needle in haystack:
                yield Sighting(secret, disguise, place)


async def collections(mongos: Iterable[Mongo]) -> AsyncIterator[tuple[str, bytes]]:
    """Every document of every collection as the database stores it."""
    for mongo in mongos:
        for collection in await mongo.collections():
            async for document in mongo.documents(collection).each({}):
                yield f"collection {mongo.name}.{collection}", bson.encode(document)


def files(folder: Path, *patterns: str) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder that matches: logs, traces, core dumps."""
    for pattern in patterns:
        for path in sorted(folder.rglob(pattern)):
            if path.is_file():
                yield f"file {path.name}", path.read_bytes()
