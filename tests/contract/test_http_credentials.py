"""The vault answers as its OpenAPI document says, whoever asks, and gives what it has."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local.stack import Stack
from services.credentials.app import build
from services.credentials.settings import CredentialsSettings
from tests.contract.conformance import conform, listening, unread
from tests.integration.credentials.conftest import Round, Vault
from tests.world import World

UNFILLED = {
    "GET /v1/rounds/{round}/batches/{batch}",
    "GET /v1/rounds/{round}/batches/{batch}/verdicts",
    "GET /v1/audit/people/{reference}",
}
"""Nobody sent a sealed batch; who a reference of the trail stands for is told to auditors alone."""
CONTRACT = {
    ("post", "/v1/rounds/{round}/credentials"),
    ("get", "/v1/holders/{code}/credential"),
    ("post", "/v1/claims"),
    ("post", "/v1/claims/{claim}/verify"),
    ("post", "/v1/claims/{claim}/reveal"),
    ("post", "/v1/claims/{claim}/confirm"),
    ("post", "/v1/holders/{code}/credential/rotate"),
    ("post", "/v1/holders/{code}/credential/revoke"),
    ("post", "/v1/holders/{code}/credential/reissue"),
    ("get", "/v1/audit"),
}


@dataclass
class Served:
    """A vault that sealed the credentials of a round, and the center that began to claim its own."""

    address: str
    world: World
    operations: int
    center: str
    names: Mapping[str, str]

    def __call__(self, path: str) -> Mapping[str, str]:
        return self.names


@pytest.fixture(scope="module")
async def served(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    world = World(stack, f"t{secrets.token_hex(4)}")
    await world.open()
    key = tmp_path_factory.mktemp("vault") / "key"
    key.write_bytes(os.urandom(96))
    app = build(world.settings(CredentialsSettings, master_key_file=key, audit_anchor_seconds=0.5))
    async with listening(app) as address:
        async with httpx.AsyncClient(base_url=address, timeout=60) as http:
            vault, what = Vault(world, http, world.mongo("credentials"), app), Round.of(1)
            await vault.seal(what)
            (center,) = what.centers
            claim = await vault.opened(what, "center", center)
        names = {"round": what.id, "code": center, "id": claim, "subject": f"center/{center}"}
        yield Served(address, world, sum(map(len, app.openapi()["paths"].values())), center, names)
    await world.mongo("credentials").drop()
    await world.close()


@pytest.mark.parametrize(("role", "org"), [("operator", "00"), ("center", ""), ("", "")])
async def test_the_vault_answers_as_documented(served: Served, role: str, org: str) -> None:
    token = served.world.token(role, org or served.center) if role else ""
    headers = {"Authorization": f"Bearer {token}"} if role else {}
    answered = await asyncio.to_thread(conform, served.address, headers, served)
    assert len(answered) == served.operations
    if role == "operator":
        assert set(unread(answered)) <= UNFILLED


def test_its_routes_are_the_contract(stack: Stack, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(os.urandom(96))
    document = build(World(stack, "routes").settings(CredentialsSettings, master_key_file=key)).openapi()
    found = {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert found >= CONTRACT
    assert {path for method, path in found if method == "get" and path.startswith("/v1/claims")} == set(), (
        "no GET could consume a claim"
    )
