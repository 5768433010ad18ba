"""Activation sheets: printed by who may, scanned by who holds them, and half of what a claim needs."""

import asyncio
import io
import zipfile
from typing import Any

import pytest

from services.credentials.activating import codes
from tests.integration.credentials.conftest import Round, Vault, center_state, lao_state
from tests.unit.paper.seeing import codes_on, pages_of, text_of
from tests.world import eventually


async def waiting(vault: Vault, centers: int = 1) -> tuple[Round, str]:
    what = Round.of(centers)
    await vault.seal(what)
    return what, what.centers[0]


async def entries(vault: Vault, **about: Any) -> list[dict[str, Any]]:
    return await vault.mongo.documents("audit").find(about, sort=[("number", 1)])


async def test_a_holder_without_a_token_opens_its_credential_with_its_sheet(vault: Vault) -> None:
    what, center = await waiting(vault)
    code = await vault.sheet(what, center)
    opened = await vault.at_the_door(code)
    assert (opened.status_code, opened.json()["holder"], opened.json()["round"]) == (201, center, what.id)
    number = await vault.code_for(what.mail_of(center))
    assert (await vault.step(opened.json(), "reveal")).status_code == 403
    assert (await vault.step(opened.json(), "verify", {"code": number})).status_code == 200
    shown = await vault.step(opened.json(), "reveal")
    assert (shown.status_code, shown.json()["holder"], shown.json()["must_change"]) == (200, center, False)
    assert (await vault.step(opened.json(), "reveal")).json() == shown.json()
    assert (await vault.step(opened.json(), "reveal", key="another-key")).status_code == 409
    assert (await vault.step(opened.json(), "confirm")).json()["state"] == "confirmed"
    done = [entry["action"] for entry in await entries(vault, chain=f"center/{center}", outcome="allowed")]
    assert done == [
        *("credential.seal", "sheet.make", "claim.open", "claim.verify"),
        *("credential.reveal", "credential.refetch", "credential.confirm"),
    ]


async def test_the_session_of_a_claim_goes_with_that_claim_alone(vault: Vault) -> None:
    what, center = await waiting(vault, 2)
    other = what.centers[1]
    mine = await vault.verified_at_the_door(what, center, await vault.sheet(what, center))
    theirs = (await vault.at_the_door(await vault.sheet(what, other))).json()
    assert (await vault.step({**mine, "session": theirs["session"]}, "reveal")).status_code == 403
    assert (await vault.step({**mine, "session": "made-up"}, "reveal")).status_code == 403
    without = await vault.http.post(f"/v1/claims/{mine['claim']}/reveal", headers={"Idempotency-Key": "door-key-1"})
    assert (without.status_code, without.json()["type"]) == (401, "urn:saraban:problem:sign-in-required")
    with_token = await vault.reveal(mine["claim"], "center", center)
    assert with_token.status_code == 403
    assert (await vault.step(mine, "reveal")).status_code == 200


async def test_a_new_sheet_makes_the_one_before_void(vault: Vault) -> None:
    what, center = await waiting(vault)
    first, second = await vault.sheet(what, center), await vault.sheet(what, center)
    refused = await vault.at_the_door(first)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:saraban:problem:claim-code-refused")
    assert (await vault.at_the_door(second)).status_code == 201


async def test_a_code_that_was_never_printed_and_one_made_void_are_answered_alike(vault: Vault) -> None:
    what, center = await waiting(vault)
    void = await vault.sheet(what, center)
    await vault.sheet(what, center)
    answers = [(await vault.at_the_door(code)) for code in (void, codes.draw())]
    bodies = [{key: value for key, value in answer.json().items() if key != "trace_id"} for answer in answers]
    assert bodies[0] == bodies[1]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert sorted(answers[0].headers) == sorted(answers[1].headers)


