"""From the roll to the holder's hands: sealed, claimed with a mailed code, shown once, confirmed."""

from typing import Any

from services.credentials.domain import REFETCH_WITHIN
from shared.bus.envelope import decode
from shared.contracts.events import EVENT_TYPES, AuditRecorded
from shared.contracts.topics import AUDIT, CREDENTIALS, STATUS, Topic
from shared.security.audit import verify
from tests.integration.credentials.conftest import Round, Vault
from tests.world import eventually


async def told(vault: Vault, what: Round, *topics: Topic) -> list[Any]:
    """Everything on these topics that is of this round or its holders."""
    events = [
        decode(record) for record in await vault.world.records(*topics) if what.tag.encode() in (record.value or b"")
    ]
    return [EVENT_TYPES[event.type].validate(event.data) for event in events]


async def test_a_center_opens_its_credential_once_and_confirms(vault: Vault) -> None:
    what = Round.of(3)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    shown = await vault.reveal(claim, "center", center)
    assert shown.status_code == 200, shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert len(shown.json()["password"]) == 16
    assert (shown.json()["holder"], shown.json()["round"], shown.json()["version"]) == (center, what.id, 1)
    confirmed = await vault.http.post(f"/v1/claims/{claim}/confirm", headers=vault.headers("center", center))
    assert confirmed.json()["state"] == "confirmed"


async def test_an_lao_opens_its_own_and_not_its_centers(vault: Vault) -> None:
    what = Round.of(2)
    lao, center = what.laos[0], what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "lao", lao)
    assert (await vault.reveal(claim, "lao", lao)).json()["holder"] == lao
    looked = await vault.http.get(f"/v1/holders/{center}/credential", headers=vault.headers("lao", lao))
    assert looked.json()["state"] == "sealed"


async def test_each_step_is_told_to_the_others_without_a_secret(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    secret = (await vault.reveal(claim, "center", center)).json()
    await vault.http.post(f"/v1/claims/{claim}/confirm", headers=vault.headers("center", center))

    async def all_told() -> bool:
        return len(await told(vault, what, CREDENTIALS)) >= 4 and len(await told(vault, what, STATUS)) >= 3

    await eventually(all_told)
    events = [event for event in await told(vault, what, CREDENTIALS) if event.holder == center]
    assert [type(event).__name__ for event in events] == [
        "CredentialIssued",
        "CredentialClaimed",
        "CredentialConfirmed",
    ]
    assert [status.state for status in await told(vault, what, STATUS)] == ["sealed", "claimed", "confirmed"]
    everything = repr([(r.key, r.value, r.headers) for r in await vault.world.records(CREDENTIALS, STATUS, AUDIT)])
    assert secret["password"] not in everything
    assert secret["username"] not in everything
    assert claim not in everything


async def test_every_step_is_in_the_trail_and_the_trail_on_the_bus(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    await vault.reveal(claim, "center", center)
    auditor = vault.headers("auditor", "00")
    await vault.http.get(f"/v1/holders/{center}/credential", headers=auditor)
    page = (await vault.http.get("/v1/audit", params={"subject": f"center/{center}"}, headers=auditor)).json()
    entries = [AuditRecorded.model_validate(item) for item in page["items"]]
    assert [(each.action, each.outcome) for each in entries] == [
        ("credential.seal", "allowed"),
        ("claim.open", "allowed"),
        ("claim.verify", "allowed"),
        ("credential.reveal", "allowed"),
        ("credential.look", "allowed"),
        ("audit.read", "allowed"),
    ]
    entries.pop()  # the reader's own chain holds that it was read
    assert verify(f"center/{center}", entries) == []

    async def anchored() -> list[AuditRecorded] | None:
        recorded = [each for each in await told(vault, what, AUDIT) if isinstance(each, AuditRecorded)]
        found = [each for each in recorded if each.chain == f"center/{center}"]
        return found if len(found) >= 5 else None

    on_the_bus = sorted(await eventually(anchored), key=lambda each: each.number)
    assert verify(f"center/{center}", on_the_bus, head=entries[-1].hash) == []


async def test_a_lost_answer_is_fetched_again_by_the_same_caller_with_the_same_key(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    first = await vault.reveal(claim, "center", center)
    again = await vault.reveal(claim, "center", center)
    other_key = await vault.reveal(claim, "center", center, key="another-key")
    assert again.json() == first.json()
    assert other_key.status_code == 409
    assert other_key.json()["type"] == "urn:saraban:problem:already-claimed"
    assert REFETCH_WITHIN.total_seconds() == 120


async def test_confirming_twice_is_as_good_as_once(vault: Vault) -> None:
    what = Round.of(1)
    center = what.centers[0]
    await vault.seal(what)
    claim = await vault.verified(what, "center", center)
    early = await vault.http.post(f"/v1/claims/{claim}/confirm", headers=vault.headers("center", center))
    await vault.reveal(claim, "center", center)
    answers = [
        await vault.http.post(f"/v1/claims/{claim}/confirm", headers=vault.headers("center", center)) for _ in range(2)
    ]
    assert early.status_code == 409
    assert [answer.json() for answer in answers] == [answers[0].json()] * 2
