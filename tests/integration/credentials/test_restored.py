"""A database restored from an older copy revives no claim, and the trail goes on where it was."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from deploy.local.tools import audit
from deploy.local.verify.chain import check_audit, check_restored
from deploy.local.verify.told import check_announced, read_announced
from deploy.local.verify.verdict import Check
from services.credentials import domain
from services.credentials.domain import Credential, Refusal, Reveal
from services.credentials.restoring.store import MarkStore
from shared.contracts.topics import AUDIT, CREDENTIALS
from shared.mongo import Mongo
from shared.security.ledger import Ledger
from tests.integration.credentials.conftest import Round, Vault, running
from tests.world import World, eventually

Copy = dict[str, list[dict[str, Any]]]


async def copied(mongo: Mongo) -> Copy:
    """What a copy of the database holds."""
    return {name: await mongo.documents(name).find({}) for name in await mongo.collections()}


async def restore(mongo: Mongo, copy: Copy) -> None:
    """Put the database back as it was; its indexes stand. The leases in a copy ran out long before it is needed."""
    for name in await mongo.collections():
        await mongo.documents(name).delete({})
        await mongo.documents(name).insert_many(copy.get(name, []) if name != "leases" else [])


async def kept(vault: Vault, what: Round, code: str) -> Credential:
    found = await vault.mongo.documents("credentials").one({"_id": what.credential("center", code)})
    assert found
    return Credential.model_validate(found)


async def state_of(vault: Vault, what: Round, code: str) -> dict[str, Any]:
    answer = await vault.http.get(
        f"/v1/holders/{code}/credential", params={"round": what.id}, headers=vault.headers("operator", "00")
    )
    return dict(answer.json())


async def told(vault: Vault) -> None:
    """Once every event has left its outbox."""

    async def silent() -> bool:
        waiting = [
            await vault.mongo.documents(name).count({"outbox.due": {"$exists": True}})
            for name in ("credentials", "audit", "activations", "anchors")
        ]
        return not any(waiting) and not await vault.mongo.documents("audit").count({"unanchored": True})

    await eventually(silent)


async def trail_holds(vault: Vault) -> None:
    """Once `saraban audit verify` finds nothing on the bus; an anchor may come before what it names."""

    async def whole() -> bool:
        ledger = Ledger()
        await audit._read_bus(ledger, vault.world.environment, vault.world.namespace)
        return ledger.findings().breaks == []

    await eventually(whole)


async def verified(world: World, mongo: Mongo) -> dict[str, Check]:
    """What `saraban verify` asks about the vault alone."""
    announced = await read_announced(world.environment["SARABAN_KAFKA_BOOTSTRAP"], world.namespace)
    checks = [*await check_announced("credentials", mongo, announced)]
    checks += [await check_audit({"credentials": mongo}, announced), await check_restored(mongo)]
    return {check.name: check for check in checks}


def reveal_now() -> Reveal:
    return Reveal(claim="again", subject="s", role="center", key_digest=b"k", at=datetime.now(UTC))


class Story:
    """What happened after the copy was made, and the vault that was started on it."""

    def __init__(self, vault: Vault, what: Round, copy: Copy, sheets: dict[str, str], before: dict[str, Check]) -> None:
        self.vault, self.what, self.copy, self.sheets, self.before = vault, what, copy, sheets, before
        self.confirmed, self.shown, self.revoked, self.rotated, self.untouched = what.centers

    def copy_of(self, code: str) -> Credential:
        (found,) = [d for d in self.copy["credentials"] if d["_id"] == self.what.credential("center", code)]
        return Credential.model_validate(found)


@pytest.fixture(scope="module")
async def restored_world(stack: Stack) -> AsyncIterator[World]:
    here = World(stack, f"t{secrets.token_hex(4)}")
    await here.open()
    yield here
    await here.close()


@pytest.fixture(scope="module")
async def story(restored_world: World, master_key: Path) -> AsyncIterator[Story]:
    """Sealed, a sheet each printed, copied; then claimed, revoked, rotated; then the copy put back."""
    what, sheets = Round.of(5), {}
    async for vault in running(restored_world, master_key, audit_anchor_seconds=0.2):
        await vault.seal(what)
        confirmed, shown, revoked, rotated, untouched = what.centers
        for center in (shown, untouched):
            sheets[center] = await vault.sheet(what, center)
        await told(vault)
        copy = await copied(vault.mongo)
        claim = await vault.verified(what, "center", confirmed)
        assert (await vault.reveal(claim, "center", confirmed)).status_code == 200
        key = vault.headers("center", confirmed, key="confirm-key-1")
        assert (await vault.http.post(f"/v1/claims/{claim}/confirm", headers=key)).status_code == 200
        opened = await vault.verified_at_the_door(what, shown, sheets[shown])
        assert (await vault.step(opened, "reveal")).status_code == 200
        await vault.sheet(what, untouched)  # makes the one in the copy void
        operator = vault.headers("operator", "00", key="renew-key-1")
        for step, center in (("revoke", revoked), ("rotate", rotated)):
            answer = await vault.http.post(
                f"/v1/holders/{center}/credential/{step}",
                json={"round": what.id, "reason": "leaked"},
                headers=operator | {"Idempotency-Key": f"renew-{step}-1"},
            )
            assert answer.status_code == 200, answer.text
        await told(vault)
    mongo = restored_world.mongo("credentials")
    await restore(mongo, copy)
    before = await verified(restored_world, mongo)
    async for vault in running(restored_world, master_key, audit_anchor_seconds=0.2):
        yield Story(vault, what, copy, sheets, before)


def test_without_reconciling_the_copy_would_be_opened_once_more(story: Story) -> None:
    """The control: the rules alone, asked about what the copy holds."""
    for center in (story.confirmed, story.shown, story.revoked, story.rotated):
        assert not isinstance(domain.reveal(story.copy_of(center), reveal_now()), Refusal)


async def test_verify_names_what_is_older_and_then_the_secret_that_was_lost(story: Story) -> None:
    """The first after the story: the holder whose secret was lost still waits."""
    older = story.before["credentials: as new as what it told"].gaps
    ids = {gap.split()[0].rpartition("/")[2] for gap in older if gap.startswith("credentials/")}
    assert ids == set(story.what.centers) - {story.untouched}
    assert any(gap.startswith(f"activations/{story.what.credential('center', story.untouched)}") for gap in older)
    await told(story.vault)
    now = await verified(story.vault.world, story.vault.mongo)
    lost = story.what.credential("center", story.rotated)
    assert {name: check.gaps for name, check in now.items() if not check.clean} == {
        "credentials whole after a restore": [f"{lost}: its secret was lost in a restore; rotate it"]
    }


async def test_what_was_claimed_stays_claimed(story: Story) -> None:
    vault, what = story.vault, story.what
    for center, state in ((story.confirmed, "confirmed"), (story.shown, "claimed")):
        assert (await state_of(vault, what, center))["state"] == state
        answer = await vault.open(what, "center", center)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "already-claimed")
        assert domain.reveal(await kept(vault, what, center), reveal_now()) is Refusal.ALREADY_CLAIMED


async def test_what_was_revoked_stays_revoked(story: Story) -> None:
    vault, what = story.vault, story.what
    assert (await state_of(vault, what, story.revoked))["state"] == "revoked"
    assert (await vault.open(what, "center", story.revoked)).status_code == 404


async def test_where_the_newest_secret_is_lost_the_old_one_is_not_shown_and_a_new_one_can_be_had(story: Story) -> None:
    vault, what, center = story.vault, story.what, story.rotated
    assert (await state_of(vault, what, center))["state"] == "waiting"
    assert (await kept(vault, what, center)).sealed == b""
    assert (await vault.open(what, "center", center)).status_code == 404
    answer = await vault.http.post(
        f"/v1/holders/{center}/credential/rotate",
        json={"round": what.id, "reason": "lost"},
        headers=vault.headers("operator", "00", key="renew-again-1"),
    )
    assert answer.status_code == 200, answer.text
    claim = await vault.verified(what, "center", center)
    shown = await vault.reveal(claim, "center", center)
    assert (shown.status_code, shown.json()["version"]) == (200, 4)


async def test_a_sheet_that_was_replaced_after_the_copy_opens_nothing(story: Story) -> None:
    vault, what = story.vault, story.what
    assert (await vault.at_the_door(story.sheets[story.untouched])).status_code == 403
    code = await vault.sheet(what, story.untouched)
    assert (await vault.at_the_door(code)).status_code == 201


async def test_the_trail_goes_on_behind_the_heads_that_the_bus_knows(story: Story) -> None:
    vault, what = story.vault, story.what
    await vault.open(what, "center", story.shown)
    await told(vault)
    await trail_holds(vault)
    chain = f"center/{story.confirmed}"
    links = await vault.mongo.documents("audit").find({"chain": chain}, sort=[("number", 1)])
    actions = [each["action"] for each in links]
    assert [each["number"] for each in links] == list(range(1, len(links) + 1))
    assert {"credential.reveal", "credential.confirm"} <= set(actions[: actions.index("credential.restore")])


async def test_sequences_go_on_behind_those_that_consumers_have_seen(story: Story) -> None:
    vault = story.vault
    subject = f"credentials/{story.what.credential('center', story.shown)}".encode()
    records = [r for r in await vault.world.records(CREDENTIALS) if dict(r.headers)["ce_subject"] == subject]
    heard = max(int(dict(r.headers)["ce_sequence"] or b"0") for r in records)
    document = await vault.mongo.documents("credentials").one({"_id": story.what.credential("center", story.shown)})
    assert document
    assert document["sequence"] > heard


async def test_a_start_after_it_finds_nothing_more(story: Story, master_key: Path) -> None:
    await told(story.vault)
    before = await kept(story.vault, story.what, story.confirmed)
    async for again in running(story.vault.world, master_key, roles="api"):
        assert await kept(again, story.what, story.confirmed) == before


async def test_a_database_that_is_gone_holds_every_claim_the_bus_knows(world: World, master_key: Path) -> None:
    what = Round.of(2)
    claimed, waiting = what.centers
    async for vault in running(world, master_key, audit_anchor_seconds=0.2):
        await vault.seal(what)
        claim = await vault.verified(what, "center", claimed)
        await vault.reveal(claim, "center", claimed)
        key = vault.headers("center", claimed, key="confirm-key-1")
        await vault.http.post(f"/v1/claims/{claim}/confirm", headers=key)
        await told(vault)
    mongo = world.mongo("credentials")
    for name in ("credentials", "audit", "audit_removed", "anchors", "restoring", "claims", "openings"):
        await mongo.documents(name).delete({})
    async for vault in running(world, master_key, audit_anchor_seconds=0.2):
        assert (await state_of(vault, what, claimed))["state"] == "confirmed"
        assert (await state_of(vault, what, waiting))["state"] == "waiting"
        assert (await vault.open(what, "center", claimed)).status_code == 409
        assert (await vault.open(what, "center", waiting)).status_code == 404
        await told(vault)
        await trail_holds(vault)


async def test_a_mark_is_settled_only_when_it_is_older_than_a_copy_takes(world: World) -> None:
    marks, now = MarkStore(world.mongo("credentials")), datetime(2026, 11, 1, tzinfo=UTC)
    place = (AUDIT.name, 0)
    for minutes, offset, settled in ((0, 10, {}), (30, 20, {}), (61, 30, {place: 10}), (200, 40, {place: 30})):
        await marks.reached({place: offset}, now + timedelta(minutes=minutes))
        assert await marks.starts() == settled
