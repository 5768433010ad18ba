"""Batches under kill -9 and in a store that was tampered with; and those that come over the bus."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local.sealing.sending import seal_lines
from services.credentials.batches.inbound import number_of
from shared.blobs import Blobs
from shared.contracts.events import BatchSealed, CredentialSealed
from shared.contracts.topics import dead_letters
from shared.security.sealed_batches import seal
from tests.integration.credentials.conftest import Round, Vault, announce, running, seals_of
from tests.integration.credentials.dying import died_by_its_own_hand, process
from tests.integration.credentials.sending import Onesqa, line, lines_for
from tests.world import World, eventually


async def told_of(vault: Vault, what: Round) -> Onesqa:
    await announce(vault.world, what)

    async def known() -> bool:
        round_ = await vault.mongo.documents("rounds").one({"_id": what.id})
        told = await vault.mongo.documents("obligations").count({"round": what.id})
        return round_ is not None and told == len(what.centers)

    await eventually(known)
    return Onesqa(vault, what)


@pytest.fixture
async def no_relay(world: World, master_key: Path) -> AsyncIterator[Vault]:
    """A service that takes requests and follows the registry, but does no work in the background."""
    async for made in running(world, master_key, roles="api,consumer"):
        yield made


DEATHS = [
    "credentials.batch_imported",
    "credentials.batch_sealed",
    "credentials.batch_sealed:2",
    "aggregate.after_write:4",
]


@pytest.mark.campaign
@pytest.mark.parametrize("point", DEATHS)
async def test_an_import_cut_off_by_kill_9_is_finished_by_the_next_process(
    no_relay: Vault, world: World, master_key: Path, point: str
) -> None:
    told = await told_of(no_relay, Round.of(400, per_lao=2))
    holders = (*told.what.centers, *told.what.laos)
    batch = await told.open()
    await told.post(seal_lines(batch, lines_for(told.what), told.sender))
    assert await died_by_its_own_hand(process(world, master_key, point))
    assert (await told.status(batch["batch"]))["state"] in {"importing", "imported"}
    async for _ in running(world, master_key, roles="relay"):
        ended = await told.ended(batch["batch"])
        assert (ended["state"], ended["counts"], ended["done"]) == ("done", {"sealed": len(holders)}, len(holders))
        assert ended["key_destroyed_at"] is not None

        async def announced() -> bool:
            return len(await told.issued()) == len(holders)

        await eventually(announced, within=60)
        assert set(await told.issued()) == {(code, 1) for code in holders}
        trail = await no_relay.mongo.documents("audit").find({"action": "credential.seal"})
        assert set(Counter(each["chain"] for each in trail).values()) == {1}
        async with seals_of(no_relay, master_key) as seals:
            found = await no_relay.mongo.documents("credentials").find({"round": told.what.id})
            labels = [{field: each[field] for field in ("round", "holder", "kind", "credential")} for each in found]
            opened = await seals.open_many(
                [(each["sealed"], {**label, "version": 1}) for each, label in zip(found, labels, strict=True)]
            )
        assert [each and each["password"] for each in opened] == [f"first-Word-{each['holder']}" for each in found]


async def test_two_processes_import_a_batch_once(no_relay: Vault, world: World, master_key: Path) -> None:
    told = await told_of(no_relay, Round.of(300))
    batch = await told.open()
    await told.post(seal_lines(batch, lines_for(told.what), told.sender))

    async def work() -> None:
        async for _ in running(world, master_key, roles="relay"):
            await told.ended(batch["batch"])

    await asyncio.gather(work(), work())
    assert (await told.status(batch["batch"]))["counts"] == {"sealed": 450}
    assert await no_relay.mongo.documents("audit").count({"action": "credential.seal"}) == 450


async def test_a_batch_changed_in_the_object_store_is_refused_and_its_key_destroyed(
    no_relay: Vault, world: World, master_key: Path, blobs: Blobs
) -> None:
    told = await told_of(no_relay, Round.of(2))
    batch = await told.open()
    await told.post(seal_lines(batch, lines_for(told.what), told.sender))
    (place,) = await blobs.places(f"{world.namespace}-vault", prefix="batches/")
    other = await told.open()
    swapped = seal_lines(other, lines_for(told.what), told.sender).encode()
    await blobs.put(place.bucket, place.key, swapped, content_type="application/jose")
    async for _ in running(world, master_key, roles="relay"):
        ended = await told.ended(batch["batch"])
    assert (ended["state"], ended["fault"], ended["lines"]) == ("refused", "bad-signature", 0)
    assert ended["key_destroyed_at"] is not None
    assert await no_relay.mongo.documents("credentials").count({"round": told.what.id}) == 0


# Over the bus


def sealed_event(batch: dict[str, Any], content: bytes, **said: Any) -> CredentialSealed:
    from joserfc.jwk import ECKey

    fields = {"round": batch["round"], "batch": batch["batch"], "kind": "center", "holder": "", **said}
    return CredentialSealed(**fields, sealed=seal(content, ECKey.import_key(batch["key"])))


async def letters(vault: Vault) -> list[Any]:
    return await vault.world.records(dead_letters("credentials"))


async def test_single_credentials_come_over_the_bus_and_each_counts_once(vault: Vault) -> None:
    told = await told_of(vault, Round.of(3))
    a, b, c = told.what.centers
    batch = await told.open("events")
    events = [
        (a, 1, sealed_event(batch, line(a, "first-Word-1"), holder=a)),
        (b, 1, sealed_event(batch, line(b, "first-Word-1"), holder=b)),
        (c, 1, sealed_event(batch, line(c, "x y"), holder=c)),
    ]
    await vault.world.publish_signed(*events, ids="one")

    async def judged() -> bool:
        return bool((await told.status(batch["batch"]))["counts"] == {"sealed": 2, "rule_violation": 1})

    await eventually(judged)
    await vault.world.publish_signed(*events, ids="one")
    later = (a, 2, sealed_event(batch, line(a, "second-Word-1"), holder=a))
    again = (b, 2, sealed_event(batch, line(b, "first-Word-1"), holder=b))
    await vault.world.publish_signed(later, again, ids="two")

    async def judged_again() -> bool:
        return bool((await told.status(batch["batch"]))["counts"] == {"sealed": 4, "rule_violation": 1})

    await eventually(judged_again)
    assert await told.issued() == Counter({(a, 1): 1, (a, 2): 1, (b, 1): 1})
    claim = await vault.verified(told.what, "center", a)
    assert (await vault.reveal(claim, "center", a)).json()["password"] == "second-Word-1"
    assert number_of("one-x-1") != number_of("one-x-2")


async def test_an_event_that_can_never_be_taken_becomes_a_dead_letter_without_its_bytes(vault: Vault) -> None:
    told = await told_of(vault, Round.of(2))
    a, b = told.what.centers
    batch, file = await told.open("events"), await told.open()
    before = len(await letters(vault))
    events = [
        (a, 1, sealed_event(batch, line(b, "Canary-of-another"), holder=a)),  # what is inside is for somebody else
        (b, 1, sealed_event(batch, line(a, "Canary-of-another"), holder=a)),  # the key is somebody else's
        (a, 2, sealed_event(file, line(a, "Canary-of-a-file"), holder=a)),  # a batch for a file
        (a, 3, sealed_event({**batch, "batch": "nobodys"}, line(a, "Canary"), holder=a)),
        (a, 4, sealed_event({**batch, "round": "2500"}, line(a, "Canary"), holder=a)),
    ]
    await vault.world.publish_signed(*events, ids=f"bad-{told.what.tag}")

    async def buried() -> bool:
        return len(await letters(vault)) - before == len(events)

    await eventually(buried)
    said = (await letters(vault))[-len(events) :]
    codes = Counter(dict(each.headers)["dead_error"].decode() for each in said)
    assert codes == {"other_holder": 2, "unknown_batch": 3}
    assert all(not each.value for each in said)
    assert await vault.mongo.documents("credentials").count({"round": told.what.id}) == 0


async def test_a_batch_left_in_the_object_store_is_imported_on_a_signed_word(vault: Vault, blobs: Blobs) -> None:
    told = await told_of(vault, Round.of(3))
    batch = await told.open()
    text = seal_lines(batch, lines_for(told.what), told.sender).encode()
    bucket, digest = f"{vault.world.namespace}-inbound", hashlib.sha256(text).hexdigest()
    await blobs.put(bucket, f"{batch['batch']}.jose", text, content_type="application/jose")
    word = BatchSealed(round=told.what.id, batch=batch["batch"], object=f"{batch['batch']}.jose", sha256=digest)
    await vault.world.publish_signed((batch["batch"], 1, word))
    assert (await told.ended(batch["batch"]))["counts"] == {"sealed": 5}

    async def cleared() -> bool:
        return await blobs.places(bucket, prefix=batch["batch"]) == []

    await eventually(cleared)
    # A word that comes again deletes what a crash left there, and nothing else that has the same name.
    await blobs.put(bucket, f"{batch['batch']}.jose", text, content_type="application/jose")
    await vault.world.publish_signed((batch["batch"], 1, word), ids="again")
    await eventually(cleared)
    await blobs.put(bucket, f"{batch['batch']}.jose", b"another", content_type="application/jose")
    await vault.world.publish_signed((batch["batch"], 1, word), ids="once more")
    await vault.world.publish_signed((batch["batch"], 2, word.model_copy(update={"sha256": "0" * 64})), ids="false")

    async def refused() -> bool:
        found = [dict(each.headers) for each in await letters(vault) if each.key == batch["batch"].encode()]
        return [each["dead_error"] for each in found] == [b"batch_used"]

    await eventually(refused)
    assert not await cleared()
    assert set((await told.issued()).values()) == {1}


async def test_the_key_for_events_is_destroyed_when_its_time_is_up(vault: Vault) -> None:
    told = await told_of(vault, Round.of(1))
    batch = await told.open("events")
    center = told.what.centers[0]
    await vault.mongo.documents("batches").update({"_id": batch["batch"]}, {"$set": {"expires_at": datetime.now(UTC)}})
    assert (await told.ended(batch["batch"]))["key_destroyed_at"] is not None
    await vault.world.publish_signed((center, 1, sealed_event(batch, line(center, "too-Late-1"), holder=center)))

    async def buried() -> bool:
        found = [dict(each.headers) for each in await letters(vault) if each.key == center.encode()]
        return [each["dead_error"] for each in found] == [b"batch_over"]

    await eventually(buried)
