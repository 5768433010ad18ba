"""A round with holders, and the vault that serves it, on the real servers."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretBytes, SecretStr

from deploy.local.stack import Stack
from services.credentials.app import build
from services.credentials.keeping.code_key import read_code_key
from services.credentials.settings import CredentialsSettings
from shared.blobs import Blobs, Shelf
from shared.contracts.events import CenterChanged, ObligationChanged, OrganizationChanged, RoundChanged
from shared.mongo import Mongo
from shared.mongo.sealing import Vault as Seals
from tests.unit.paper.seeing import codes_on
from tests.world import World, eventually, run_app

PATH = ("00", "58", "5801")
CODE = re.compile(r"^ +(\d{6})$", re.MULTILINE)


@dataclass
class Round:
    """Centers and LAOs of one round."""

    tag: str = field(default_factory=lambda: secrets.token_hex(3))
    """Makes the round's id and all codes and addresses unlike those of any other test."""
    centers: list[str] = field(default_factory=list)
    laos: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, centers: int, per_lao: int = 2) -> "Round":
        made = cls()
        made.centers = [f"c{made.tag}{n:05d}" for n in range(centers)]
        made.laos = [f"6{made.tag}{n:05d}" for n in range((centers + per_lao - 1) // per_lao)]
        return made

    @property
    def id(self) -> str:
        return f"2569-{self.tag}"

    def credential(self, kind: str, code: str) -> str:
        return f"{self.id}/{kind}/{code}"

    def lao_of(self, center: str) -> str:
        per = -(-len(self.centers) // len(self.laos))
        return self.laos[self.centers.index(center) // per]

    def path_of(self, center: str) -> tuple[str, ...]:
        return (*PATH, self.lao_of(center))

    def mail_of(self, code: str) -> str:
        return f"{code}@{self.tag}.example"


async def announce(world: World, what: Round, *, announced: int | None = None, state: str = "open") -> None:
    """Tell what the registry would tell."""
    opened = RoundChanged(
        round=what.id,
        fiscal_year=2569,
        academic_year=2567,
        deadline=datetime.now(UTC) + timedelta(days=30),
        grace_minutes=60,
        state=state,
        obligations=len(what.centers) if announced is None else announced,
    )
    told: list[tuple[str, int, Any]] = [(what.id, 1, opened)]
    told += [(lao, 1, lao_state(what, lao)) for lao in what.laos]
    for center in what.centers:
        path = what.path_of(center)
        told.append((center, 1, center_state(what, center)))
        owed = ObligationChanged(round=what.id, center=center, lao=path[-1], path=path, owed=True)
        told.append((f"{what.id}/{center}", 1, owed))
    await world.publish("registry", *told)


def lao_state(what: Round, lao: str, email: str | None = "") -> OrganizationChanged:
    address = what.mail_of(lao) if email == "" else email
    return OrganizationChanged(
        code=lao, kind="lao", name=f"อบต. {lao}", parent="5801", path=(*PATH, lao), email=address
    )


def center_state(what: Round, center: str, email: str | None = "") -> CenterChanged:
    path = what.path_of(center)
    address = what.mail_of(center) if email == "" else email
    return CenterChanged(
        code=center, name=f"ศพด. {center}", lao=path[-1], path=path, subdistrict="580101", email=address
    )


class Vault:
    """The running service as a test sees it."""

    def __init__(self, world: World, http: httpx.AsyncClient, mongo: Mongo, app: FastAPI) -> None:
        self.world, self.http, self.mongo, self.app = world, http, mongo, app

    def headers(self, role: str, org: str, sub: str = "", key: str | None = None) -> dict[str, str]:
        made = {"Authorization": "Bearer " + self.world.token(role, org, sub=sub or f"{role}-{org}")}
        return made | ({"Idempotency-Key": key} if key else {})

    async def seal(self, what: Round, **announced: Any) -> None:
        """Announce a round and seal it."""
        await announce(self.world, what, **announced)
        operator = self.headers("operator", "00")

        async def accepted() -> bool:
            answer = await self.http.post(
                f"/v1/rounds/{what.id}/credentials", json={"generate": True}, headers=operator
            )
            return answer.status_code == 202

        async def done() -> bool:
            answer = await self.http.get(f"/v1/rounds/{what.id}/credentials", headers=operator)
            return bool(answer.json()["state"] == "done")

        await eventually(accepted)
        await eventually(done, within=60)

    async def code_for(self, address: str, *, after: int = 0) -> str:
        """The code in the newest mail to an address, once there are more than `after`."""

        async def arrived() -> str | None:
            mails = await self.mails(address)
            return mails[0]["text"] if len(mails) > after else None

        found = CODE.search(await eventually(arrived))
        assert found
        return found.group(1)

    async def mails(self, address: str) -> list[dict[str, Any]]:
        """Mails with a code to this address, the newest first."""
        return [mail for mail in await self.post(address) if CODE.search(mail["text"])]

    async def letters(self, address: str) -> list[dict[str, Any]]:
        """Mails without a code to this address, the newest first."""
        return [mail for mail in await self.post(address) if not CODE.search(mail["text"])]

    async def post(self, address: str) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(base_url=self.world.stack.mail_page or "") as page:
            listed = (await page.get("/api/messages", params={"to": address})).json()["messages"]
            return [(await page.get(f"/api/messages/{mail['id']}")).json() for mail in listed]

    async def open(
        self, what: Round, role: str, org: str, *, holder: str | None = None, sub: str = ""
    ) -> httpx.Response:
        """Ask for a claim on one's own credential, or on another's."""
        asked = {"round": what.id, "holder": holder or org}
        return await self.http.post("/v1/claims", json=asked, headers=self.headers(role, org, sub))

    async def opened(self, what: Round, role: str, code: str, sub: str = "") -> str:
        """Open a claim of a holder; its id."""
        answer = await self.open(what, role, code, sub=sub)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["claim"])

    async def verified(self, what: Round, role: str, code: str, sub: str = "") -> str:
        """Open a claim and show its code; its id."""
        before = len(await self.mails(what.mail_of(code)))
        claim = await self.opened(what, role, code, sub)
        number = await self.code_for(what.mail_of(code), after=before)
        answer = await self.verify(claim, number, role, code, sub)
        assert answer.status_code == 200, answer.text
        return claim

    async def verify(self, claim: str, number: str, role: str, code: str, sub: str = "") -> httpx.Response:
        return await self.http.post(
            f"/v1/claims/{claim}/verify", json={"code": number}, headers=self.headers(role, code, sub)
        )

    async def sheet(self, what: Round, code: str, role: str = "operator", org: str = "00") -> str:
        """Have a holder's activation sheet made; the claim code on it."""
        asked = {"round": what.id}
        answer = await self.http.post(
            f"/v1/holders/{code}/credential/sheet", json=asked, headers=self.headers(role, org)
        )
        assert answer.status_code == 200, answer.text
        (scanned,) = await asyncio.to_thread(codes_on, answer.content)
        return scanned.partition("#")[2]

    async def at_the_door(self, code: str) -> httpx.Response:
        """Begin a claim with a sheet's code."""
        return await self.http.post("/v1/claims", json={"code": code})

    async def step(
        self, opened: dict[str, Any], step: str, body: Any = None, key: str = "door-key-1"
    ) -> httpx.Response:
        """A further step of a claim that began with a sheet."""
        headers = {"Saraban-Claim-Session": opened["session"], "Idempotency-Key": key}
        return await self.http.post(f"/v1/claims/{opened['claim']}/{step}", json=body, headers=headers)

    async def verified_at_the_door(self, what: Round, holder: str, code: str) -> dict[str, Any]:
        """Begin a claim with a sheet's code and show the number that was mailed."""
        before = len(await self.mails(what.mail_of(holder)))
        opened = (await self.at_the_door(code)).json()
        number = await self.code_for(what.mail_of(holder), after=before)
        answer = await self.step(opened, "verify", {"code": number})
        assert answer.status_code == 200, answer.text
        return dict(opened)

    async def credential(self, what: Round, kind: str, code: str) -> dict[str, Any]:
        """A holder's credential as it lies in the database."""
        found = await self.mongo.documents("credentials").one({"_id": what.credential(kind, code)})
        assert found
        return found

    async def reveal(
        self, claim: str, role: str, code: str, sub: str = "", key: str = "reveal-key-1"
    ) -> httpx.Response:
        return await self.http.post(f"/v1/claims/{claim}/reveal", headers=self.headers(role, code, sub, key))


@asynccontextmanager
async def seals_of(vault: Vault, master_key: Path) -> AsyncIterator[Seals]:
    """What opens every seal: the database, the object store and the master key together."""
    settings = vault.world.settings(CredentialsSettings, master_key_file=master_key)
    blobs = Blobs(settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key, connections=2)
    try:
        yield Seals(vault.mongo, settings.master_keys(), Shelf(blobs, settings.vault_bucket, "keyring"), key_seconds=0)
    finally:
        blobs.close()


async def code_key_of(vault: Vault, master_key: Path) -> SecretBytes:
    """The key of the short codes."""
    async with seals_of(vault, master_key) as seals:
        return SecretBytes(await read_code_key(vault.mongo.documents("code_keys"), seals))


async def running(world: World, master_key: Path, **settings: Any) -> AsyncIterator[Vault]:
    """The service in a world."""
    async for made in serving(
        world, build(world.settings(CredentialsSettings, master_key_file=master_key, **settings))
    ):
        yield made


async def serving(world: World, app: FastAPI) -> AsyncIterator[Vault]:
    """A service that a test has put together itself."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(run_app(app))
        transport = httpx.ASGITransport(app)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://v", timeout=60))
        yield Vault(world, http, world.mongo("credentials"), app)


@pytest.fixture(scope="module")
def master_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vault") / "master-key"
    path.write_bytes(os.urandom(96))
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
async def shared_world(stack: Stack) -> AsyncIterator[World]:
    """One namespace for a module: each test has a round and holders of its own in it."""
    here = World(stack, f"t{secrets.token_hex(4)}")
    await here.open()
    try:
        yield here
    finally:
        await here.close()


@pytest.fixture(scope="module")
async def vault(shared_world: World, master_key: Path) -> AsyncIterator[Vault]:
    """The running service, one for a module."""
    async for made in running(shared_world, master_key, audit_anchor_seconds=0.5):
        yield made


@pytest.fixture
async def blobs(stack: Stack) -> AsyncIterator[Blobs]:
    """The object store, as an operator of it sees it."""
    store = stack.object_store()
    found = Blobs(store.endpoint, store.access_key, SecretStr(store.secret_key), connections=4)
    yield found
    found.close()
