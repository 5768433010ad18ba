"""Who stands behind the references in audit entries: the one place that holds the names, and can forget them.

An entry names its actor by a reference, made from the name with a key that this person alone has. To erase a person,
key and name are deleted here: the entries stay as they were signed and chained, and the reference in them can no
longer be brought together with anybody, not even by who knows the name.

A name goes with the last entry that refers to it. Those whose entries were removed are marked; whoever acts again loses
the mark before the reference is used. As no process uses a reference for longer than `FRESH_S` without looking here,
a mark that has stood for twice as long says that nobody is about to.
"""

import base64
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.mongo.client import Mongo
from shared.mongo.documents import ASCENDING

KEY_BYTES: Final = 32
FRESH_S: Final = 60.0
"""How long a process may go on using a reference that another has forgotten."""
_SETTLED: Final = timedelta(seconds=2 * FRESH_S)
_KEPT: Final = 20_000
_PREFIX: Final = "p-"


class People:
    """The register of names of one service. `prepare` before use."""

    def __init__(self, mongo: Mongo, collection: str = "people") -> None:
        self._documents = mongo.documents(collection)
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def prepare(self) -> None:
        """Make sure that a reference finds its name, and that those who may have to be forgotten are found."""
        await self._documents.index([("reference", ASCENDING)], name="reference", unique=True)
        await self._documents.index([("leaving", ASCENDING)], name="leaving", sparse=True)

    async def references(self, names: Iterable[str]) -> dict[str, str]:
        """The reference of each name; who is new gets one, durable before this returns."""
        wanted, now = set(names), time.monotonic()
        found = {
            name: reference
            for name in wanted
            for reference, since in [self._known.get(name, ("", -FRESH_S))]
            if now - since < FRESH_S
        }
        missing = sorted(wanted - found.keys())
        if missing:
            found |= await self._stored(missing)
            for name in missing:
                self._remember(name, found[name], now)
        return found

    async def name_of(self, reference: str) -> str | None:
        """Who stands behind a reference; None for nobody, or somebody who was forgotten."""
        found = await self._documents.one({"reference": reference})
        return str(found["_id"]) if found else None

    async def reference_of(self, name: str) -> str | None:
        """The reference of a name that has one."""
        found = await self._documents.one({"_id": name})
        return str(found["reference"]) if found else None

    async def forget(self, reference: str) -> bool:
        """Delete name and key behind a reference. Whether there was one. Other processes follow within a minute."""
        name = await self.name_of(reference)
        if name is not None:
            self._known.pop(name, None)
        return await self._documents.delete({"reference": reference}) > 0

    # Who acted in no entry any more

    async def may_leave(self, references: Sequence[str], now: datetime) -> None:
        """Entries of these are about to be removed."""
        await self._documents.update_all(
            {"reference": {"$in": list(references)}, "leaving": {"$exists": False}}, {"$set": {"leaving": now}}
        )

    async def leaving(self, now: datetime) -> list[str]:
        """References of those who were marked long enough ago, at most a thousand."""
        found = await self._documents.find({"leaving": {"$lt": now - _SETTLED}}, limit=1_000, fields=["reference"])
        return [str(each["reference"]) for each in found]

    async def stay(self, reference: str) -> None:
        """There is an entry that refers to them."""
        await self._documents.update({"reference": reference}, {"$unset": {"leaving": ""}})

    async def leave(self, reference: str, now: datetime) -> int:
        """Forget who is still marked; 1, or 0 for somebody who acted again."""
        return await self._documents.delete({"reference": reference, "leaving": {"$lt": now - _SETTLED}})

    async def _stored(self, names: list[str]) -> dict[str, str]:
        there = await self._of(names)
        new = []
        for name in names:
            if name not in there:
                key = os.urandom(KEY_BYTES)
                new.append({"_id": name, "key": key, "reference": reference_under(key, name)})
        await self._documents.insert_many(new)
        return there | await self._of([str(each["_id"]) for each in new])

    async def _of(self, names: list[str]) -> dict[str, str]:
        if not names:
            return {}
        found = await self._documents.find({"_id": {"$in": names}}, fields=["reference", "leaving"])
        gone = set()
        for each in found:
            # Who was forgotten between the two is new.
            if "leaving" in each and not await self._documents.update(
                {"reference": each["reference"]}, {"$unset": {"leaving": ""}}
            ):
                gone.add(each["_id"])
        return {each["_id"]: each["reference"] for each in found if each["_id"] not in gone}

    def _remember(self, name: str, reference: str, now: float) -> None:
        self._known[name] = (reference, now)
        self._known.move_to_end(name)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)


def reference_under(key: bytes, name: str) -> str:
    """How a name is written in entries: 120 bits that only the key brings together with it."""
    made = hmac.digest(key, name.encode(), "sha256")[:15]
    return _PREFIX + base64.b32encode(made).decode().lower()
