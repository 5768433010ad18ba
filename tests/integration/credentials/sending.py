"""What ONESQA does in these tests: opens a batch, seals, signs, hands in, asks what became of it."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx

from deploy.local.sealing.sending import ENDED, Sender, seal_lines
from shared.bus.envelope import decode
from shared.contracts.events import CredentialIssued
from shared.contracts.topics import CREDENTIALS
from tests.integration.credentials.conftest import Round, Vault
from tests.world import eventually


def line(holder: str, password: str, kind: str = "center", username: str = "") -> bytes:
    found = {"kind": kind, "holder": holder, "username": username or f"user-{holder}", "password": password}
    return json.dumps(found).encode()


def lines_for(what: Round, password: str = "first-Word-{}") -> list[bytes]:
    """A secret for every holder of a round."""
    centers = [line(code, password.format(code)) for code in what.centers]
    return centers + [line(code, password.format(code), "lao") for code in what.laos]


class Onesqa:
    """ONESQA's system, with its registered key."""

    def __init__(self, vault: Vault, what: Round) -> None:
        self.vault, self.what = vault, what
        self.sender = Sender("/onesqa", vault.world.stack.publisher_key())
        self.headers = vault.headers("publisher", "onesqa")

    async def open(self, way: str = "file") -> dict[str, Any]:
        """A batch, as soon as the vault knows of the round."""

        async def opened() -> dict[str, Any] | None:
            answer = await self.vault.http.post(
                f"/v1/rounds/{self.what.id}/batches", json={"way": way}, headers=self.headers
            )
            return answer.json() if answer.status_code == 201 else None

        return await eventually(opened)

    async def post(self, text: str) -> httpx.Response:
        return await self.vault.http.post(
            f"/v1/rounds/{self.what.id}/credentials", json={"sealed": text}, headers=self.headers
        )

    async def status(self, batch: str) -> dict[str, Any]:
        found = await self.vault.http.get(f"/v1/rounds/{self.what.id}/batches/{batch}", headers=self.headers)
        assert found.status_code == 200, found.text
        return dict(found.json())

    async def ended(self, batch: str) -> dict[str, Any]:
        async def over() -> dict[str, Any] | None:
            found = await self.status(batch)
            return found if found["state"] in ENDED else None

        return await eventually(over, within=60)

    async def send(self, lines: Sequence[bytes]) -> dict[str, Any]:
        """A whole batch, to its end."""
        batch = await self.open()
        answer = await self.post(seal_lines(batch, lines, self.sender))
        assert answer.status_code == 202, answer.text
        return await self.ended(batch["batch"])

    async def verdicts(self, batch: str, **asked: Any) -> list[dict[str, Any]]:
        found = await self.vault.http.get(
            f"/v1/rounds/{self.what.id}/batches/{batch}/verdicts", params={"limit": 200, **asked}, headers=self.headers
        )
        assert found.status_code == 200, found.text
        return list(found.json()["items"])

    async def issued(self) -> Counter[tuple[str, int]]:
        """How often which edition of whose credential was announced."""
        events = [decode(record) for record in await self.vault.world.records(CREDENTIALS)]
        found = [
            CredentialIssued.model_validate_json(event.data)
            for event in events
            if event.type == "saraban.credentials.credential.issued.v1"
        ]
        return Counter((each.holder, each.version) for each in found if each.round == self.what.id)
