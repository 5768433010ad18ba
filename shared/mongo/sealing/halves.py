"""The halves of the holders' keys that lie outside the database, so that no copy of the database brings back a holder.

A secret is locked with two keys: the holder's data key, which the database keeps wrapped by the master key, and a half
from a keyring on a shelf in the object store. To erase a holder its half is destroyed there. Whoever restores an old
database then has the wrapped data key again, and the master key perhaps, and still can't open what they sealed.

The ring lies on the shelf sealed by the master key, with a data key of its own beside it: the object store by itself
tells nothing.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Protocol

from shared.blobs import Standing, TakenError
from shared.mongo.sealing.crypt import rewrapped, ring_master, ring_opened, ring_sealed
from shared.mongo.sealing.masters import MasterKeys
from shared.security.keyring import NODE_BYTES, Keyring


class Shelf(Protocol):
    """Where the ring lies: replaced whole, by one writer at a time, without old copies. `shared.blobs.Shelf` is one."""

    async def prepare(self) -> None: ...
    async def read(self) -> Standing | None: ...
    async def replace(self, before: Standing | None, content: bytes) -> Standing: ...


class KeyringMissing(Exception):  # noqa: N818
    """There are data keys in the database and no keyring on the shelf: nothing that they sealed can be opened."""


class Halves:
    """The ring as this process knows it, at most `seconds` old. Every method raises what the shelf raises."""

    def __init__(self, shelf: Shelf, keys: MasterKeys, seconds: float) -> None:
        self._shelf, self._keys, self._seconds = shelf, keys, seconds
        self._known: tuple[Keyring, float] | None = None
        self._reading = asyncio.Lock()

    async def prepare(self, *, fresh: bool) -> None:
        """Make sure that there is a ring; a new one is grown for a `fresh` database alone. Raises KeyringMissing."""
        await self._shelf.prepare()
        if await self._shelf.read() is not None:
            return
        if not fresh:
            raise KeyringMissing
        ring = Keyring.grown_from(os.urandom(NODE_BYTES))
        try:
            await self._shelf.replace(None, await asyncio.to_thread(ring_sealed, self._keys, ring.packed()))
        except TakenError:
            return  # another process has just grown one

    async def ring(self, *, fresh: bool = False) -> Keyring:
        """The ring, read again when it has become old, or where it must be `fresh`."""
        async with self._reading:
            if fresh or self._known is None or time.monotonic() - self._known[1] > self._seconds:
                asked = time.monotonic()
                _, ring = await self._read()
                self._known = ring, asked
            return self._known[0]

    async def destroy(self, names: Sequence[bytes]) -> None:
        """Destroy the halves of these names. When it returns, the shelf holds nothing that leads to them."""
        while True:
            asked = time.monotonic()
            standing, ring = await self._read()
            left = ring
            for name in names:
                left = left.without(name)
            if left is not ring:
                try:
                    await self._shelf.replace(standing, await asyncio.to_thread(ring_sealed, self._keys, left.packed()))
                except TakenError:
                    continue
            self._known = left, asked
            return

    async def wrapped_by(self) -> str:
        """The name of the master key under which the ring lies."""
        standing = await self._shelf.read()
        if standing is None:
            raise KeyringMissing
        return ring_master(standing.content)

    async def rewrap(self) -> bool:
        """Seal the ring under the current master key. Whether it was under another."""
        while True:
            standing = await self._shelf.read()
            if standing is None:
                raise KeyringMissing
            anew = await asyncio.to_thread(rewrapped, self._keys, standing.content)
            if anew is None:
                return False
            try:
                await self._shelf.replace(standing, anew)
            except TakenError:
                continue
            return True

    async def _read(self) -> tuple[Standing, Keyring]:
        standing = await self._shelf.read()
        if standing is None:
            raise KeyringMissing
        return standing, Keyring.unpacked(await asyncio.to_thread(ring_opened, self._keys, standing.content))
