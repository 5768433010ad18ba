"""Seals and opens, and keeps the data keys: one for each holder, wrapped by the master key."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from bson.binary import UUID_SUBTYPE, Binary

from shared.mongo.client import Mongo
from shared.mongo.documents import ASCENDING, Document, UpdateOne
from shared.mongo.sealing.crypt import Crypt, Label, SealBroken, ToSeal, crypt, key_id_of, lock, unlock
from shared.mongo.sealing.halves import Halves, Shelf
from shared.mongo.sealing.masters import MasterKeys
from shared.security.keyring import Keyring

KEY_SECONDS: Final = 5.0
"""How old the keyring of a process may be: an erased holder is gone everywhere after this."""
REWRAPPED_AT_ONCE: Final = 100
_CHECK: Final = "saraban/master-key-check"


class WrongMasterKey(Exception):  # noqa: N818
    """The master key is not the one this database was sealed under, or may not be used."""


class Vault:
    """`prepare` before use.

    No data key outlives the call that used it: one from the database for every opening, and the keyring is at most
    `key_seconds` old: so an erased holder is gone, in every process, after that. Methods raise the driver's own errors
    when the database is away, and `Unavailable` when a key server or the shelf is.
    """

    def __init__(
        self,
        mongo: Mongo,
        keys: MasterKeys,
        shelf: Shelf,
        *,
        collection: str = "keys",
        key_seconds: float = KEY_SECONDS,
    ) -> None:
        self._master = keys
        self._keys = mongo.documents(collection)
        self._halves = Halves(shelf, keys, key_seconds)

    async def prepare(self) -> None:
        """Make sure that a holder can have one key only, that the keyring is there, and that the master key fits.

        Raises WrongMasterKey, KeyringMissing.
        """
        await self._keys.index(
            [("keyAltNames", ASCENDING)],
            name="keyAltNames",
            unique=True,
            partialFilterExpression={"keyAltNames": {"$exists": True}},
        )
        await self._keys.index([("masterKey.provider", ASCENDING)], name="provider")
        try:
            used = await self._keys.one({"masterKey.provider": {"$gt": ""}}, fields=["_id"])
            await self._halves.prepare(fresh=used is None)
            check = ToSeal(_CHECK, {"check": 1}, {"check": "open"})
            await self.open((await self.seal_many([check]))[0], check.label)
        except SealBroken:
            raise WrongMasterKey from None

    async def seal_many(self, wanted: Sequence[ToSeal]) -> list[bytes]:
        """Seal secrets, in their order. Owners without a key get one, which is durable before this returns.

        Raises SealBroken when the key of one of them does not open under this master key.
        """
        ring = await self._halves.ring()
        known = await self._living(sorted({each.owner for each in wanted}), ring)
        made, sealed = await asyncio.to_thread(_seal, self._master, wanted, known, ring)
        taken = await self._keys.insert_many(made)
        if not taken:
            return sealed
        # Another process gave some of these owners their key in this moment: seal theirs again, under that key.
        theirs = {made[position]["keyAltNames"][0] for position in taken}
        again = [position for position, each in enumerate(wanted) if each.owner in theirs]
        resealed = await self.seal_many([wanted[position] for position in again])
        for position, seal in zip(again, resealed, strict=True):
            sealed[position] = seal
        return sealed

    async def open(self, sealed: bytes, label: Label) -> dict[str, str]:
        """The secret in a seal. Raises SealBroken unless it was sealed under exactly this label."""
        (found,) = await self.open_many([(sealed, label)])
        if found is None:
            raise SealBroken
        return found

    async def open_many(self, seals: Sequence[tuple[bytes, Label]]) -> list[dict[str, str] | None]:
        """The secrets in seals, in their order; None for one that does not open."""
        ring = await self._halves.ring()
        ids = {key_id for sealed, _ in seals if (key_id := key_id_of(sealed)) is not None}
        keys = await self._keys.find({"_id": {"$in": [Binary(each, UUID_SUBTYPE) for each in ids]}})
        return await asyncio.to_thread(_open, self._master, seals, keys, ring)

    async def erase(self, owner: str) -> bool:
        """Destroy an owner's keys, and with them every secret of that owner, also in copies of the database.

        Whether there was a key. When it is cut off, the next call finishes it.
        """
        found = await self._keys.find({"keyAltNames": owner}, fields=["_id"])
        await self._halves.destroy([bytes(each["_id"]) for each in found])
        return await self._keys.delete({"keyAltNames": owner}) > 0

    async def erased(self, sealed: bytes, *, fresh: bool = False) -> bool:
        """Whether the half of a seal's key was destroyed; `fresh`, also where that was a moment ago, elsewhere."""
        key_id = key_id_of(sealed)
        return key_id is not None and (await self._halves.ring(fresh=fresh)).key(key_id) is None

    async def dead(self) -> dict[bytes, str]:
        """Data keys whose half was destroyed, with their owners: an old copy of the database has brought them back."""
        ring = await self._halves.ring(fresh=True)
        found = await self._keys.find({"keyAltNames": {"$gt": ""}}, fields=["keyAltNames"])
        keys = {bytes(each["_id"]): each["keyAltNames"][0] for each in found}
        gone = await asyncio.to_thread(lambda: [each for each in keys if ring.key(each) is None])
        return {each: keys[each] for each in gone}

    async def forget(self, keys: Sequence[bytes]) -> None:
        """Delete the wrapped halves of these keys, which `dead` named. Nothing that opened before opens less after."""
        await self._keys.delete({"_id": {"$in": [Binary(each, UUID_SUBTYPE) for each in keys]}})

    async def wrapped(self) -> Counter[str]:
        """How many data keys each master key wraps, by its name."""
        groups = await self._keys.gather([
            {"$sort": {"masterKey.provider": ASCENDING}},
            {"$group": {"_id": "$masterKey.provider", "keys": {"$sum": 1}}},
        ])  # fmt: skip
        return Counter({str(each["_id"]): int(each["keys"]) for each in groups})

    async def rewrap(self, limit: int = REWRAPPED_AT_ONCE) -> int:
        """Wrap some data keys that are under another known master key by the current one; how many there were.

        Nothing that they sealed changes, and everything opens meanwhile. To be called until it returns 0. Keys under a
        master key that is not named stay as they are: `wrapped` shows them.
        """
        others: Document = {"masterKey.provider": {"$in": [each.provider for each in self._master.also]}}
        keys = await self._keys.find(others, limit=limit)
        if not keys:
            return 1 if await self._halves.rewrap() else 0
        anew = await asyncio.to_thread(_rewrap, self._master, keys)
        before = {bytes(key["_id"]): key["keyMaterial"] for key in keys}
        await self._keys.bulk([
            UpdateOne(
                {"_id": each["_id"], "keyMaterial": before[bytes(each["_id"])]},
                {
                    "$set": {"keyMaterial": each["keyMaterial"], "masterKey": each["masterKey"]},
                    "$currentDate": {"updateDate": True},
                },
            )
            for each in anew
        ])  # fmt: skip
        return len(keys)

    async def keyring_under(self) -> str:
        """The name of the master key under which the keyring lies."""
        return await self._halves.wrapped_by()

    @property
    def master(self) -> str:
        """The name of the current master key."""
        return self._master.current.provider

    @property
    def also(self) -> tuple[str, ...]:
        """The names of the other master keys that are in use."""
        return tuple(each.provider for each in self._master.also if each.provider != self.master)

    async def _living(self, owners: Sequence[str], ring: Keyring) -> dict[str, Document]:
        """The keys that owners have. One whose half was destroyed came with an old copy of the database: it goes."""
        found = await self._keys.find({"keyAltNames": {"$in": list(owners)}})
        dead = [each for each in found if ring.key(bytes(each["_id"])) is None]
        if dead:
            await self._keys.delete({"_id": {"$in": [each["_id"] for each in dead]}})
        return {each["keyAltNames"][0]: each for each in found if each not in dead}


