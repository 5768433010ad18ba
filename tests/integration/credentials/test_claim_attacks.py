"""Each test names an attack on a claim, or on what it opens, and shows what stops it."""

import asyncio
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.credentials.claiming import codes
from services.credentials.claiming.attempts import Claim
from services.credentials.claiming.store import ClaimStore
from services.credentials.store import CredentialsStore
from shared.bus.envelope import decode
from shared.contracts.events import EVENT_TYPES, ClaimRefused
from shared.contracts.topics import CREDENTIALS, all_topics
from shared.telemetry import configure_logging
from tests.integration.credentials.conftest import Round, Vault, announce, center_state, code_key_of
from tests.world import eventually


async def refusals(vault: Vault, what: Round) -> list[ClaimRefused]:
    events = [decode(record) for record in await vault.world.records(CREDENTIALS)]
    data = [EVENT_TYPES[event.type].validate(event.data) for event in events]
    return [each for each in data if isinstance(each, ClaimRefused) and each.round == what.id]


def alike(answer: httpx.Response) -> tuple[int, dict[str, Any], list[str]]:
    """An answer without what differs in every one."""
    body = {
        key: value for key, value in answer.json().items() if key not in {"trace_id", "claim", "code_ends", "holder"}
    }
    return answer.status_code, body, sorted(set(answer.headers) - {"content-length"})


class Nobody:
    grace = timedelta(hours=1)

    def announce(self, outbox, aggregate, entries) -> None:
        pass


async def verified_claims(vault: Vault, what: Round, center: str, count: int) -> list[tuple[str, str]]:
    """Claims of many people of one center that have all shown their code: (claim id, person)."""
    store = CredentialsStore(vault.mongo, Nobody())
    kept = await store.credential_of(what.id, "center", center)
    assert kept
    now = datetime.now(UTC)
    made = [(codes.new_claim_id(), f"person-{number}") for number in range(count)]
    for claim_id, person in made:
        claim = Claim(
            claim=codes.reference(claim_id),
            round=what.id,
            holder=center,
            kind="center",
            path=kept.state.path,
            credential=kept.state.credential,
            edition=1,
            genuine=True,
            subject=person,
            role="center",
            org=center,
            opened_at=now,
            code_ends=now + timedelta(minutes=10),
            verified_at=now,
            ends=now + timedelta(days=1),
        )
        await ClaimStore(vault.mongo, Nobody()).add_claim(claim, [], now)
    return made


