"""The master key changes under load: from a file to a key server, and no claim fails."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretBytes

from services.credentials.app import build
from services.credentials.claiming import codes
from services.credentials.keeping import rotation
from services.credentials.keeping.code_key import read_code_key
from services.credentials.settings import CredentialsSettings
from shared.blobs import Blobs, Shelf
from shared.mongo.sealing import MasterKeys
from shared.mongo.sealing import Vault as Seals
from tests.integration.credentials.conftest import Round, Vault, serving
from tests.integration.sealing.certificates import Authority
from tests.integration.sealing.clouds import cloud
from tests.integration.sealing.servers import kmip_made, kmip_running, line_for
from tests.world import World, eventually

AT_A_TIME = 6


@pytest.fixture(params=[pytest.param("kmip", marks=pytest.mark.campaign), "aws"])
def moving_to(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The line of the new master key, and the settings by which its server is reached."""
    authority = Authority(tmp_path)
    certificate, given = authority.give("client"), tmp_path / "credentials.json"
    given.write_text(json.dumps({"aws": {"accessKeyId": "AKTEST", "secretAccessKey": "s"}}))
    reached = {"kms_ca_file": authority.file, "kms_certificate_file": certificate, "kms_credentials_file": given}
    if request.param == "aws":
        with cloud(authority.give("cloud")) as server:
            yield line_for("aws", server), reached
        return
    with kmip_running(authority) as address:
        key = kmip_made(address, authority, certificate)["delegated"][0]
        yield f"kmip://{address}/{key}?delegated=true", reached


@asynccontextmanager
async def open_vault(world: World, **settings: Any) -> AsyncIterator[Vault]:
    async for made in serving(world, build(world.settings(CredentialsSettings, master_key_file=None, **settings))):
        yield made


class Claims:
    """Holders that open their credentials, one after another."""

    def __init__(self, what: Round, code_key: SecretBytes) -> None:
        self.what, self.code_key = what, code_key
        self.failed: list[str] = []
        self.between = 0
        """Reveals while some keys lay under the old master key and some under the new one."""

    async def one(self, vault: Vault, role: str, holder: str) -> None:
        claim = await vault.opened(self.what, role, holder)
        number = codes.code_of(codes.reference(claim), self.code_key)
        shown = await vault.verify(claim, number, role, holder)
        revealed = await vault.reveal(claim, role, holder)
        confirmed = await vault.http.post(f"/v1/claims/{claim}/confirm", headers=vault.headers(role, holder))
        if {shown.status_code, revealed.status_code, confirmed.status_code} != {200}:
            self.failed.append(f"{holder}: {shown.text} {revealed.status_code} {confirmed.text}")
        counts = await vault.mongo.documents("keys").gather(
            [{"$group": {"_id": "$masterKey.provider", "keys": {"$sum": 1}}}]
        )
        self.between += len(counts) == 2

    async def some(self, instances: list[Vault], holders: list[tuple[str, str]]) -> None:
        waiting = list(holders)

        async def work(vault: Vault) -> None:
            while waiting:
                await self.one(vault, *waiting.pop())

        await asyncio.gather(*(work(instances[number % len(instances)]) for number in range(AT_A_TIME)))


@asynccontextmanager
async def opener(world: World, keys: MasterKeys, settings: CredentialsSettings) -> AsyncIterator[Seals]:
    blobs = Blobs(settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key, connections=2)
    try:
        shelf = Shelf(blobs, settings.vault_bucket, "keyring")
        yield Seals(world.mongo("credentials"), keys, shelf, key_seconds=0)
    finally:
        blobs.close()


async def test_no_claim_fails_while_the_keys_move_and_then_the_old_one_can_go(
    world: World, master_key: Path, moving_to: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    line, reached = moving_to
    monkeypatch.setattr(rotation, "AT_ONCE", 1)  # so that it lasts
    what = Round.of(100 if line.startswith("kmip") else 40, per_lao=4)
    before = {"master_key": f"file:{master_key}", "master_key_also": line, **reached}
    after = {"master_key": line, "master_key_also": f"file:{master_key}", **reached}
    holders = [*(("center", code) for code in what.centers[1:]), *(("lao", code) for code in what.laos)]
    async with open_vault(world, **before) as vault:
        await vault.seal(what)
        settings = world.settings(CredentialsSettings, **before)
        async with opener(world, settings.master_keys(), settings) as seals:
            code_key = SecretBytes(await read_code_key(vault.mongo.documents("code_keys"), seals))
    claims = Claims(what, code_key)
    # Half way through a roll-out: one process has the configuration of before.
    async with (
        open_vault(world, roles="api", **before) as old,
        open_vault(world, **after) as new,
    ):
        await claims.some([old, new], holders)

        async def moved() -> bool:
            keys = (await new.http.get("/v1/keys", headers=new.headers("operator", "00"))).json()
            return bool(keys["done"]) and keys["masters"][1]["removable"]

        await eventually(moved, within=60)

        async def shown() -> bool:
            rows = (await new.http.get("/metrics")).text.splitlines()
            left = [row for row in rows if row.startswith('saraban_credentials_data_keys{current="no"')]
            return len(left) == 1 and left[0].endswith(" 0.0")

        await eventually(shown)
    assert claims.failed == []
    assert claims.between >= 10, "the claims ran beside the rotation"
    alone = world.settings(CredentialsSettings, master_key=line, **reached)
    async with opener(world, alone.master_keys(), alone) as seals:
        records = await world.mongo("credentials").documents("credentials").find({"round": what.id})
        labels = [
            {**{key: each[key] for key in ("round", "holder", "kind", "credential")}, "version": each["edition"]}
            for each in records
        ]
        opened = await seals.open_many([(each["sealed"], label) for each, label in zip(records, labels, strict=True)])
        assert len(opened) == len(what.centers) + len(what.laos)
        assert None not in opened
    async with open_vault(world, master_key=line, **reached) as vault:
        await claims.one(vault, "center", what.centers[0])
    assert claims.failed == []