def _seal(
    master: MasterKeys, wanted: Sequence[ToSeal], known: Mapping[str, Document], ring: Keyring
) -> tuple[list[Document], list[bytes]]:
    """Make the missing keys and the seals."""
    ids = {owner: bytes(document["_id"]) for owner, document in known.items()}
    sealed = []
    with crypt(master, list(known.values())) as box:
        for each in wanted:
            if each.owner not in ids:
                ids[each.owner] = box.make_key(each.owner)
            key_id = ids[each.owner]
            half = ring.key(key_id)
            if half is None:  # one chance in 2**64 for a new key
                raise SealBroken
            sealed.append(box.encrypt(key_id, lock(half, key_id, each.label, each.secret)))
        return box.made, sealed


def _open(
    master: MasterKeys, seals: Sequence[tuple[bytes, Label]], keys: Sequence[Document], ring: Keyring
) -> list[dict[str, str] | None]:
    with crypt(master, keys) as box:
        return [_opened(box, sealed, label, ring) for sealed, label in seals]


def _opened(box: Crypt, sealed: bytes, label: Label, ring: Keyring) -> dict[str, str] | None:
    key_id = key_id_of(sealed)
    if key_id is None:
        return None
    try:
        return unlock(ring.key(key_id), key_id, label, box.decrypt(sealed))
    except SealBroken:
        return None


def _rewrap(master: MasterKeys, keys: Sequence[Document]) -> list[Document]:
    with crypt(master, keys) as box:
        return box.rewrap()
