"""A holder erased by two persons: its secrets open for nobody, in no process and from no backup."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.bus.envelope import decode
from shared.contracts.events import EVENT_TYPES, CredentialErased, StageChanged
from shared.contracts.topics import AUDIT, CREDENTIALS, STATUS
from tests.integration.credentials.conftest import Round, Vault, running
from tests.integration.credentials.test_blind_relay import tree
from tests.integration.sealing.test_erasing import copied, restored
from tests.world import World, eventually

open_vault = asynccontextmanager(running)
ERASED = (410, "urn:saraban:problem:credential-erased")


@pytest.fixture(scope="module")
async def other(vault: Vault, shared_world: World, master_key: Path) -> AsyncIterator[Vault]:
    """A second instance of the service, which reads the keyring by itself, and now and then."""
    async with open_vault(shared_world, master_key, roles="api") as second:
        yield second


async def ask(vault: Vault, code: str, role: str, org: str, reason: str = "closed", sub: str = "") -> httpx.Response:
    return await vault.http.post(
        f"/v1/holders/{code}/credential/erase", json={"reason": reason}, headers=vault.headers(role, org, sub)
    )


async def settle(vault: Vault, request: str, step: str, role: str, org: str, sub: str = "") -> httpx.Response:
    return await vault.http.post(f"/v1/erasures/{request}/{step}", headers=vault.headers(role, org, sub))


async def erased(vault: Vault, code: str) -> None:
    request = (await ask(vault, code, "center", code, "holder_asked")).json()["id"]
    answer = await settle(vault, request, "approve", "department", "00")
    assert answer.json()["done_at"], answer.text


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "")


async def state_of(vault: Vault, code: str) -> str:
    answer = await vault.http.get(f"/v1/holders/{code}/credential", headers=vault.headers("auditor", "00"))
    return str(answer.json()["state"])


async def told(vault: Vault, what: Round) -> tuple[list[CredentialErased], list[str]]:
    """The erasures of a round on the bus, and the centers whose status says so."""
    found = [decode(record) for record in await vault.world.records(CREDENTIALS, STATUS)]
    data = [EVENT_TYPES[event.type].validate(event.data) for event in found]
    events = [each for each in data if isinstance(each, CredentialErased) and each.round == what.id]
    stages = [each for each in data if isinstance(each, StageChanged) and each.round == what.id]
    return events, [each.center for each in stages if each.state == "erased"]


async def test_an_erased_holder_opens_in_no_process_and_its_neighbour_does(vault: Vault, other: Vault) -> None:
    what = Round.of(2)
    gone, stays = what.centers
    await vault.seal(what)
    await tree(vault, what)
    claim, sheet = await vault.verified(what, "center", gone), await vault.sheet(what, gone)
    neighbour = await vault.verified(what, "center", stays)
    assert (await other.reveal(neighbour, "center", stays)).status_code == 200, "the second knows the keyring now"
    await erased(vault, gone)
    for instance in (other, vault):
        assert said(await instance.reveal(claim, "center", gone)) == ERASED
        assert said(await instance.open(what, "center", gone)) == ERASED
        assert said(await instance.at_the_door(sheet)) == (403, "urn:saraban:problem:claim-code-refused")
        assert await state_of(instance, gone) == "erased"
        again = await instance.reveal(neighbour, "center", stays)
        assert again.status_code == 200
    sheets = await vault.http.post(
        f"/v1/holders/{gone}/credential/sheet", json={"round": what.id}, headers=vault.headers("operator", "00")
    )
    assert said(sheets) == ERASED
    officer = vault.headers("district", "5801")
    listed = await vault.http.get(f"/v1/rounds/{what.id}/holders", params={"state": "erased"}, headers=officer)
    assert [item["holder"] for item in listed.json()["items"]] == [gone]
    counts = await vault.http.get(f"/v1/rounds/{what.id}/holders/counts", headers=officer)
    assert counts.json()["items"][0]["states"] == {"erased": 1, "claimed": 1, "sealed": 1}
    document = await vault.mongo.documents("credentials").one({"_id": what.credential("center", gone)})
    assert document
    assert document["sealed"] == b""
    assert await vault.mongo.documents("keys").count({"keyAltNames": f"center/{gone}"}) == 0


async def test_a_process_that_does_not_know_yet_asks_the_keyring(vault: Vault, other: Vault) -> None:
    """Between the key's end and the record's mark nothing opens, and nobody is told of a broken seal.

    The neighbour's seal is broken indeed, and that is told.
    """
    what = Round.of(2)
    center, neighbour = what.centers
    await vault.seal(what)
    claim, broken = [await vault.verified(what, "center", each) for each in (center, neighbour)]
    documents = vault.mongo.documents("credentials")
    before = await documents.one({"_id": what.credential("center", center)})
    assert before
    assert said(await other.open(what, "center", center))[0] == 201, "its keyring is of before"
    await erased(vault, center)
    await documents.delete({"_id": before["_id"]})
    await documents.insert(before)
    assert said(await other.reveal(claim, "center", center)) == ERASED
    await documents.update({"_id": what.credential("center", neighbour)}, {"$set": {"sealed": b"x" * 200}})
    answer = await other.reveal(broken, "center", neighbour)
    assert answer.json()["type"] == "urn:saraban:problem:seal-broken"


async def test_it_is_told_to_the_holder_on_the_bus_and_in_the_trail(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    await erased(vault, center)

    async def announced() -> bool:
        events, stages = await told(vault, what)
        return [each.reason for each in events] == ["holder_asked"] and stages == [center]

    await eventually(announced)

    async def lettered() -> bool:
        return any("was erased" in letter["subject"] for letter in await vault.letters(what.mail_of(center)))

    await eventually(lettered)
    entries = await vault.mongo.documents("audit").find({"chain": f"center/{center}"}, sort=[("number", 1)])
    assert [each["action"] for each in entries][-3:] == ["erasure.ask", "erasure.approve", "credential.erase"]


async def test_one_person_erases_nobody(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    request = (await ask(vault, center, "operator", "00", sub="one")).json()["id"]
    alone = await settle(vault, request, "approve", "operator", "00", "one")
    assert said(alone) == (403, "urn:saraban:problem:second-person-needed")
    assert (await settle(vault, request, "approve", "province", "58")).status_code == 403
    assert said(await ask(vault, center, "lao", what.laos[0])) == (409, "urn:saraban:problem:erasure-open")
    assert (await ask(vault, center, "district", "5802")).status_code == 403
    assert (await settle(vault, "0" * 16, "approve", "operator", "00", "two")).status_code == 404
    assert await state_of(vault, center) == "sealed"
    refused = await settle(vault, request, "refuse", "department", "00", "two")
    assert (refused.json()["state"], await state_of(vault, center)) == ("refused", "sealed")
    mine = (await ask(vault, center, "center", center)).json()["id"]
    assert (await settle(vault, mine, "withdraw", "lao", what.laos[0])).status_code == 404
    assert (await settle(vault, mine, "withdraw", "center", center)).json()["state"] == "withdrawn"
    assert (await vault.reveal(await vault.verified(what, "center", center), "center", center)).status_code == 200


async def test_an_approval_that_was_cut_off_is_carried_out_by_the_loop(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    await ask(vault, center, "lao", what.laos[0])
    # As the process left it that died right after the approval's write.
    approval = {
        "state": "approved", "decided_by": "operator-00", "decided_role": "operator", "decided_org": "00",
        "decided_at": datetime.now(UTC),
    }  # fmt: skip
    erasures = vault.mongo.documents("erasures")
    await erasures.update({"_id": f"center/{center}"}, {"$set": approval, "$inc": {"version": 1}})

    async def done() -> bool:
        found = await erasures.one({"_id": f"center/{center}"})
        return bool(found and found["done_at"])

    await eventually(done)
    assert await state_of(vault, center) == "erased"


async def test_a_secret_of_a_later_round_has_a_key_of_its_own(vault: Vault) -> None:
    first, second = Round.of(1), Round.of(1)
    second.centers, second.laos = first.centers, first.laos
    center = first.centers[0]
    await vault.seal(first)
    await erased(vault, center)
    await vault.seal(second)
    mails = len(await vault.mails(first.mail_of(center)))
    claim = await vault.opened(second, "center", center)
    number = await vault.code_for(first.mail_of(center), after=mails)
    assert (await vault.verify(claim, number, "center", center)).status_code == 200
    assert (await vault.reveal(claim, "center", center)).status_code == 200
    assert said(await vault.open(first, "center", center)) == ERASED


async def as_if_read(world: World) -> None:
    """As where the bus has forgotten: the vault takes all of it for known, and takes nothing over from it."""
    ends = {(each.topic, each.partition): each.offset + 1 for each in await world.records(CREDENTIALS, AUDIT)}
    mark = {"settled": [[*place, end] for place, end in ends.items()], "newest": [], "at": datetime.now(UTC)}
    await world.mongo("credentials").documents("restoring").update({"_id": "reconciled"}, {"$set": mark}, upsert=True)


async def test_a_restored_backup_brings_nobody_back(world: World, master_key: Path) -> None:
    what = Round.of(2)
    gone, stays = what.centers
    async with open_vault(world, master_key) as vault:
        await vault.seal(what)
        claims = {center: await vault.verified(what, "center", center) for center in what.centers}
        sheet = await vault.sheet(what, gone)
        backup: dict[str, list[dict[str, Any]]] = await copied(vault.mongo)
        await erased(vault, gone)
    await restored(world.mongo("credentials"), backup)
    await as_if_read(world)
    # Before anything was buried again: the keyring outside the database is all that knows.
    async with open_vault(world, master_key, roles="api") as vault:
        assert await state_of(vault, gone) != "erased", "the copy is of before"
        assert said(await vault.reveal(claims[gone], "center", gone)) == ERASED
        assert said(await vault.open(what, "center", gone)) == ERASED
        assert said(await vault.at_the_door(sheet)) == ERASED
        assert (await vault.reveal(claims[stays], "center", stays)).status_code == 200
    async with open_vault(world, master_key) as vault:

        async def buried() -> bool:
            return await state_of(vault, gone) == "erased"

        await eventually(buried)

        async def announced() -> bool:
            return [each.restored for each in (await told(vault, what))[0]] == [False, True]

        await eventually(announced)
        assert await vault.mongo.documents("keys").count({"keyAltNames": f"center/{gone}"}) == 0
        assert await state_of(vault, stays) == "claimed"
