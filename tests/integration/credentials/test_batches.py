"""Sealed batches: what becomes of each line, once, and of the key."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.sealing.sending import Sender, seal_lines
from services.credentials.batches.keys import BatchKeys
from services.credentials.batches.store import Batch
from shared.blobs import Blobs
from shared.contracts.events import ObligationChanged
from shared.security.sealed_batches import BatchRefused, open_sealed
from tests.integration.credentials.conftest import PATH, Round, Vault, announce, center_state, lao_state, seals_of
from tests.integration.credentials.sending import Onesqa, line, lines_for
from tests.world import eventually


@pytest.fixture
async def told(vault: Vault) -> Onesqa:
    """A round that the registry has told of, and ONESQA with passwords for it."""
    what = Round.of(4)
    await announce(vault.world, what)

    async def known() -> bool:
        round_ = await vault.mongo.documents("rounds").one({"_id": what.id})
        return round_ is not None and await vault.mongo.documents("obligations").count({"round": what.id}) == 4

    await eventually(known)
    return Onesqa(vault, what)


async def credential(vault: Vault, what: Round, code: str, kind: str = "center") -> dict[str, Any]:
    """A credential as it is stored, without what waits to be announced."""
    found = await vault.mongo.documents("credentials").one({"_id": what.credential(kind, code)})
    assert found
    return found | {"outbox": None}


async def credentials(vault: Vault, what: Round) -> list[dict[str, Any]]:
    found = await vault.mongo.documents("credentials").find({"round": what.id})
    return [each | {"outbox": None} for each in found]


async def test_what_onesqa_seals_its_holder_opens(told: Onesqa, vault: Vault) -> None:
    what = told.what
    ended = await told.send(lines_for(what))
    assert (ended["state"], ended["counts"], ended["fault"]) == ("done", {"sealed": 6}, None)
    for kind, code in (("center", what.centers[0]), ("lao", what.laos[0])):
        claim = await vault.verified(what, kind, code)
        shown = (await vault.reveal(claim, kind, code)).json()
        assert (shown["username"], shown["password"]) == (f"user-{code}", f"first-Word-{code}")


async def test_every_line_gets_its_own_verdict_and_a_bad_one_harms_no_other(told: Onesqa, vault: Vault) -> None:
    a, b, c, d = told.what.centers
    other = Round.of(1)
    await announce(vault.world, other)

    async def known() -> bool:
        return await vault.mongo.documents("centers").one({"_id": other.centers[0]}) is not None

    await eventually(known)
    ended = await told.send([
        line(a, "good-Word-1"),
        b"no json",
        b'{"kind":"center","holder":"x","username":"u","password":"p","extra":1}',
        b'{"kind":"prince","holder":"x","username":"u","password":"p"}',
        line("nobody-knows-this", "good-Word-1"),
        line(other.centers[0], "good-Word-1"),
        line(b, "ab c"),
        line(c, "good-Word-1"),
        line(c, "good-Word-1"),
        line(d, "good-Word-1"),
        line(d, "good-Word-2"),
        line(a, "good-Word-1", "lao"),
    ])  # fmt: skip
    told_of = {each["number"]: (each["verdict"], each["detail"]) for each in await told.verdicts(ended["batch"])}
    assert told_of == {
        1: ("sealed", []),
        2: ("unreadable", ["bad_json"]),
        3: ("unreadable", ["unknown_field"]),
        4: ("unreadable", ["kind"]),
        5: ("unknown_holder", []),
        6: ("not_owed", []),
        7: ("rule_violation", ["password_character"]),
        8: ("sealed", []),
        9: ("duplicate", []),
        10: ("duplicate", ["differing"]),
        11: ("duplicate", []),
        12: ("unknown_holder", []),
    }
    assert ended["lines"] == ended["done"] == 12
    assert await vault.mongo.documents("credentials").count({"round": told.what.id}) == 2
    only = await told.verdicts(ended["batch"], verdict="duplicate", limit=2)
    assert [each["number"] for each in only] == [9, 10]


async def test_a_line_for_a_merged_holder_names_who_carries_on_at_the_end(told: Onesqa, vault: Vault) -> None:
    """Two centers merged one after the other, an LAO merged, and one that was closed without a successor."""
    what = told.what
    a, b, c, d = what.centers
    gone, there = what.laos
    known = {code: center_state(what, code) for code in what.centers}
    closed = [
        *(
            (code, 2, known[code].model_copy(update={"state": "closed", "successor": heir}))
            for code, heir in ((a, b), (b, c))
        ),
        (d, 2, known[d].model_copy(update={"state": "closed"})),
        (gone, 2, lao_state(what, gone).model_copy(update={"state": "closed", "successor": there})),
    ]
    path = (*PATH, there)
    released = [
        (f"{what.id}/{code}", 2, ObligationChanged(round=what.id, center=code, lao=there, path=path, owed=code == c))
        for code in what.centers
    ]
    await vault.world.publish("registry", *closed, *released)

    async def heard() -> bool:
        centers = await vault.mongo.documents("centers").count({"_id": {"$in": [a, b, d]}, "state": "closed"})
        owed = await vault.mongo.documents("obligations").count({"round": what.id, "owed": True})
        lao = await vault.mongo.documents("organizations").count({"_id": gone, "state": "closed"})
        return (centers, owed, lao) == (3, 1, 1)

    await eventually(heard)
    lines = [line(code, "good-Word-1") for code in (a, b, c, d)] + [line(gone, "good-Word-1", "lao")]
    ended = await told.send(lines)
    assert [(each["verdict"], each["detail"]) for each in await told.verdicts(ended["batch"])] == [
        ("not_owed", [c]), ("not_owed", [c]), ("sealed", []), ("not_owed", []), ("not_owed", [there]),
    ]  # fmt: skip


async def test_the_same_batch_twice_changes_and_announces_nothing(told: Onesqa, vault: Vault) -> None:
    batch = await told.open()
    text = seal_lines(batch, lines_for(told.what), told.sender)
    assert (await told.post(text)).status_code == 202
    ended = await told.ended(batch["batch"])
    before = await credentials(vault, told.what)
    audit = await vault.mongo.documents("audit").count({"action": "credential.seal"})
    answers = await asyncio.gather(*(told.post(text) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [202] * 5
    assert answers[0].json() == ended
    assert await credentials(vault, told.what) == before
    assert await vault.mongo.documents("audit").count({"action": "credential.seal"}) == audit
    assert set((await told.issued()).values()) == {1}


async def test_handed_in_many_times_at_once_it_counts_once(told: Onesqa) -> None:
    batch = await told.open()
    text = seal_lines(batch, lines_for(told.what), told.sender)
    answers = await asyncio.gather(*(told.post(text) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert (await told.ended(batch["batch"]))["counts"] == {"sealed": 6}
    assert await told.issued() == Counter({(code, 1): 1 for code in (*told.what.centers, *told.what.laos)})


async def test_the_same_secrets_in_another_batch_change_and_announce_nothing(told: Onesqa, vault: Vault) -> None:
    await told.send(lines_for(told.what))
    before = await credentials(vault, told.what)
    again = await told.send(lines_for(told.what))
    assert again["counts"] == {"unchanged": 6}
    assert await credentials(vault, told.what) == before
    assert set((await told.issued()).values()) == {1}


async def test_another_secret_for_an_unclaimed_holder_is_a_new_edition_and_the_old_one_opens_no_more(
    told: Onesqa, vault: Vault
) -> None:
    center = told.what.centers[0]
    await told.send(lines_for(told.what))
    old = await credential(vault, told.what, center)
    ended = await told.send([line(center, "second-Word-1")])
    assert ended["counts"] == {"sealed": 1}
    assert [each["version"] for each in await told.verdicts(ended["batch"])] == [2]
    new = await credential(vault, told.what, center)
    assert (new["edition"], new["turn"]) == (2, 2)
    assert (await told.issued())[center, 2] == 1
    claim = await vault.verified(told.what, "center", center)
    # Whoever may write to the database puts the old seal back in its place: it is bound to the edition before.
    await vault.mongo.documents("credentials").update({"_id": new["_id"]}, {"$set": {"sealed": old["sealed"]}})
    assert (await vault.reveal(claim, "center", center)).json()["type"] == "urn:saraban:problem:seal-broken"
    await vault.mongo.documents("credentials").update({"_id": new["_id"]}, {"$set": {"sealed": new["sealed"]}})
    assert (await vault.reveal(claim, "center", center)).json()["password"] == "second-Word-1"


async def test_a_holder_that_has_opened_its_secret_is_not_given_another_behind_its_back(
    told: Onesqa, vault: Vault
) -> None:
    center = told.what.centers[0]
    await told.send(lines_for(told.what))
    claim = await vault.verified(told.what, "center", center)
    assert (await vault.reveal(claim, "center", center)).status_code == 200
    before = await credential(vault, told.what, center)
    ended = await told.send([line(center, "second-Word-1"), line(told.what.centers[1], "second-Word-1")])
    assert ended["counts"] == {"already_claimed": 1, "sealed": 1}
    assert await credential(vault, told.what, center) == before
    same = await told.send([line(center, f"first-Word-{center}")])
    assert same["counts"] == {"unchanged": 1}


async def test_a_batch_and_generated_secrets_get_along(told: Onesqa, vault: Vault) -> None:
    """What is generated fills the gaps that a batch left; a batch replaces what was generated and not yet opened."""
    await told.send([line(told.what.centers[0], "first-Word-1")])
    await vault.seal(told.what)
    found = await vault.mongo.documents("credentials").find({"round": told.what.id})
    assert Counter(each["edition"] for each in found) == {1: 6}
    assert Counter(bool(each["batch"]) for each in found) == {False: 5, True: 1}
    assert (await told.send(lines_for(told.what)))["counts"] == {"sealed": 6}
    editions = [each["edition"] for each in await vault.mongo.documents("credentials").find({"round": told.what.id})]
    assert editions == [2] * 6


# The key


async def copy_of(vault: Vault, batch: str) -> tuple[Batch, dict[str, Any]]:
    """What a copy of the database holds of a batch's key."""
    kept = await vault.mongo.documents("batches").one({"_id": batch})
    key = await vault.mongo.documents("keys").one({"keyAltNames": f"batch/{batch}"})
    assert kept
    assert key
    return Batch.model_validate(kept), key