async def test_a_slip_of_the_finger_is_told_by_its_group_and_asks_the_database_nothing(vault: Vault) -> None:
    groups = codes.draw().split("-")
    groups[2] = groups[2][:4] + ("A" if groups[2][4] != "A" else "B")
    before = await vault.mongo.documents("door_tries").count({})
    answer = await vault.at_the_door("-".join(groups))
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:saraban:problem:claim-code-mistyped")
    assert [place["where"] for place in answer.json()["errors"]] == ["body.code.3"]
    assert await vault.mongo.documents("door_tries").count({}) == before


async def test_tries_with_one_code_are_limited_whoever_makes_them(vault: Vault) -> None:
    code = codes.draw()
    answers = [await vault.at_the_door(code) for _ in range(22)]
    assert [answer.status_code for answer in answers] == [403] * 20 + [429] * 2
    assert 0 < int(answers[-1].headers["retry-after"]) <= 600
    refused = await vault.mongo.documents("audit").find({"subject": "claim/code", "detail": "too_many"})
    assert len(refused) == 2


async def test_a_sheet_past_its_time_opens_nothing(vault: Vault) -> None:
    what, center = await waiting(vault)
    code = await vault.sheet(what, center)
    activations = vault.mongo.documents("activations")
    kept = await activations.one({"_id": what.credential("center", center)})
    assert kept
    await activations.update({"_id": kept["_id"]}, {"$set": {"ends": kept["made_at"]}})
    assert (await vault.at_the_door(code)).status_code == 403


async def test_a_sheet_holds_no_credential_and_what_is_kept_of_its_code_is_a_keyed_hash(
    vault: Vault, master_key: Any
) -> None:
    what, center = await waiting(vault)
    answer = await vault.http.post(
        f"/v1/holders/{center}/credential/sheet", json={"round": what.id}, headers=vault.headers("operator", "00")
    )
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    text = text_of(answer.content)
    (scanned,) = codes_on(answer.content)
    address, _, code = scanned.partition("#")
    assert address.endswith("/claim")
    assert code in text
    assert center in text
    claim = await vault.verified_at_the_door(what, center, code)
    secret = (await vault.step(claim, "reveal")).json()
    assert secret["password"] not in text
    assert secret["username"] not in text
    dump = repr([doc async for doc in vault.mongo.documents("activations").each({})])
    assert code not in dump
    assert code.replace("-", "") not in dump


async def test_the_holder_is_told_by_mail_that_a_sheet_was_made_and_the_code_is_not_in_it(vault: Vault) -> None:
    what, center = await waiting(vault)
    code = await vault.sheet(what, center)

    async def told() -> list[dict[str, Any]]:
        return await vault.letters(what.mail_of(center))

    (letter,) = await eventually(told)
    assert "ใบรับสิทธิ" in letter["subject"]
    assert not any(group in letter["text"] for group in code.split("-"))


@pytest.mark.parametrize("role", ["province", "district", "center", "auditor", "assessor", "publisher"])
async def test_the_tiers_between_make_no_sheets(vault: Vault, role: str) -> None:
    answer = await vault.http.post("/v1/holders/c/credential/sheet", json={}, headers=vault.headers(role, "58"))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:saraban:problem:forbidden")


async def test_an_lao_makes_sheets_for_its_own_centers_and_not_for_itself(vault: Vault) -> None:
    what, center = await waiting(vault)
    lao = what.laos[0]
    assert await vault.sheet(what, center, "lao", lao)
    for code, org, status in ((lao, lao, 403), (center, "6999999", 403)):
        answer = await vault.http.post(
            f"/v1/holders/{code}/credential/sheet", json={"round": what.id}, headers=vault.headers("lao", org)
        )
        assert answer.status_code == status
    refused = await entries(vault, chain=f"lao/{lao}", action="sheet.make", outcome="refused")
    assert [entry["subject"] for entry in refused] == [f"lao/{lao}"]


