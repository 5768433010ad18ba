"""The secrets of every kind that a search must not find, taken from where they may be known."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from deploy.local.crowd.doors import Doors
from deploy.local.sealing.sending import Sender, VaultDoor, seal_lines
from deploy.local.stack import Stack
from services.credentials.batches.keys import BatchKeys
from services.credentials.batches.store import Batch
from services.credentials.keeping.code_key import read_code_key
from services.credentials.settings import CredentialsSettings
from shared.blobs import Blobs, Shelf
from shared.mongo import Mongo
from shared.mongo.sealing import Vault, local_key
from shared.settings import read
from tests.e2e.canary import Secret
from tests.integration.credentials.conftest import CODE
from tests.unit.paper.seeing import codes_on
from tests.world import eventually

OPERATOR = ("operator", "00")


def store_of(stack: Stack) -> Blobs:
    """The object store, as its operator sees it."""
    store = stack.object_store()
    return Blobs(store.endpoint, store.access_key, SecretStr(store.secret_key))


class Planter:
    """Makes secrets in a running system, as holders, officers and ONESQA would, and keeps what they saw."""

    def __init__(self, stack: Stack, doors: Doors, round_id: str, vault: Mongo) -> None:
        self.stack, self.doors, self.round, self._mongo = stack, doors, round_id, vault
        self.secrets: list[Secret] = []
        self.numbers: list[str] = []
        self.batch = ""
        """The sealed batch that was handed in."""

    def keep(self, kind: str, *values: str | bytes) -> None:
        self.secrets += [Secret(kind, value) for value in values]

    async def claimed(self, center: str, email: str, kind: str = "password") -> None:
        """A holder opens its credential: token, short code, username and password are known to it alone."""
        who, base = ("center", center), self.doors.credentials
        last = max((mail["id"] for mail in await self.doors.mails(email)), default=0)
        opened = await self.doors.ask(who, "POST", f"{base}/v1/claims", json={"round": self.round, "holder": center})
        claim = f"{base}/v1/claims/{opened['claim']}"
        code = await self._code(email, last)
        await self.doors.ask(who, "POST", f"{claim}/verify", json={"code": code})
        self.numbers.append(code)
        shown = await self.doors.ask(who, "POST", f"{claim}/reveal", key=f"reveal-{opened['claim']}")
        await self.doors.ask(who, "POST", f"{claim}/confirm")
        self.keep(kind, shown["password"])
        self.keep("username", shown["username"])
        self.keep("bearer token", await self.doors.bearer(*who))

    async def _code(self, email: str, last: int) -> str:
        """The short code that came after the given mail. It stands on a line of its own, which no other letter has."""

        async def arrived() -> str | None:
            for mail in await self.doors.mails(email, last):
                text = (await self.doors._read(f"/api/messages/{mail['id']}"))["text"]
                if found := CODE.search(text):
                    return found.group(1)
            return None

        return await eventually(arrived, within=120)

    async def rotated(self, center: str, email: str) -> None:
        """An operator has a new secret made; old and new are both nobody else's."""
        url = f"{self.doors.credentials}/v1/holders/{center}/credential/rotate"
        done = await self.doors.ask(OPERATOR, "POST", url, json={"round": self.round, "reason": "leaked"})
        assert done["outcome"] == "done"
        await self.claimed(center, email, "rotated password")

    async def printed(self, center: str) -> None:
        """An activation sheet: what its code says, with and without the hyphens that people leave out."""
        url = f"{self.doors.credentials}/v1/holders/{center}/credential/sheet"
        headers = {
            "Authorization": f"Bearer {await self.doors.bearer(*OPERATOR)}",
            "Idempotency-Key": f"sheet-{center}",
        }
        answer = await self.doors.http.post(url, json={"round": self.round}, headers=headers)
        assert answer.status_code == 200, answer.text
        (scanned,) = await asyncio.to_thread(codes_on, answer.content)
        code = scanned.partition("#")[2]
        self.keep("claim code", code, code.replace("-", ""))

    async def sealed(self, *centers: str) -> None:
        """ONESQA hands in a batch; its private key is read while it is there, with everything that opens seals."""
        door = VaultDoor(self.doors.credentials, self.stack.token("publisher", "onesqa"))
        lines, passwords = [], []
        for center in centers:
            given: dict[str, Any] = {"kind": "center", "holder": center}
            given |= {"username": f"onesqa.user.{center}", "password": f"From-Onesqa-{center}-9qX"}
            lines.append(json.dumps(given).encode())
            passwords.append(given["password"])
            self.keep("sealed username", given["username"])
        self.keep("sealed password", *passwords)
        sender = Sender("/onesqa", self.stack.publisher_key())
        batch = await asyncio.to_thread(door.ask, "POST", f"/v1/rounds/{self.round}/batches", {"way": "file"})
        self.batch = str(batch["batch"])
        await self._keys()
        sealed = seal_lines(batch, lines, sender)
        await asyncio.to_thread(door.ask, "POST", f"/v1/rounds/{self.round}/credentials", {"sealed": sealed})
        ended = await asyncio.to_thread(door.follow, batch, lambda _done, _all: None)
        assert ended["counts"] == {"sealed": len(centers)}, ended

    async def sealed_now(self) -> list[Secret]:
        """Every username and password that is sealed at this moment."""
        found = []
        async with self._seals() as (_, seals):
            for each in await self._mongo.documents("credentials").find({"round": self.round}):
                if each["sealed"]:
                    label = {name: each[name] for name in ("round", "holder", "kind", "credential")}
                    secret = await seals.open(each["sealed"], {**label, "version": each["edition"]})
                    found += [Secret("sealed password", secret["password"]), Secret("username", secret["username"])]
        assert found
        return found

    @asynccontextmanager
    async def _seals(self) -> AsyncIterator[tuple[CredentialsSettings, Vault]]:
        """What opens every seal: database, object store and master key together."""
        settings, blobs = read(CredentialsSettings, self.stack.environment()), store_of(self.stack)
        shelf = Shelf(blobs, settings.vault_bucket, "keyring")
        try:
            yield settings, Vault(self._mongo, settings.master_keys(), shelf)
        finally:
            blobs.close()

    async def _keys(self) -> None:
        async with self._seals() as (settings, seals):
            kept = await self._mongo.documents("batches").one({"_id": self.batch})
            key = (await BatchKeys(seals).open(Batch.model_validate(kept))).as_dict(private=True)
            self.keep("batch key", str(key["d"]))
            self.keep("code key", await read_code_key(self._mongo.documents("code_keys"), seals))
        assert settings.master_key_file is not None
        master = local_key(settings.master_key_file)
        self.keep(
            "master key", settings.master_key_file.read_bytes().strip(), *(master[n : n + 32] for n in (0, 32, 64))
        )
