"""What becomes of a credential that went wrong, and that its holder hears of every step."""

from typing import Any

import httpx
import pytest

from shared.bus.envelope import decode
from shared.contracts.events import EVENT_TYPES, ClaimAlarmed
from shared.contracts.topics import CREDENTIALS
from tests.integration.credentials.conftest import Round, Vault
from tests.world import eventually


async def wish(
    vault: Vault, what: Round, code: str, kind: str, role: str, org: str, sub: str = "", **more: Any
) -> httpx.Response:
    body = {"round": what.id, "reason": "lost" if kind == "reissue" else "leaked", **more}
    return await vault.http.post(
        f"/v1/holders/{code}/credential/{kind}", json=body, headers=vault.headers(role, org, sub)
    )


async def settle(vault: Vault, request: str, step: str, role: str, org: str, sub: str = "") -> httpx.Response:
    return await vault.http.post(f"/v1/renewals/{request}/{step}", headers=vault.headers(role, org, sub))


async def events_of(vault: Vault, what: Round, holder: str) -> list[str]:
    found = [decode(record) for record in await vault.world.records(CREDENTIALS)]
    data = [EVENT_TYPES[event.type].validate(event.data) for event in found]
    return [type(each).__name__ for each in data if each.round == what.id and each.holder == holder]  # type: ignore[attr-defined]


async def claimed(vault: Vault, what: Round, center: str) -> tuple[str, dict[str, Any]]:
    claim = await vault.verified(what, "center", center)
    return claim, (await vault.reveal(claim, "center", center)).json()