async def test_the_key_is_destroyed_after_the_import_and_no_copy_brings_it_back(
    told: Onesqa, vault: Vault, master_key: Path, blobs: Blobs
) -> None:
    batch = await told.open()
    kept, key = await copy_of(vault, batch["batch"])
    text = seal_lines(batch, lines_for(told.what), told.sender)
    jwe = text_of(text)
    async with seals_of(vault, master_key) as seals:
        assert open_sealed(jwe, await BatchKeys(seals).open(kept)), "as long as the key is there, it opens"
    await told.post(text)
    ended = await told.ended(batch["batch"])
    assert ended["key_destroyed_at"] is not None
    now = await vault.mongo.documents("batches").one({"_id": batch["batch"]})
    assert now
    assert now["private"] == b""
    assert await vault.mongo.documents("keys").count({"keyAltNames": f"batch/{batch['batch']}"}) == 0
    assert await blobs.places(f"{vault.world.namespace}-vault", prefix=f"batches/{batch['batch']}/") == []
    # An attacker with the recorded text, an old copy of the database and the master key.
    await vault.mongo.documents("keys").insert(key)
    async with seals_of(vault, master_key) as seals:
        with pytest.raises(BatchRefused, match="not-opened"):
            await BatchKeys(seals).open(kept)
    destroyed = await vault.mongo.documents("audit").find({"subject": f"batch/{batch['batch']}"})
    assert {each["action"] for each in destroyed} == {"batch.open", "batch.take", "batch.key_destroy"}


