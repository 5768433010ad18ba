"""The vault answers as its OpenAPI document says, whoever asks."""

import asyncio
import os
from pathlib import Path

import pytest

from services.credentials.app import build
from services.credentials.settings import CredentialsSettings
from tests.contract.conformance import conform, listening
from tests.world import World


@pytest.mark.parametrize(("role", "org"), [("operator", "00"), ("center", "c1"), ("", "")])
async def test_the_vault_answers_as_documented(world: World, tmp_path: Path, role: str, org: str) -> None:
    key = tmp_path / "key"
    key.write_bytes(os.urandom(96))
    headers = {"Authorization": f"Bearer {world.token(role, org)}"} if role else {}
    app = build(world.settings(CredentialsSettings, master_key_file=key))
    async with listening(app) as address:
        assert await asyncio.to_thread(conform, address, headers) == sum(map(len, app.openapi()["paths"].values()))
    await world.mongo("credentials").drop()
