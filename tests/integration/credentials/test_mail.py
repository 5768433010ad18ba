"""The code reaches the registered contact, whatever happens to the mail server meanwhile."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.integration.credentials.conftest import Round, Vault, running
from tests.world import World, eventually

open_vault = asynccontextmanager(running)


class Postman:
    """A mail server that can be told to refuse."""

    def __init__(self, port: int) -> None:
        self.url = f"smtp://127.0.0.1:{port}"
        self.letters: list[Envelope] = []
        self.answers: list[str] = []
        self.greetings: list[str] = []
        """What the next recipients are told instead of being accepted."""
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_RCPT(  # noqa: N802 (its name)
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.greetings:
            return self.greetings.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 (its name)
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(envelope)
        return "250 OK"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop(no_assert=True)


@pytest.fixture
def postman() -> Iterator[Postman]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        made = Postman(free.getsockname()[1])
    yield made
    made.stop()


@asynccontextmanager
async def served(world: World, master_key: Path, postman: Postman) -> AsyncIterator[tuple[Vault, Round]]:
    async with open_vault(world, master_key, smtp_url=postman.url, smtp_from="vault@example.go.th") as vault:
        what = Round.of(1)
        await vault.seal(what)
        yield vault, what


async def test_a_mail_waits_for_its_server(
    world: World, master_key: Path, postman: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.credentials.telling.post.TAKEN_FOR", timedelta(milliseconds=200))
    async with served(world, master_key, postman) as (vault, what):
        center = what.centers[0]
        claim = await vault.opened(what, "center", center)
        postman.answers = ["451 come again", "421 going away"]
        postman.start()

        async def arrived() -> bool:
            return bool(postman.letters)

        await eventually(arrived)
        (envelope,) = postman.letters
        assert (envelope.mail_from, envelope.rcpt_tos) == ("vault@example.go.th", [what.mail_of(center)])
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        number = next(line.strip() for line in mail.get_content().splitlines() if line.strip().isdigit())
        assert (await vault.verify(claim, number, "center", center)).status_code == 200

        async def settled() -> bool:
            kept = await vault.mongo.documents("claims").find({})
            return [each["mail_due"] for each in kept] == [None]

        await eventually(settled)
        assert len(postman.letters) == 1


async def test_many_claims_at_once_get_one_mail_each(world: World, master_key: Path, postman: Postman) -> None:
    postman.start()
    async with open_vault(world, master_key, smtp_url=postman.url) as vault:
        what = Round.of(40)
        await vault.seal(what)
        for center in what.centers:
            await vault.opened(what, "center", center)

        async def all_settled() -> bool:
            return await vault.mongo.documents("claims").count({"mail_due": {"$ne": None}}) == 0

        await eventually(all_settled)
        assert sorted(to for each in postman.letters for to in each.rcpt_tos) == sorted(map(what.mail_of, what.centers))


async def test_a_recipient_who_is_put_off_gets_the_code_later(
    world: World, master_key: Path, postman: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.credentials.telling.post.TAKEN_FOR", timedelta(milliseconds=200))
    postman.greetings = ["450 4.2.0 greylisted, come again", "452 4.2.2 mailbox full"]
    postman.start()
    async with served(world, master_key, postman) as (vault, what):
        await vault.opened(what, "center", what.centers[0])

        async def arrived() -> bool:
            return bool(postman.letters)

        await eventually(arrived)


async def test_a_recipient_whom_the_server_will_never_take_is_asked_once(
    world: World, master_key: Path, postman: Postman
) -> None:
    postman.greetings = ["550 5.1.1 no such user"]
    postman.start()
    async with served(world, master_key, postman) as (vault, what):
        await vault.opened(what, "center", what.centers[0])

        async def settled() -> bool:
            return [each["mail_due"] for each in await vault.mongo.documents("claims").find({})] == [None]

        await eventually(settled)
    assert postman.letters == []
