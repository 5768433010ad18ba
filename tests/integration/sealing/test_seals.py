"""Seals on the real database: what they withstand."""

import asyncio
import itertools
import os

import pytest

from shared.blobs import Shelf
from shared.mongo import UNAVAILABLE, Mongo
from shared.mongo.sealing import MasterKeys, SealBroken, ToSeal, Vault, WrongMasterKey, local
from tests.integration.sealing.conftest import KEY, Opening
from tests.world import World

PASSWORD = "canary-77aa"


def credential(
    holder: str = "a",
    version: int = 1,
    password: str = PASSWORD,
    kind: str = "center",
    round_id: str = "2569",
    credential_id: str = "",
) -> ToSeal:
    label: dict[str, str | int] = {
        "round": round_id,
        "holder": holder,
        "kind": kind,
        "credential": credential_id or f"id-{holder}",
        "version": version,
    }
    return ToSeal(f"{kind}/{holder}", label, {"username": "u", "password": password})


async def test_a_seal_opens_under_its_own_label(vault: Vault) -> None:
    a, b = credential("a", password="pa"), credential("b", password="pb")
    sealed = await vault.seal_many([a, b])
    opened = await vault.open_many([(seal, each.label) for seal, each in zip(sealed, (a, b), strict=True)])
    assert [each["password"] for each in opened if each] == ["pa", "pb"]


async def test_swapped_between_any_two_records_a_seal_never_opens(vault: Vault) -> None:
    """Every seal in every other record's place: other holders, kinds, rounds, versions and credentials."""
    records = [
        credential(),
        credential("b"),
        credential(kind="lao"),
        credential(round_id="2570"),
        credential(version=2),
        credential(credential_id="another"),
        credential("b", version=2),
        credential("2569"),
    ]
    seals = await vault.seal_many(records)
    pairs = list(itertools.product(range(len(records)), repeat=2))
    opened = await vault.open_many([(seals[moved], records[place].label) for moved, place in pairs])
    for (moved, place), found in zip(pairs, opened, strict=True):
        assert (found is not None) == (moved == place), f"the seal of {moved} in the place of {place}"


@pytest.mark.parametrize(
    "changed", [{"holder": "b"}, {"version": 2}, {"credential": "id-b"}, {"extra": 1}, {"version": "1"}, {"round": ""}]
)
async def test_a_label_that_differs_in_one_field_opens_nothing(vault: Vault, changed: dict[str, str | int]) -> None:
    (sealed,) = await vault.seal_many([credential()])
    with pytest.raises(SealBroken):
        await vault.open(sealed, {**credential().label, **changed})


async def test_a_label_with_a_field_less_opens_nothing(vault: Vault) -> None:
    (sealed,) = await vault.seal_many([credential()])
    for field in credential().label:
        with pytest.raises(SealBroken):
            await vault.open(sealed, {name: value for name, value in credential().label.items() if name != field})


async def test_no_byte_of_a_seal_can_be_changed_and_none_cut_off(vault: Vault) -> None:
    (sealed,) = await vault.seal_many([credential()])
    label = credential().label
    torn = [
        bytes(byte ^ (1 if at == position else 0) for at, byte in enumerate(sealed)) for position in range(len(sealed))
    ]
    cut = [sealed[:length] for length in range(len(sealed))] + [sealed + b"\0", sealed + sealed]
    assert await vault.open_many([(each, label) for each in (*torn, *cut)]) == [None] * (len(torn) + len(cut))


async def test_a_seal_that_names_anothers_key_does_not_open(vault: Vault) -> None:
    a, b = credential("a"), credential("b")
    of_a, of_b = await vault.seal_many([a, b])
    renamed = of_a[:1] + of_b[1:17] + of_a[17:]
    assert await vault.open_many([(renamed, a.label), (renamed, b.label)]) == [None, None]


async def test_a_holder_with_anothers_key_document_opens_nothing_of_either(vault: Vault, mongo: Mongo) -> None:
    """Whoever writes to the database puts the victim's wrapped key in the place of the thief's."""
    thief, victim = credential("thief"), credential("victim")
    seals = await vault.seal_many([thief, victim])
    keys = mongo.documents("keys")
    stolen = await keys.one({"keyAltNames": "center/victim"})
    own = await keys.one({"keyAltNames": "center/thief"})
    assert stolen
    assert own
    await keys.update({"_id": own["_id"]}, {"$set": {"keyMaterial": stolen["keyMaterial"]}})
    assert await vault.open_many([(seals[0], thief.label), (seals[1], thief.label)]) == [None, None]


async def test_rubbish_does_not_open(vault: Vault) -> None:
    for rubbish in (b"", b"x", os.urandom(17), os.urandom(200)):
        with pytest.raises(SealBroken):
            await vault.open(rubbish, {})


async def test_a_holder_has_one_key_for_all_its_secrets(vault: Vault, mongo: Mongo) -> None:
    await vault.seal_many([credential("a", version=n) for n in range(5)])
    await vault.seal_many([credential("a", version=9), credential("b")])
    assert await mongo.documents("keys").count({"keyAltNames": "center/a"}) == 1


async def test_two_processes_sealing_for_the_same_holders_share_their_keys(
    vault: Vault, vault_with: Opening, mongo: Mongo
) -> None:
    other = vault_with()
    wanted = [credential(f"h{n}") for n in range(100)]
    first, second = await asyncio.gather(vault.seal_many(wanted), other.seal_many(wanted))
    for seals in (first, second):
        opened = await vault.open_many([(seal, each.label) for seal, each in zip(seals, wanted, strict=True)])
        assert [each and each["password"] for each in opened] == [PASSWORD] * 100
    assert await mongo.documents("keys").count({}) == 101


async def test_two_processes_starting_at_once_share_one_keyring(vault_with: Opening) -> None:
    one, other = vault_with(), vault_with()
    await asyncio.gather(one.prepare(), other.prepare())
    (sealed,) = await one.seal_many([credential()])
    assert (await other.open(sealed, credential().label))["password"] == PASSWORD


async def test_another_master_key_is_noticed_at_the_start(vault: Vault, vault_with: Opening) -> None:
    stranger = vault_with(MasterKeys(local(os.urandom(96))))
    with pytest.raises(WrongMasterKey):
        await stranger.prepare()
    await vault_with().prepare()


async def test_neither_database_nor_object_store_hold_a_secret_or_the_master_key(
    vault: Vault, mongo: Mongo, shelf: Shelf
) -> None:
    (sealed,) = await vault.seal_many([credential()])
    standing = await shelf.read()
    assert standing
    everything = sealed + repr(await mongo.documents("keys").find({})).encode() + standing.content
    assert PASSWORD.encode() not in everything
    assert bytes(KEY.options["key"])[:16] not in everything
    ring = await vault._halves.ring()
    assert ring.packed()[-32:] not in standing.content, "the keyring lies there sealed"


async def test_a_server_that_goes_away_between_seal_and_opening_is_not_a_broken_seal(
    vault: Vault, world: World, shelf: Shelf
) -> None:
    (sealed,) = await vault.seal_many([credential()])
    away = Mongo("mongodb://127.0.0.1:1/", world.namespace, "credentials")
    elsewhere = Vault(away, MasterKeys(KEY), shelf)
    with pytest.raises(UNAVAILABLE):
        await elsewhere.open(sealed, credential().label)
    away.close()