async def test_a_lost_reveal_is_asked_for_approved_by_another_and_claimed_once_more(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    _, first = await claimed(vault, what, center)
    asked = await wish(vault, what, center, "reissue", "center", center)
    assert (asked.status_code, asked.json()["outcome"]) == (200, "asked")
    request = asked.json()["renewal"]["id"]
    waiting = await vault.http.get("/v1/renewals", headers=vault.headers("operator", "00"))
    assert request in {item["id"] for item in waiting.json()["items"]}
    assert (await settle(vault, request, "approve", "lao", what.laos[0])).status_code == 403
    approved = await settle(vault, request, "approve", "district", "5801")
    assert (approved.json()["outcome"], approved.json()["credential"]["must_change"]) == ("done", True)
    _, second = await claimed(vault, what, center)
    assert (second["password"], second["must_change"], second["version"]) == (first["password"], True, 1)

    async def told() -> bool:
        return "CredentialReissued" in await events_of(vault, what, center)

    await eventually(told)

    async def lettered() -> bool:
        subjects = " ".join(letter["subject"] for letter in await vault.letters(what.mail_of(center)))
        return "once more" in subjects and "Somebody asked" in subjects

    await eventually(lettered)


async def test_nobody_approves_its_own_request(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    await claimed(vault, what, center)
    request = (await wish(vault, what, center, "reissue", "district", "5801", "one")).json()["renewal"]["id"]
    alone = await settle(vault, request, "approve", "district", "5801", "one")
    assert (alone.status_code, alone.json()["type"]) == (403, "urn:saraban:problem:second-person-needed")
    elsewhere = await settle(vault, request, "approve", "district", "5802", "two")
    assert (elsewhere.status_code, elsewhere.json()["type"]) == (404, "urn:saraban:problem:request-unknown")
    assert (await settle(vault, request, "approve", "district", "5801", "two")).status_code == 200
    refused = await vault.mongo.documents("audit").find({"action": "renewal.approve", "outcome": "refused"})
    assert {"SamePerson", "out_of_scope"} <= {entry["detail"].split()[-1] for entry in refused}


async def test_a_reveal_that_was_confirmed_is_not_lost(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim, _ = await claimed(vault, what, center)
    await vault.http.post(f"/v1/claims/{claim}/confirm", headers=vault.headers("center", center))
    answer = await wish(vault, what, center, "reissue", "center", center)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:saraban:problem:nothing-lost")


async def test_a_rotation_gives_a_new_password_under_the_same_username_and_the_old_claim_dies(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    old = await vault.verified(what, "center", center)
    sheet = await vault.sheet(what, center)
    before = (await vault.reveal(old, "center", center)).json()
    done = await wish(vault, what, center, "rotate", "operator", "00")
    assert (done.json()["outcome"], done.json()["credential"]["version"]) == ("done", 2)
    assert (await vault.reveal(old, "center", center)).status_code == 403
    assert (await vault.at_the_door(sheet)).status_code == 403
    _, after = await claimed(vault, what, center)
    assert after["username"] == before["username"]
    assert after["password"] != before["password"]
    assert after["version"] == 2


async def test_a_holder_asks_for_a_rotation_and_an_officer_decides(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    asked = await wish(vault, what, center, "rotate", "center", center, source="batch")
    assert asked.json()["outcome"] == "asked"
    done = await settle(vault, asked.json()["renewal"]["id"], "approve", "province", "58")
    assert done.json()["credential"]["state"] == "waiting"
    answer = await vault.open(what, "center", center)
    assert answer.json()["type"] == "urn:saraban:problem:credential-not-issued"


async def test_a_revoked_credential_opens_for_nobody(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    sheet = await vault.sheet(what, center)
    assert (await wish(vault, what, center, "revoke", "department", "00")).json()["credential"]["state"] == "revoked"
    assert (await vault.reveal(claim, "center", center)).status_code == 403
    assert (await vault.open(what, "center", center)).status_code == 404
    assert (await vault.at_the_door(sheet)).status_code == 403


async def test_a_request_refused_or_withdrawn_changes_nothing(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    for step, role, org in (("refuse", "district", "5801"), ("withdraw", "center", center)):
        request = (await wish(vault, what, center, "revoke", "center", center)).json()["renewal"]["id"]
        again = await wish(vault, what, center, "revoke", "lao", what.laos[0])
        assert (again.status_code, again.json()["type"]) == (409, "urn:saraban:problem:renewal-open")
        settled = await settle(vault, request, step, role, org)
        assert (settled.status_code, settled.json()["credential"]["state"]) == (200, "sealed")


@pytest.mark.parametrize(("role", "org"), [("center", "another"), ("lao", "6999999"), ("district", "5899")])
async def test_nobody_asks_about_another_part_of_the_tree(vault: Vault, role: str, org: str) -> None:
    what = Round.of(1)
    await vault.seal(what)
    answer = await wish(vault, what, what.centers[0], "rotate", role, org)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:saraban:problem:out-of-scope")
    (entry,) = await vault.mongo.documents("audit").find(
        {"chain": f"{role}/{org}", "detail": f"{what.id} out_of_scope"}
    )
    assert entry["action"] == "credential.rotate"


async def test_wrong_hands_are_told_to_the_holder_and_on_the_bus_by_role_and_time(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    await claimed(vault, what, center)
    for _ in range(3):
        await vault.open(what, "center", center, sub="somebody else")

    async def alarms() -> list[ClaimAlarmed]:
        found = [decode(record) for record in await vault.world.records(CREDENTIALS)]
        data = [EVENT_TYPES[event.type].validate(event.data) for event in found]
        mine = [each for each in data if isinstance(each, ClaimAlarmed) and each.round == what.id]
        return mine if len(mine) == 3 else []

    alarm = (await eventually(alarms))[0]
    assert (alarm.cause, alarm.claimed_role, alarm.attempted_role) == ("already_claimed", "center", "center")
    assert alarm.claimed_at is not None
    assert alarm.claimed_at < alarm.attempted_at
    assert "somebody else" not in alarm.model_dump_json()

    async def lettered() -> list[dict[str, Any]]:
        return await vault.letters(what.mail_of(center))

    for role, org in (("lao", what.laos[0]), ("district", "5801"), ("auditor", "00")):
        asked: dict[str, str | int] = {"limit": 2, "within": what.laos[0]}
        where, headers = f"/v1/rounds/{what.id}/alarms", vault.headers(role, org)
        first = (await vault.http.get(where, params=asked, headers=headers)).json()
        rest = (await vault.http.get(where, params={**asked, "cursor": first["next"]}, headers=headers)).json()
        listed = [*first["items"], *rest["items"]]
        assert [(each["holder"], each["cause"]) for each in listed] == [(center, "already_claimed")] * 3
        times = [each["attempted_at"] for each in listed]
        assert times == sorted(times, reverse=True)
        assert "somebody" not in str(listed)
    foreign = await vault.http.get(where, params=asked, headers=vault.headers("lao", "6999999"))
    assert (foreign.status_code, foreign.json()["type"]) == (403, "urn:saraban:problem:out-of-scope")

    (letter,) = await eventually(lettered)  # one letter, however often somebody tried within ten minutes
    assert "ศพด." in letter["text"]


async def test_guesses_until_the_lock_are_told_to_the_holder(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.opened(what, "center", center)
    right = int(await vault.code_for(what.mail_of(center)))
    for guess in range(5):
        await vault.verify(claim, f"{(right + 1 + guess) % 10**6:06d}", "center", center)

    async def lettered() -> bool:
        return any("guessed" in letter["subject"] for letter in await vault.letters(what.mail_of(center)))

    await eventually(lettered)
