"""The synchronous half of sealing, for worker threads: libmongocrypt fed from memory, and the second lock around it."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

import bson
from bson.binary import UUID_SUBTYPE, Binary
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo.encryption_shared import Algorithm
from pymongocrypt.errors import MongoCryptError
from pymongocrypt.mongocrypt import MongoCryptOptions
from pymongocrypt.synchronous.explicit_encrypter import ExplicitEncrypter
from pymongocrypt.synchronous.state_machine import MongoCryptCallback

from shared.mongo.documents import Document
from shared.mongo.sealing.kms import KmsCalls
from shared.mongo.sealing.masters import LOCAL_KEY_BYTES, MasterKeys, local

Label = Mapping[str, str | int]
"""Whose secret it is; compared whole when a seal is opened."""

_ALGORITHM: Final = Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random
_SEALED: Final = 6  # the BSON binary subtype of sealed values
_KEY_ID: Final = slice(1, 17)  # of a sealed value: after one byte for the algorithm
_NONCE_BYTES: Final = 12


class SealBroken(Exception):  # noqa: N818
    """The seal does not open here: it was changed, belongs to another record, or its key is gone."""


@dataclass(frozen=True, slots=True)
class ToSeal:
    """A secret of `owner` (the data key's name) that is to be sealed under a label."""

    owner: str
    label: Label
    secret: Mapping[str, str] = field(repr=False)


def key_id_of(sealed: bytes) -> bytes | None:
    """The id of the data key under which a value was sealed; None for what is too short to be a seal."""
    return bytes(sealed[_KEY_ID]) if len(sealed) > _KEY_ID.stop else None


class _Answers(MongoCryptCallback):  # type: ignore[misc]
    """Answers libmongocrypt from memory: the keys that exist, and those it makes. Key servers are asked by `calls`."""

    def __init__(self, known: Sequence[Document], calls: KmsCalls) -> None:
        self.made: list[Document] = []
        self.by_id = {bytes(document["_id"]): document for document in known}
        self._calls = calls

    def fetch_keys(self, asked: bytes) -> Iterator[bytes]:
        wanted = bson.decode(asked)
        ids = wanted["$or"][0]["_id"]["$in"] if "$or" in wanted else self.by_id
        for key in ids:
            if (document := self.by_id.get(bytes(key))) is not None:
                yield bson.encode(document)

    def insert_data_key(self, data_key: bytes) -> Any:
        document = bson.decode(data_key)
        self.made.append(document)
        self.by_id[bytes(document["_id"])] = document
        return document["_id"]

    def kms_request(self, kms_context: Any) -> None:
        self._calls.carry(kms_context)

    def bson_encode(self, doc: Any) -> bytes:
        return bson.encode(doc)

    def collection_info(self, database: Any, asked: Any) -> None:
        raise NotImplementedError("explicit encryption asks for no collection")

    def mark_command(self, database: Any, cmd: Any) -> None:
        raise NotImplementedError("explicit encryption marks no command")

    def close(self) -> None:
        """Nothing is held."""


class Crypt:
    """libmongocrypt with some master keys and some data keys in hand."""

    def __init__(self, keys: MasterKeys, known: Sequence[Document], calls: KmsCalls) -> None:
        self._current = keys.current
        self._answers = _Answers(known, calls)
        # A new data key would have to be unwrapped by the key server right after it was wrapped there. Its twin has the
        # same id and material, is wrapped by a key that lives as long as this object, and is never stored.
        self._twins = local(os.urandom(LOCAL_KEY_BYTES)) if keys.current.kind != "local" else None
        providers = keys.providers | ({self._twins.provider: dict(self._twins.options)} if self._twins else {})
        self._encrypter = ExplicitEncrypter(self._answers, MongoCryptOptions(providers, bypass_encryption=True))

    @property
    def made(self) -> list[Document]:
        """The data keys that were made: to be stored."""
        return self._answers.made

    def make_key(self, owner: str) -> bytes:
        """A new data key under the current master key; its id.

        Raises SealBroken where the master key may not be used, or KmsUnavailable.
        """
        material, current = os.urandom(LOCAL_KEY_BYTES), self._current
        with _refusals():
            made = bytes(
                self._encrypter.create_data_key(current.provider, dict(current.reference) or None, [owner], material)
            )
        if self._twins:
            self._encrypter.create_data_key(self._twins.provider, None, None, material)
            twin = self.made.pop()
            self._answers.by_id[made] = {**twin, "_id": Binary(made, UUID_SUBTYPE)}
        return made

    def encrypt(self, key_id: bytes, content: bytes) -> bytes:
        """Content sealed under a data key. Raises SealBroken where that does not open, or KmsUnavailable."""
        with _refusals():
            sealed = self._encrypter.encrypt(bson.encode({"v": content}), _ALGORITHM, key_id=key_id)
        return bytes(bson.decode(sealed)["v"])

    def decrypt(self, sealed: bytes) -> bytes:
        """The content of a seal. Raises SealBroken, or KmsUnavailable."""
        with _refusals():
            opened = self._encrypter.decrypt(bson.encode({"v": Binary(sealed, _SEALED)}))
        content = bson.decode(opened)["v"]
        if not isinstance(content, bytes) or isinstance(content, Binary):  # a value that is no seal comes back as it is
            raise SealBroken
        return content

    def rewrap(self) -> list[Document]:
        """The known data keys as the current master key wraps them: `_id`, `keyMaterial`, `masterKey`.

        Raises SealBroken when the key that wraps one now refuses, or KmsUnavailable.
        """
        with _refusals():
            answer = self._encrypter.rewrap_many_data_key({}, self._current.provider, dict(self._current.reference))
        return list(bson.decode(answer)["v"]) if answer else []

    def close(self) -> None:
        self._encrypter.close()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except MongoCryptError as error:
        raise SealBroken from error


@contextmanager
def crypt(keys: MasterKeys, known: Sequence[Document] = ()) -> Iterator[Crypt]:
    """Libmongocrypt for one piece of work. A new one each time: its key cache is a list, searched in line."""
    calls = KmsCalls(keys.tls)
    made = Crypt(keys, known, calls)
    try:
        yield made
    finally:
        made.close()
        calls.close()


def lock(half: bytes, key_id: bytes, label: Label, secret: Mapping[str, str]) -> bytes:
    """A secret with its label under the half of its key (AES-256-GCM), bound to both a second time."""
    nonce = os.urandom(_NONCE_BYTES)
    content = bson.encode({"label": dict(label), "secret": dict(secret)})
    return nonce + AESGCM(half).encrypt(nonce, content, _bound(key_id, label))


def unlock(half: bytes | None, key_id: bytes, label: Label, locked: bytes) -> dict[str, str]:
    """What was locked under exactly this label. Raises SealBroken."""
    if half is None:
        raise SealBroken
    try:
        content = AESGCM(half).decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], _bound(key_id, label))
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error
    found = bson.decode(content)
    if found.get("label") != dict(label):
        raise SealBroken
    return cast("dict[str, str]", found["secret"])