def text_of(signed: str) -> str:
    import base64
    import json

    return str(json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))["sealed"])


async def test_the_key_of_a_batch_that_never_came_is_destroyed_when_its_time_is_up(
    told: Onesqa, vault: Vault, master_key: Path
) -> None:
    batch = await told.open()
    kept, key = await copy_of(vault, batch["batch"])
    past = datetime.now(UTC) - timedelta(seconds=1)
    await vault.mongo.documents("batches").update({"_id": batch["batch"]}, {"$set": {"expires_at": past}})
    ended = await told.ended(batch["batch"])
    assert ended["state"] == "expired"
    await vault.mongo.documents("keys").insert(key)
    async with seals_of(vault, master_key) as seals:
        with pytest.raises(BatchRefused):
            await BatchKeys(seals).open(kept)
    answer = await told.post(seal_lines(batch, lines_for(told.what), told.sender))
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:saraban:problem:batch-over")


# Attacks


async def refused(told: Onesqa, text: str) -> tuple[int, str]:
    answer = await told.post(text)
    found = answer.json()
    return answer.status_code, str(found["type"]).rpartition(":")[2] + " " + found["detail_en"].rpartition("(")[2][:-1]


async def test_a_batch_of_another_round_is_refused(told: Onesqa, vault: Vault) -> None:
    other = Round.of(1)
    await announce(vault.world, other)
    elsewhere = Onesqa(vault, other)
    text = seal_lines(await elsewhere.open(), lines_for(other), told.sender)
    assert await refused(told, text) == (422, "batch-refused other-round")


