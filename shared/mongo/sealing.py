"""Secrets sealed before they reach the database: explicit client-side field encryption, one data key per holder.

A seal holds the secret together with a label that says whose it is, and opening checks the label: a seal moved to
another record does not open there. Deleting a holder's key makes every seal of that holder, wherever a copy lies,
unreadable once the key has left the caches (`key_seconds`).

Many seals are made at once without a round trip each: keys are made and used in a worker thread, the key documents
written in one go. Single seals are opened by the driver's own `ClientEncryption`.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bson
from bson.binary import STANDARD, Binary
from bson.codec_options import CodecOptions
from pymongo.encryption import ClientEncryption
from pymongo.encryption_shared import Algorithm
from pymongo.errors import EncryptionError
from pymongocrypt.errors import MongoCryptError
from pymongocrypt.mongocrypt import MongoCryptOptions
from pymongocrypt.synchronous.explicit_encrypter import ExplicitEncrypter
from pymongocrypt.synchronous.state_machine import MongoCryptCallback

from shared.mongo.client import UNAVAILABLE, Mongo
from shared.mongo.documents import ASCENDING, Document

MASTER_KEY_BYTES: Final = 96
KEY_SECONDS: Final = 5
"""How long a data key stays in a cache after its last use: an erased holder is gone after this."""
_ENCRYPTED: Final = 6  # the BSON binary subtype of sealed values
_CHECK: Final = "saraban/master-key-check"
_OPTIONS: Final[CodecOptions[Document]] = CodecOptions(uuid_representation=STANDARD)

Label = Mapping[str, str | int]
"""Whose secret it is; compared whole when a seal is opened."""


class SealBroken(Exception):  # noqa: N818
    """The seal does not open here: it was changed, belongs to another record, or its key is gone."""


class WrongMasterKey(Exception):  # noqa: N818
    """The master key is not the one this database was sealed under."""


@dataclass(frozen=True, slots=True)
class ToSeal:
    """A secret of `owner` (the data key's name) that is to be sealed under a label."""

    owner: str
    label: Label
    secret: Mapping[str, str]


class Vault:
    """Seals and opens. `prepare` before use, `close` after.

    `master_key` (96 bytes) encrypts the data keys; it is never stored. Every method raises the driver's own errors
    when the server is away.
    """

    def __init__(
        self, mongo: Mongo, master_key: bytes, *, collection: str = "keys", key_seconds: float = KEY_SECONDS
    ) -> None:
        if len(master_key) != MASTER_KEY_BYTES:
            raise ValueError(f"a master key has {MASTER_KEY_BYTES} bytes")
        self._keys = mongo.documents(collection)
        self._providers = {"local": {"key": master_key}}
        self._opener: ClientEncryption[Document] = ClientEncryption(
            self._providers,
            f"{mongo.name}.{collection}",
            mongo.client.delegate,
            _OPTIONS,
            key_expiration_ms=int(key_seconds * 1000),
        )

    async def prepare(self) -> None:
        """Make sure that a holder can have one key only, and that the master key fits this database.

        Raises WrongMasterKey.
        """
        await self._keys.index(
            [("keyAltNames", ASCENDING)],
            name="keyAltNames",
            unique=True,
            partialFilterExpression={"keyAltNames": {"$exists": True}},
        )
        check = ToSeal(_CHECK, {"check": 1}, {"check": "open"})
        try:
            await self.open((await self.seal_many([check]))[0], check.label)
        except SealBroken:
            raise WrongMasterKey from None

    async def seal_many(self, wanted: Sequence[ToSeal]) -> list[bytes]:
        """Seal secrets, in their order. Owners without a key get one, which is durable before this returns."""
        owners = sorted({each.owner for each in wanted})
        known = {document["keyAltNames"][0]: document for document in await self._of(owners)}
        try:
            maker, sealed = await asyncio.to_thread(_seal, self._providers, wanted, known)
        except MongoCryptError as error:
            raise SealBroken from error  # a key of theirs does not open under this master key
        taken = await self._keys.insert_many(maker.made)
        if not taken:
            return sealed
        # Another process gave some of these owners their key in this moment: seal theirs again, under that key.
        theirs = {maker.made[position]["keyAltNames"][0] for position in taken}
        again = [position for position, each in enumerate(wanted) if each.owner in theirs]
        resealed = await self.seal_many([wanted[position] for position in again])
        for position, seal in zip(again, resealed, strict=True):
            sealed[position] = seal
        return sealed

    async def open(self, sealed: bytes, label: Label) -> dict[str, str]:
        """The secret in a seal. Raises SealBroken unless it was sealed under exactly this label."""
        try:
            found = await asyncio.to_thread(self._opener.decrypt, Binary(sealed, _ENCRYPTED))
        except EncryptionError as error:
            if isinstance(error.cause, UNAVAILABLE):  # the key could not be asked for: that says nothing of the seal
                raise error.cause from None
            raise SealBroken from error
        if not isinstance(found, dict) or found.get("label") != dict(label):
            raise SealBroken
        return dict(found["secret"])

    async def erase(self, owner: str) -> bool:
        """Destroy an owner's key, and with it every secret of that owner. Whether there was one."""
        return await self._keys.delete({"keyAltNames": owner}) > 0

    async def _of(self, owners: Sequence[str]) -> list[Document]:
        return await self._keys.find({"keyAltNames": {"$in": list(owners)}})

    def close(self) -> None:
        """Forget the cached keys."""
        self._opener.close()


class _KeyMaker(MongoCryptCallback):  # type: ignore[misc]
    """Answers libmongocrypt from memory: the keys that exist, and those it makes."""

    def __init__(self, known: Mapping[str, Document]) -> None:
        self.made: list[Document] = []
        self._by_id = {bytes(document["_id"]): document for document in known.values()}

    def fetch_keys(self, asked: bytes) -> Iterator[bytes]:
        wanted = bson.decode(asked)["$or"][0]["_id"]["$in"]
        for key in wanted:
            yield bson.encode(self._by_id[bytes(key)])

    def insert_data_key(self, data_key: bytes) -> Any:
        document = bson.decode(data_key)
        self.made.append(document)
        self._by_id[bytes(document["_id"])] = document
        return document["_id"]

    def bson_encode(self, doc: Any) -> bytes:
        return bson.encode(doc)

    def kms_request(self, kms_context: Any) -> None:
        raise NotImplementedError("a local master key asks nobody")

    def collection_info(self, database: Any, asked: Any) -> None:
        raise NotImplementedError("explicit encryption asks for no collection")

    def mark_command(self, database: Any, cmd: Any) -> None:
        raise NotImplementedError("explicit encryption marks no command")

    def close(self) -> None:
        """Nothing is held."""


def _seal(
    providers: Mapping[str, Any], wanted: Sequence[ToSeal], known: Mapping[str, Document]
) -> tuple[_KeyMaker, list[bytes]]:
    """Make the missing keys and the seals. A new encrypter each time: its key cache is a list, searched in line."""
    maker = _KeyMaker(known)
    encrypter = ExplicitEncrypter(maker, MongoCryptOptions(providers))
    try:
        ids = {owner: bytes(document["_id"]) for owner, document in known.items()}
        sealed = []
        for each in wanted:
            if each.owner not in ids:
                ids[each.owner] = bytes(encrypter.create_data_key("local", key_alt_names=[each.owner]))
            value = bson.encode({"v": {"label": dict(each.label), "secret": dict(each.secret)}})
            encrypted = encrypter.encrypt(value, Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random, key_id=ids[each.owner])
            sealed.append(bytes(bson.decode(encrypted)["v"]))
    finally:
        encrypter.close()
    return maker, sealed