def _bound(key_id: bytes, label: Label) -> bytes:
    return hashlib.sha256(key_id + json.dumps(dict(label), sort_keys=True).encode()).digest()


def ring_sealed(keys: MasterKeys, ring: bytes) -> bytes:
    """A keyring as it lies outside the database: sealed, with the data key that seals it, wrapped."""
    with crypt(keys) as box:
        sealed = box.encrypt(box.make_key("saraban/keyring"), ring)
        return bytes(bson.encode({"format": 1, "key": box.made[0], "ring": sealed}))


def ring_opened(keys: MasterKeys, content: bytes) -> bytes:
    """The keyring in it. Raises SealBroken, or KmsUnavailable."""
    found = bson.decode(content)
    with crypt(keys, [found["key"]]) as box:
        return box.decrypt(found["ring"])


def ring_master(content: bytes) -> str:
    """The name of the master key that wraps a keyring's data key."""
    return str(bson.decode(content)["key"]["masterKey"]["provider"])


def rewrapped(keys: MasterKeys, content: bytes) -> bytes | None:
    """The same keyring with its data key wrapped by the current master key; None when it is already."""
    if ring_master(content) == keys.current.provider:
        return None
    found = bson.decode(content)
    with crypt(keys, [found["key"]]) as box:
        (anew,) = box.rewrap()
    found["key"].update({"keyMaterial": anew["keyMaterial"], "masterKey": anew["masterKey"]})
    return bytes(bson.encode(found))
