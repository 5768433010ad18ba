"""Seals on the real database: what they withstand."""

import asyncio
import os

import pytest
from pymongo.errors import PyMongoError

from shared.mongo import UNAVAILABLE, Mongo
from shared.mongo.sealing import SealBroken, ToSeal, Vault, WrongMasterKey
from tests.world import World, eventually

KEY = os.urandom(96)


def credential(holder: str, version: int = 1, password: str = "canary-77aa") -> ToSeal:
    label: dict[str, str | int] = {"holder": holder, "credential": f"id-{holder}", "version": version}
    return ToSeal(f"center/{holder}", label, {"username": "u", "password": password})


@pytest.fixture
async def mongo(world: World) -> Mongo:
    return world.mongo("credentials")


@pytest.fixture
async def vault(mongo: Mongo):
    made = Vault(mongo, KEY, key_seconds=0.001)
    await made.prepare()
    yield made
    made.close()


async def test_a_seal_opens_under_its_own_label(vault: Vault) -> None:
    a, b = credential("a", password="pa"), credential("b", password="pb")
    sealed = await vault.seal_many([a, b])
    assert [(await vault.open(seal, each.label))["password"] for seal, each in zip(sealed, (a, b), strict=True)] == [
        "pa",
        "pb",
    ]


@pytest.mark.parametrize("changed", [{"holder": "b"}, {"version": 2}, {"credential": "id-b"}, {"extra": 1}])
async def test_a_seal_moved_to_another_record_does_not_open(vault: Vault, changed: dict[str, str]) -> None:
    (sealed,) = await vault.seal_many([credential("a")])
    with pytest.raises(SealBroken):
        await vault.open(sealed, {**credential("a").label, **changed})


async def test_a_changed_seal_does_not_open(vault: Vault) -> None:
    (sealed,) = await vault.seal_many([credential("a")])
    for position in (0, 1, 20, len(sealed) - 1):
        torn = bytearray(sealed)
        torn[position] ^= 1
        with pytest.raises(SealBroken):
            await vault.open(bytes(torn), credential("a").label)


async def test_rubbish_does_not_open(vault: Vault) -> None:
    for rubbish in (b"", b"x", os.urandom(200)):
        with pytest.raises(SealBroken):
            await vault.open(rubbish, {})


async def test_a_holder_has_one_key_for_all_its_secrets(vault: Vault, mongo: Mongo) -> None:
    await vault.seal_many([credential("a", version=n) for n in range(5)])
    await vault.seal_many([credential("a", version=9), credential("b")])
    assert await mongo.documents("keys").count({"keyAltNames": "center/a"}) == 1


async def test_two_processes_sealing_for_the_same_holders_share_their_keys(vault: Vault, mongo: Mongo) -> None:
    other = Vault(mongo, KEY)
    wanted = [credential(f"h{n}") for n in range(100)]
    first, second = await asyncio.gather(vault.seal_many(wanted), other.seal_many(wanted))
    for seals in (first, second):
        for seal, each in zip(seals, wanted, strict=True):
            assert (await vault.open(seal, each.label))["password"] == "canary-77aa"
    assert await mongo.documents("keys").count({}) == 101
    other.close()


async def test_an_erased_holder_cannot_be_opened_and_others_can(vault: Vault) -> None:
    a, b = credential("a"), credential("b")
    sealed_a, sealed_b = await vault.seal_many([a, b])
    assert await vault.open(sealed_a, a.label)
    assert await vault.erase("center/a")

    async def gone() -> bool:
        try:
            await vault.open(sealed_a, a.label)
        except SealBroken:
            return True
        return False

    await eventually(gone)
    assert await vault.open(sealed_b, b.label)
    assert not await vault.erase("center/a")


async def test_another_master_key_is_noticed_at_the_start(vault: Vault, mongo: Mongo) -> None:
    stranger = Vault(mongo, os.urandom(96))
    with pytest.raises(WrongMasterKey):
        await stranger.prepare()
    stranger.close()
    again = Vault(mongo, KEY)
    await again.prepare()
    again.close()


async def test_the_database_holds_neither_the_secret_nor_the_master_key(vault: Vault, mongo: Mongo) -> None:
    (sealed,) = await vault.seal_many([credential("a")])
    everything = sealed + repr(await mongo.documents("keys").find({})).encode()
    assert b"canary-77aa" not in everything
    assert KEY[:16] not in everything


async def test_a_server_away_is_not_a_broken_seal(world: World) -> None:
    away = Mongo("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200", world.namespace, "credentials")
    vault = Vault(away, KEY)
    with pytest.raises(PyMongoError):
        await vault.prepare()
    vault.close()
    away.close()


async def test_a_server_that_goes_away_between_seal_and_opening_is_not_a_broken_seal(
    vault: Vault, world: World
) -> None:
    (sealed,) = await vault.seal_many([credential("a")])
    away = Mongo("mongodb://127.0.0.1:1/", world.namespace, "credentials")
    elsewhere = Vault(away, KEY)
    with pytest.raises(UNAVAILABLE):
        await elsewhere.open(sealed, credential("a").label)
    elsewhere.close()
    away.close()