async def test_what_was_sealed_for_one_batch_is_refused_for_another(told: Onesqa) -> None:
    one, other = await told.open(), await told.open()
    text = seal_lines({**one, "batch": other["batch"]}, lines_for(told.what), told.sender)
    assert await refused(told, text) == (422, "batch-refused other-batch")


async def test_a_key_serves_once(told: Onesqa) -> None:
    batch = await told.open()
    await told.post(seal_lines(batch, lines_for(told.what), told.sender))
    other = seal_lines(batch, lines_for(told.what, "other-Word-{}"), told.sender)
    answer = await told.post(other)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:saraban:problem:batch-used")
    assert (await told.ended(batch["batch"]))["counts"] == {"sealed": 6}


async def test_a_strangers_batch_and_an_unknown_one_are_refused(told: Onesqa) -> None:
    batch = await told.open()
    stranger = Sender("/onesqa", told.vault.world.stack.publisher_key().generate_key("P-256", auto_kid=True))
    assert await refused(told, seal_lines(batch, [], stranger)) == (422, "batch-refused bad-signature")
    nobody = Sender("/nobody", told.sender.key)
    assert await refused(told, seal_lines(batch, [], nobody)) == (422, "batch-refused unknown-sender")
    unknown = await told.post(seal_lines({**batch, "batch": "x", "key": {**batch["key"], "kid": "x"}}, [], told.sender))
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:saraban:problem:batch-unknown")


async def test_a_batch_opened_by_one_publisher_is_no_others_to_see(told: Onesqa, vault: Vault) -> None:
    batch = await told.open()
    other = vault.headers("publisher", "another-agency")
    for path in ("", "/verdicts"):
        found = await vault.http.get(f"/v1/rounds/{told.what.id}/batches/{batch['batch']}{path}", headers=other)
        assert found.status_code == 404
    listed = await vault.http.get(f"/v1/rounds/{told.what.id}/batches", headers=other)
    assert listed.json()["items"] == []
    own = await vault.http.get(f"/v1/rounds/{told.what.id}/batches", headers=told.headers)
    assert [each["batch"] for each in own.json()["items"]] == [batch["batch"]]


@pytest.mark.parametrize("role", ["department", "province", "district", "lao", "center", "auditor"])
async def test_who_may_not_send_opens_no_batch_and_sends_none(told: Onesqa, vault: Vault, role: str) -> None:
    text = seal_lines(await told.open(), lines_for(told.what), told.sender)
    headers = vault.headers(role, {"department": "00"}.get(role, told.what.centers[0]))
    opened = await vault.http.post(f"/v1/rounds/{told.what.id}/batches", json={}, headers=headers)
    sent = await vault.http.post(f"/v1/rounds/{told.what.id}/credentials", json={"sealed": text}, headers=headers)
    assert (opened.status_code, sent.status_code) == (403, 403)


async def test_who_sends_does_not_generate(told: Onesqa, vault: Vault) -> None:
    answer = await vault.http.post(
        f"/v1/rounds/{told.what.id}/credentials", json={"generate": True}, headers=told.headers
    )
    assert answer.status_code == 403


async def test_no_secret_of_a_batch_stands_in_the_database_the_store_or_an_answer(
    told: Onesqa, vault: Vault, blobs: Blobs
) -> None:
    canary = "Canary-7c1d-in-a-batch"
    batch = await told.open()
    text = seal_lines(
        batch, [line(told.what.centers[0], canary), line("nobody", canary), b"{" + canary.encode()], told.sender
    )
    said = (
        (await told.post(text)).text + str(await told.ended(batch["batch"])) + str(await told.verdicts(batch["batch"]))
    )
    for name in await vault.mongo.collections():
        said += repr(await vault.mongo.documents(name).find({}))
    for place in await blobs.places(f"{vault.world.namespace}-vault", prefix="batches/"):
        said += place.key
    assert canary not in said