async def test_no_sheet_is_made_of_a_credential_that_was_opened(vault: Vault) -> None:
    what, center = await waiting(vault)
    await vault.reveal(await vault.verified(what, "center", center), "center", center)
    answer = await vault.http.post(
        f"/v1/holders/{center}/credential/sheet", json={"round": what.id}, headers=vault.headers("operator", "00")
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:saraban:problem:already-claimed")


async def test_a_sheet_used_after_the_credential_was_opened_raises_the_alarm(vault: Vault) -> None:
    what, center = await waiting(vault)
    code = await vault.sheet(what, center)
    await vault.reveal(await vault.verified(what, "center", center), "center", center)
    answer = await vault.at_the_door(code)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:saraban:problem:already-claimed")

    async def alarmed() -> list[dict[str, Any]]:
        return [each for each in await vault.letters(what.mail_of(center)) if "อีกครั้ง" in each["subject"]]

    (letter,) = await eventually(alarmed)
    assert "ด้วยใบรับสิทธิ" in letter["text"]


async def test_a_holder_without_an_address_is_told_on_paper_and_at_the_door(vault: Vault) -> None:
    what, center = await waiting(vault)
    await vault.world.publish("registry", (center, 2, center_state(what, center, email=None)))

    async def unreachable() -> bool:
        found = await vault.mongo.documents("centers").one({"_id": center})
        return bool(found and found["email"] is None)

    await eventually(unreachable)
    answer = await vault.at_the_door(await vault.sheet(what, center))
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:saraban:problem:contact-missing")


async def test_a_batch_comes_as_a_document_for_each_lao_of_those_who_still_wait(vault: Vault) -> None:
    what, center = await waiting(vault, 5)  # of three LAOs
    await vault.world.publish("registry", ("5801", 1, _district(what)))
    await vault.reveal(await vault.verified(what, "center", center), "center", center)
    archive = await _batch(vault, what, "operator", "00", "5801")
    assert sorted(archive.namelist()) == [f"{lao}.pdf" for lao in what.laos]
    pages = [pages_of(archive.read(name)) for name in sorted(archive.namelist())]
    assert pages == [2, 3, 2]  # each LAO and its centers, but for the one that has opened its own
    scanned = [code for name in archive.namelist() for code in codes_on(archive.read(name))]
    assert len(set(scanned)) == 7
    begun = await asyncio.gather(*(vault.at_the_door(each.partition("#")[2]) for each in scanned))
    assert {answer.json()["holder"] for answer in begun} == {*what.laos, *what.centers[1:]}


async def test_an_lao_gets_the_sheets_of_its_own_centers_in_one_document(vault: Vault) -> None:
    what, _ = await waiting(vault, 4)
    lao = what.laos[0]
    archive = await _batch(vault, what, "lao", lao, lao)
    assert archive.namelist() == [f"{lao}.pdf"]
    assert pages_of(archive.read(f"{lao}.pdf")) == 2


async def test_a_batch_of_another_part_of_the_tree_is_refused_and_entered(vault: Vault) -> None:
    what, _ = await waiting(vault, 4)
    mine, other = what.laos
    answer = await vault.http.post(
        f"/v1/rounds/{what.id}/sheets", json={"within": other}, headers=vault.headers("lao", mine)
    )
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:saraban:problem:out-of-scope")
    (entry,) = await entries(vault, chain=f"lao/{mine}", outcome="refused")
    assert (entry["subject"], entry["action"]) == (f"organization/{other}", "sheet.make")
    assert answer.json()["where"] == "body.within"


async def _batch(vault: Vault, what: Round, role: str, org: str, within: str) -> zipfile.ZipFile:
    async def made() -> Any:
        answer = await vault.http.post(
            f"/v1/rounds/{what.id}/sheets", json={"within": within}, headers=vault.headers(role, org)
        )
        return answer if answer.status_code == 200 else None

    return zipfile.ZipFile(io.BytesIO((await eventually(made)).content))


def _district(what: Round) -> Any:
    return lao_state(what, what.laos[0]).model_copy(
        update={"code": "5801", "kind": "district", "path": ("00", "58", "5801"), "name": "อ.เมือง"}
    )
