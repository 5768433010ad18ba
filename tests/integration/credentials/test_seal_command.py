"""`saraban credentials seal`: a file of ONESQA's comes to lie in the vault, and says nothing of itself on the way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.local.issuer.app import new_key
from deploy.local.sealing.commands import credentials_app
from tests.contract.conformance import listening
from tests.integration.credentials.conftest import Round, Vault
from tests.integration.credentials.sending import Onesqa

HEADER = "ประเภท,รหัส,ชื่อผู้ใช้,รหัสผ่าน"


@pytest.fixture(scope="module")
async def address(vault: Vault) -> AsyncIterator[str]:
    """The vault behind a real socket; what it started with goes on."""
    async with listening(_without_lifespan(vault.app)) as found:
        yield found


def _without_lifespan(app: Any) -> Any:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        await app(scope, receive, send)

    return serve


class Desk:
    """Where an officer of ONESQA runs the command."""

    def __init__(self, told: Onesqa, address: str, folder: Path) -> None:
        self.told, self.address, self.file = told, address, folder / "credentials.csv"
        self.key = folder / "signing-key.json"
        stack = told.vault.world.stack
        self.key.write_text((stack.state.directory / "secrets" / "publisher-onesqa").read_text())
        self.token = stack.token("publisher", "onesqa")

    def write(self, *rows: str, header: str = HEADER, mode: int = 0o600) -> None:
        self.file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        self.file.chmod(mode)

    async def seal(self, *words: str, **instead: Any) -> Result:
        """The command as typed. Typer and its HTTP wait, so it runs beside the vault and not in its loop."""
        said = {"--file": self.file, "--round": self.told.what.id, "--key": self.key, "--url": self.address}
        said |= {"--token": self.token, **{f"--{name}": value for name, value in instead.items()}}
        line = [str(each) for pair in said.items() for each in pair]
        return await asyncio.to_thread(CliRunner().invoke, credentials_app, ["seal", *line, *words])


@pytest.fixture
async def desk(vault: Vault, address: str, tmp_path: Path) -> Desk:
    told = Onesqa(vault, Round.of(3))
    await vault.seal(told.what)
    vault.world.stack.publisher_key()
    return Desk(told, address, tmp_path)


async def test_what_the_file_holds_its_holders_open_and_the_words_on_the_screen_are_none_of_it(desk: Desk) -> None:
    vault, what = desk.told.vault, desk.told.what
    center, lao = what.centers[0], what.laos[0]
    desk.write(f"ศพด.,{center},user.center,Secret-of-the-center-1", f"อปท.,{lao},user.lao,Secret-of-the-lao-1")
    result = await desk.seal()
    assert result.exit_code == 0, result.output
    assert "ผนึกแล้ว / sealed" in result.output
    assert "was destroyed at 20" in result.output
    assert not any(word in result.output + result.stderr for word in ("Secret-of", "user.center", "user.lao"))
    for role, code, password in (("center", center, "Secret-of-the-center-1"), ("lao", lao, "Secret-of-the-lao-1")):
        shown = await vault.reveal(await vault.verified(what, role, code), role, code)
        assert shown.json()["password"] == password
    again = await desk.seal()
    assert (again.exit_code, "unchanged" in again.output) == (0, True)
    desk.write(f"ศพด.,{center},user.center,Secret-of-the-center-2")
    late = await desk.seal()
    assert (late.exit_code, "claimed already: rotate first" in late.output) == (1, True)


async def test_a_line_that_cannot_be_sealed_is_named_and_harms_no_other(desk: Desk) -> None:
    what = desk.told.what
    desk.write(f"center,{what.centers[0]},user.a,Good-Secret-1", "center,nobody-knows,user.b,Other-Secret-1")
    result = await desk.seal()
    assert result.exit_code == 1
    assert "แถว / line 2" in result.output
    assert "unknown holder" in result.output
    assert "nobody-knows" in result.output
    assert "Secret-1" not in result.output
    kept = await desk.told.vault.mongo.documents("credentials").one({"_id": what.credential("center", what.centers[0])})
    assert kept
    assert kept["batch"]


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("kind,holder,username", "center,c,u", "must name password once"),
        ("kind,holder,username,password,password", "center,c,u,Hidden-Word,x", "must name password once"),
        (HEADER, "center,c,Hidden-Word", "row 2 is too short"),
        (HEADER, "prince,c,u,Hidden-Word", "kind is center or lao"),
        (HEADER, '"center,c,u,Hidden-Word', "is no CSV"),
    ],
)
async def test_a_file_that_cannot_be_sent_is_refused_with_its_place_before_anything_is_asked(
    desk: Desk, header: str, row: str, said: str
) -> None:
    desk.write(row, header=header)
    before = await desk.told.vault.mongo.documents("batches").count({})
    result = await desk.seal()
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
    assert "Hidden-Word" not in result.output + result.stderr
    assert await desk.told.vault.mongo.documents("batches").count({}) == before


async def test_a_file_that_others_may_read_is_told_of(desk: Desk) -> None:
    desk.write(f"center,{desk.told.what.centers[0]},user.a,Good-Secret-1", mode=0o644)
    result = await desk.seal()
    assert "chmod 600" in result.stderr
    desk.file.chmod(0o600)
    assert "chmod 600" not in (await desk.seal()).stderr


async def test_a_key_that_is_none_or_is_not_registered_a_token_and_a_vault_that_is_away_are_each_told(
    desk: Desk, tmp_path: Path
) -> None:
    desk.write(f"center,{desk.told.what.centers[0]},user.a,Good-Secret-1")
    other, broken = tmp_path / "other-key.json", tmp_path / "broken-key.json"
    other.write_text(new_key())
    broken.write_text("no key at all")
    for instead, said in (
        ({"key": broken}, "signing key cannot be read"),
        ({"key": other}, "422"),
        ({"source": "/nobody"}, "422"),
        ({"token": "no-token"}, "401"),
        ({"url": "http://127.0.0.1:1"}, "no answer from http://127.0.0.1:1"),
        ({"round": "2500-none"}, "404"),
    ):
        result = await desk.seal(**instead)
        assert (result.exit_code, said in result.stderr) == (2, True), (instead, result.stderr, result.output)
        assert "Good-Secret-1" not in result.output + result.stderr
        assert desk.token not in result.output + result.stderr