async def test_of_two_hundred_claimants_at_once_exactly_one_sees_the_secret(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claims = await verified_claims(vault, what, center, 200)
    answers = await asyncio.gather(
        *(vault.reveal(claim, "center", center, person, key=f"key-of-{person}") for claim, person in claims)
    )
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {200: 1, 409: 199}
    (winner,) = [person for (_, person), answer in zip(claims, answers, strict=True) if answer.status_code == 200]
    kept = await vault.credential(what, "center", center)
    assert kept["reveal"]["subject"] == winner
    shown = await vault.mongo.documents("audit").find(
        {"chain": f"center/{center}", "action": "credential.reveal", "outcome": "allowed"}
    )
    people = {each["reference"]: each["_id"] for each in await vault.mongo.documents("people").find({})}
    assert [people[entry["actor"]] for entry in shown] == [winner]

    async def told() -> bool:
        return Counter(each.reason for each in await refusals(vault, what))["already_claimed"] == 199

    await eventually(told)


async def test_one_claimant_asking_a_hundred_times_with_a_hundred_keys_is_shown_one_answer(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    ((claim, person),) = await verified_claims(vault, what, center, 1)
    answers = await asyncio.gather(
        *(vault.reveal(claim, "center", center, person, key=f"another-key-{n}") for n in range(100))
    )
    assert Counter(answer.status_code for answer in answers)[200] == 1


async def test_a_link_scanner_that_follows_every_address_burns_nothing(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    before = await vault.credential(what, "center", center)
    for path in ("/v1/claims", *(f"/v1/claims/{claim}/{step}" for step in ("verify", "reveal", "confirm"))):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = await vault.http.request(method, path, headers=vault.headers("center", center))
            assert answer.status_code in {404, 405}
    assert await vault.credential(what, "center", center) == before
    assert (await vault.reveal(claim, "center", center)).status_code == 200


async def test_a_seal_moved_to_another_record_is_refused_and_burns_nothing(vault: Vault) -> None:
    what = Round.of(2)
    thief, victim = what.centers
    await vault.seal(what)
    claim = await vault.verified(what, "center", thief)
    own, stolen = await vault.credential(what, "center", thief), await vault.credential(what, "center", victim)
    credentials = vault.mongo.documents("credentials")
    await credentials.update({"_id": own["_id"]}, {"$set": {"sealed": stolen["sealed"]}})
    answer = await vault.reveal(claim, "center", thief)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:saraban:problem:seal-broken")
    assert (await vault.credential(what, "center", thief))["reveal"] is None
    (entry,) = await vault.mongo.documents("audit").find({"chain": f"center/{thief}", "action": "credential.reveal"})
    assert entry["detail"] == f"{what.id} seal_broken"
    await credentials.update({"_id": own["_id"]}, {"$set": {"sealed": own["sealed"]}})
    assert (await vault.reveal(claim, "center", thief)).json()["holder"] == thief


async def test_a_whole_record_copied_over_anothers_is_refused(vault: Vault) -> None:
    what = Round.of(2)
    thief, victim = what.centers
    await vault.seal(what)
    claim = await vault.verified(what, "center", thief)
    stolen = await vault.credential(what, "center", victim)
    copied = {key: stolen[key] for key in ("sealed", "credential", "edition")}
    await vault.mongo.documents("credentials").update({"_id": what.credential("center", thief)}, {"$set": copied})
    assert (await vault.reveal(claim, "center", thief)).status_code == 500


async def test_a_wrong_holder_and_a_wrong_code_are_answered_alike(vault: Vault) -> None:
    what = Round.of(3)
    own, foreign, _ = what.centers
    await vault.seal(what)
    opened = [await vault.open(what, "center", own, holder=holder) for holder in (own, foreign, "nobody-at-all")]
    assert alike(opened[0]) == alike(opened[1]) == alike(opened[2])
    right = await vault.code_for(what.mail_of(own))
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    claims = [answer.json()["claim"] for answer in opened]
    tries = [await vault.verify(claim, wrong, "center", own) for claim in (*claims, "no-such-claim-at-all-x")]
    assert len({json.dumps(alike(each)) for each in tries}) == 1
    assert tries[0].status_code == 403
    reveals = [await vault.reveal(claim, "center", own) for claim in (*claims, "no-such-claim-at-all-x")]
    assert len({json.dumps(alike(each)) for each in reveals}) == 1


async def test_no_code_opens_a_claim_on_anothers_credential(vault: Vault, master_key: Path) -> None:
    what = Round.of(2)
    thief, victim = what.centers
    await vault.seal(what)
    answer = await vault.open(what, "center", thief, holder=victim)
    claim = answer.json()["claim"]
    would_be = codes.code_of(codes.reference(claim), await code_key_of(vault, master_key))
    assert (await vault.verify(claim, would_be, "center", thief)).status_code == 403
    assert (await vault.reveal(claim, "center", thief)).status_code == 403
    assert await vault.mails(what.mail_of(victim)) == []
    assert await vault.mails(what.mail_of(thief)) == []
    entries = await vault.mongo.documents("audit").find(
        {"chain": f"center/{thief}", "subject": f"center/{victim}"}, sort=[("number", 1)]
    )
    assert {each["outcome"] for each in entries} == {"refused"}
    assert [each["action"] for each in entries] == ["claim.open", "claim.verify", "credential.reveal"]


@pytest.mark.parametrize("role", ["province", "district", "department", "operator", "auditor", "assessor", "publisher"])
async def test_an_officer_cannot_even_begin_a_claim(vault: Vault, role: str) -> None:
    asked = {"round": "2569", "holder": "c1"}
    answer = await vault.http.post("/v1/claims", json=asked, headers=vault.headers(role, "58"))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:saraban:problem:forbidden")


async def test_a_claim_overheard_is_of_no_use_to_another(vault: Vault) -> None:
    what = Round.of(2)
    center, other = what.centers
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    for role, org, sub in (
        ("center", other, ""),
        ("center", center, "a colleague"),
        ("lao", center, f"center-{center}"),
        ("lao", what.laos[0], ""),
    ):
        assert (await vault.reveal(claim, role, org, sub)).status_code == 403
    assert (await vault.credential(what, "center", center))["reveal"] is None


async def test_guessing_locks_the_claim_after_five_tries_even_for_the_right_code(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.opened(what, "center", center)
    right = await vault.code_for(what.mail_of(center))
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    tries = [await vault.verify(claim, wrong, "center", center) for _ in range(5)]
    assert [each.status_code for each in tries] == [403, 403, 403, 403, 429]
    assert (await vault.verify(claim, right, "center", center)).status_code == 429
    again = await vault.open(what, "center", center, holder=center)
    assert (again.status_code, again.json()["type"]) == (429, "urn:saraban:problem:claim-locked")
    assert 0 < int(again.headers["retry-after"]) <= 900
    looked = await vault.http.get(f"/v1/holders/{center}/credential", headers=vault.headers("district", "5801"))
    assert looked.json()["state"] == "locked"

    async def told() -> bool:
        return Counter(each.reason for each in await refusals(vault, what)) == {"wrong_code": 4, "locked": 1}

    await eventually(told)


async def test_a_hundred_guesses_at_once_are_still_five(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.opened(what, "center", center)
    right = int(await vault.code_for(what.mail_of(center)))
    guesses = [f"{(right + 1 + n) % 10**6:06d}" for n in range(100)]
    answers = await asyncio.gather(*(vault.verify(claim, guess, "center", center) for guess in guesses))
    assert Counter(answer.status_code for answer in answers) == {403: 4, 429: 96}
    kept = await vault.mongo.documents("claims").one({"_id": codes.reference(claim)})
    assert kept
    assert (kept["tries_left"], kept["verified_at"]) == (0, None)


async def test_new_claims_are_no_way_round_the_tries(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    answers = [await vault.open(what, "center", center) for _ in range(7)]
    assert [each.status_code for each in answers] == [201] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 3000


async def test_a_code_that_came_late_opens_nothing(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.opened(what, "center", center)
    number = await vault.code_for(what.mail_of(center))
    past = {"$set": {"code_ends": datetime.now(UTC) - timedelta(seconds=1)}, "$inc": {"version": 1}}
    await vault.mongo.documents("claims").update({"_id": codes.reference(claim)}, past)
    answer = await vault.verify(claim, number, "center", center)
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:saraban:problem:code-expired")
    assert (await vault.reveal(claim, "center", center)).status_code == 403


async def test_a_verified_claim_left_lying_opens_nothing(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    past = {"$set": {"verified_at": datetime.now(UTC) - timedelta(minutes=11)}, "$inc": {"version": 1}}
    await vault.mongo.documents("claims").update({"_id": codes.reference(claim)}, past)
    assert (await vault.reveal(claim, "center", center)).status_code == 403


async def test_a_reveal_is_not_fetched_again_after_two_minutes_or_after_its_confirmation(vault: Vault) -> None:
    what = Round.of(2)
    late, confirmed = what.centers
    await vault.seal(what)
    for center in what.centers:
        claim = await vault.verified(what, "center", center)
        assert (await vault.reveal(claim, "center", center)).status_code == 200
        if center == late:
            past = {"$set": {"reveal.at": datetime.now(UTC) - timedelta(seconds=121)}, "$inc": {"version": 1}}
            await vault.mongo.documents("credentials").update({"_id": what.credential("center", center)}, past)
        if center == confirmed:
            await vault.http.post(f"/v1/claims/{claim}/confirm", headers=vault.headers("center", center))
        assert (await vault.reveal(claim, "center", center)).status_code == 409


async def test_without_a_key_of_its_own_a_reveal_is_not_begun(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    answer = await vault.http.post(f"/v1/claims/{claim}/reveal", headers=vault.headers("center", center))
    assert answer.status_code == 422
    assert answer.json()["where"] == "header.Idempotency-Key"
    assert (await vault.credential(what, "center", center))["reveal"] is None


async def test_a_stolen_database_tells_no_secret_no_code_and_no_claim(vault: Vault, master_key: Path) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    shown = (await vault.reveal(claim, "center", center)).json()
    number = codes.code_of(codes.reference(claim), await code_key_of(vault, master_key))
    dump = b"".join(
        [
            repr(document).encode()
            for name in await vault.mongo.collections()
            async for document in vault.mongo.documents(name).each({})
        ]
    )
    for word in (shown["password"], shown["username"], claim, f"'{number}'", f'"{number}"', "reveal-key-1"):
        assert word.encode() not in dump
    assert center.encode() in dump


async def test_logs_and_the_bus_tell_no_secret_no_code_and_no_address(vault: Vault) -> None:
    stream = io.StringIO()
    configure_logging("credentials", level="DEBUG", stream=stream)
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    (mail,) = await vault.mails(what.mail_of(center))
    number = await vault.code_for(what.mail_of(center))
    shown = (await vault.reveal(claim, "center", center)).json()

    async def published() -> bool:
        return what.id.encode() in b"".join(r.value or b"" for r in await vault.world.records(CREDENTIALS))

    await eventually(published)
    records = repr(
        await vault.world.records(*(topic for topic in all_topics() if not topic.name.startswith("registry")))
    )
    for word in (shown["password"], shown["username"], claim):
        assert word not in stream.getvalue() + records + mail["text"]
    assert f'"{number}"' not in stream.getvalue() + records
    assert what.mail_of(center) not in stream.getvalue() + records
    assert "http.request.served" in stream.getvalue()
    assert center in records


async def test_an_officer_sees_metadata_of_its_own_part_of_the_tree_alone(vault: Vault) -> None:
    what = Round.of(1)
    center, lao = what.centers[0], what.laos[0]
    await vault.seal(what)
    seen = {}
    for role, org in (
        ("province", "58"),
        ("province", "57"),
        ("district", "5801"),
        ("district", "5802"),
        ("lao", lao),
        ("lao", "6999999"),
        ("center", center),
        ("center", "another"),
        ("auditor", "00"),
        ("publisher", "00"),
    ):
        answer = await vault.http.get(f"/v1/holders/{center}/credential", headers=vault.headers(role, org))
        seen[role, org] = answer.status_code
        if answer.status_code == 200:
            assert set(answer.json()) == {
                *("round", "holder", "kind", "version", "state", "must_change", "successor"),
                *("issued_at", "notified_at", "claimed_at", "confirmed_at"),
            }
    assert [where for where, status in seen.items() if status == 200] == [
        ("province", "58"),
        ("district", "5801"),
        ("lao", lao),
        ("center", center),
        ("auditor", "00"),
    ]
    unknown = await vault.http.get("/v1/holders/no-such/credential", headers=vault.headers("province", "57"))
    foreign = await vault.http.get(f"/v1/holders/{center}/credential", headers=vault.headers("province", "57"))
    assert alike(unknown) == alike(foreign)


async def test_the_trail_of_a_holder_is_not_for_other_holders_or_officers(vault: Vault) -> None:
    for role, org, status in (
        ("auditor", "00", 200),
        ("operator", "00", 200),
        ("center", "c1", 200),
        ("center", "c2", 403),
        ("lao", "c1", 403),
        ("province", "58", 403),
        ("department", "00", 403),
    ):
        answer = await vault.http.get("/v1/audit", params={"subject": "center/c1"}, headers=vault.headers(role, org))
        assert answer.status_code == status, role


async def test_a_center_whose_code_looks_like_an_laos_does_not_get_the_laos(vault: Vault) -> None:
    what = Round.of(1)
    lao = what.laos[0]
    await vault.seal(what)
    await vault.world.publish(
        "registry", (lao, 1, center_state(what, what.centers[0]).model_copy(update={"code": lao}))
    )
    answer = await vault.open(what, "center", lao, holder=lao)
    assert answer.json()["type"] == "urn:saraban:problem:credential-not-issued"


async def test_a_holder_without_a_registered_address_is_told_so(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    await vault.world.publish("registry", (center, 2, center_state(what, center, email=None)))

    async def told() -> bool:
        answer = await vault.open(what, "center", center, holder=center)
        return bool(answer.json().get("type") == "urn:saraban:problem:contact-missing")

    await eventually(told)


async def test_a_second_claim_after_the_secret_was_shown_raises_the_alarm(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    await vault.reveal(claim, "center", center)
    answer = await vault.open(what, "center", center, sub="somebody else")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:saraban:problem:already-claimed")

    async def told() -> bool:
        return [each.reason for each in await refusals(vault, what)] == ["already_claimed"]

    await eventually(told)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"round": "2569"}, "body.holder"),
        ({"round": "25/69", "holder": "c"}, "body.round"),
        ({"round": "2569", "holder": "a b"}, "body.holder"),
        ({"round": "2569", "holder": "c", "code": "1"}, "body.code"),
        ({"round": "2569", "holder": ["c"]}, "body.holder"),
    ],
)
async def test_a_malformed_claim_names_its_place(vault: Vault, body: dict[str, Any], where: str) -> None:
    answer = await vault.http.post("/v1/claims", json=body, headers=vault.headers("center", "c"))
    assert (answer.status_code, answer.json()["where"]) == (422, where)


async def test_codes_that_are_no_six_digits_cost_no_try(vault: Vault) -> None:
    what = Round.of(1)
    await announce(vault.world, what)
    for code in ("12345", "1234567", "๑๒๓๔๕๖", "12345a", ""):
        answer = await vault.verify("some-claim", code, "center", what.centers[0])
        assert (answer.status_code, answer.json()["where"]) == (422, "body.code")
