"""While its trail cannot be written the vault shows nothing and changes nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.integration.credentials.conftest import Round, Vault, seals_of


@asynccontextmanager
async def no_trail(vault: Vault) -> AsyncIterator[None]:
    """The database takes no entry of the trail, and everything else."""
    database = vault.mongo.client[vault.mongo.name]
    await database.command("collMod", "audit", validator={"never": True}, validationLevel="strict")
    try:
        yield
    finally:
        await database.command("collMod", "audit", validator={})


async def open_every_seal(vault: Vault, what: Round, master_key: Path) -> dict[str, dict[str, str]]:
    """What nobody may learn: every secret, by credential."""
    found = {}
    async with seals_of(vault, master_key) as seals:
        for document in await vault.mongo.documents("credentials").find({"round": what.id}):
            label = {
                "round": document["round"],
                "holder": document["holder"],
                "kind": document["kind"],
                "credential": document["credential"],
                "version": document["edition"],
            }
            found[document["_id"]] = await seals.open(document["sealed"], label)
    return found


async def standing(vault: Vault, what: Round) -> list[tuple[str, int]]:
    """Each credential of a round, each erasure of its holders, and how often it was changed."""
    owners = {"$in": [*(f"center/{code}" for code in what.centers), *(f"lao/{code}" for code in what.laos)]}
    return [
        (each["_id"], each["version"])
        for name, query in (("credentials", {"round": what.id}), ("erasures", {"_id": owners}))
        for each in await vault.mongo.documents(name).find(query, sort=[("_id", 1)])
    ]


async def test_while_the_trail_cannot_be_written_no_secret_leaves(vault: Vault, master_key: Path) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    async with no_trail(vault):
        answer = await vault.reveal(claim, "center", center)
    words = (await open_every_seal(vault, what, master_key))[what.credential("center", center)].values()
    assert answer.status_code == 500
    assert not any(word in answer.text for word in words)
    assert (await vault.reveal(claim, "center", center)).json()["password"] in words


async def test_while_the_trail_cannot_be_written_nothing_else_of_the_vault_goes_on_either(vault: Vault) -> None:
    """A code shown, a confirmation, sheets, renewals and erasures: each fails, and nothing of it was done."""
    what = Round.of(3)
    first, second, third = what.centers
    await vault.seal(what)
    shown, revealed = await vault.opened(what, "center", first), await vault.verified(what, "center", second)
    number = await vault.code_for(what.mail_of(first))
    await vault.reveal(revealed, "center", second)
    operator, holder = vault.headers("operator", "00"), vault.headers("center", third)
    wish = {"round": what.id, "reason": "leaked"}
    asked = await vault.http.post(f"/v1/holders/{third}/credential/rotate", json=wish, headers=holder)
    request = asked.json()["renewal"]["id"]
    forgotten = await vault.http.post(
        f"/v1/holders/{third}/credential/erase", json={"reason": "closed"}, headers=operator
    )
    erasure = forgotten.json()["id"]
    steps: list[tuple[str, Any, dict[str, str]]] = [
        (f"/v1/claims/{shown}/verify", {"code": number}, vault.headers("center", first)),
        (f"/v1/claims/{revealed}/confirm", None, vault.headers("center", second)),
        (f"/v1/holders/{third}/credential/sheet", {"round": what.id}, operator),
        (f"/v1/rounds/{what.id}/sheets", {"within": what.laos[1]}, operator),
        (f"/v1/holders/{first}/credential/rotate", wish, operator),
        (f"/v1/holders/{first}/credential/revoke", wish, operator),
        (f"/v1/holders/{second}/credential/reissue", {**wish, "reason": "lost"}, vault.headers("center", second)),
        (f"/v1/renewals/{request}/refuse", None, vault.headers("district", "5801")),
        (f"/v1/holders/{first}/credential/erase", {"reason": "closed"}, vault.headers("district", "5801")),
        (f"/v1/erasures/{erasure}/approve", None, vault.headers("department", "00")),
    ]

    before = await standing(vault, what)
    async with no_trail(vault):
        refused = [await vault.http.post(path, json=body, headers=headers) for path, body, headers in steps]
    assert {(path, answer.status_code) for (path, _, _), answer in zip(steps, refused, strict=True)} == {
        (path, 500) for path, _, _ in steps
    }
    assert await vault.mongo.documents("activations").count({"round": what.id}) == 0, "no sheet was made"
    assert await standing(vault, what) == before, "nothing was changed, so nothing was announced"
    # Once it can be written again, what is asked again is answered, and entered.
    confirmed = await vault.http.post(f"/v1/claims/{revealed}/confirm", headers=vault.headers("center", second))
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "confirmed")
    assert await vault.sheet(what, third)
    assert (
        await vault.mongo.documents("audit").count({"chain": f"center/{second}", "action": "credential.confirm"}) == 1
    )
