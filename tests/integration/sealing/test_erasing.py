"""An erased holder stays erased: in other processes, and in a database that comes back from a copy."""

import pytest

from shared.blobs import Blobs, Shelf
from shared.mongo import Document, Mongo
from shared.mongo.sealing import KeyringMissing, MasterKeys, SealBroken, Vault
from tests.integration.sealing.conftest import KEY, Opening
from tests.integration.sealing.test_seals import PASSWORD, credential
from tests.world import eventually


async def copied(mongo: Mongo) -> dict[str, list[Document]]:
    """A copy of every collection, as a backup holds it."""
    return {name: await mongo.documents(name).find({}) for name in await mongo.collections()}


async def restored(mongo: Mongo, copy: dict[str, list[Document]]) -> None:
    await mongo.drop()
    for name, documents in copy.items():
        await mongo.documents(name).insert_many(documents)


async def test_an_erased_holder_cannot_be_opened_and_others_can(vault: Vault) -> None:
    a, b = credential("a"), credential("b")
    sealed_a, sealed_b = await vault.seal_many([a, b])
    assert await vault.erase("center/a")
    with pytest.raises(SealBroken):
        await vault.open(sealed_a, a.label)
    assert await vault.erased(sealed_a)
    assert not await vault.erased(sealed_b)
    assert (await vault.open(sealed_b, b.label))["password"] == PASSWORD
    assert not await vault.erase("center/a")


async def test_another_process_forgets_an_erased_holder_within_the_life_of_its_keyring(
    vault: Vault, vault_with: Opening, mongo: Mongo
) -> None:
    """Also when the key's document comes back meanwhile: what it knew of the keyring has then been read anew."""
    a = credential("a")
    (sealed,) = await vault.seal_many([a])
    other = vault_with(key_seconds=1.0)
    assert await other.open(sealed, a.label)
    key = await mongo.documents("keys").one({"keyAltNames": "center/a"})
    assert key
    await vault.erase("center/a")
    await mongo.documents("keys").insert(key)

    async def gone() -> bool:
        return await other.open_many([(sealed, a.label)]) == [None]

    await eventually(gone, within=20)


async def test_a_copy_of_the_database_from_before_brings_nothing_back(
    vault: Vault, vault_with: Opening, mongo: Mongo
) -> None:
    a, b = credential("a"), credential("b")
    sealed_a, sealed_b = await vault.seal_many([a, b])
    backup = await copied(mongo)
    await vault.erase("center/a")
    await restored(mongo, backup)
    assert await mongo.documents("keys").count({"keyAltNames": "center/a"}) == 1, "the wrapped key is back"
    again = vault_with()
    await again.prepare()
    assert await again.open_many([(sealed_a, a.label)]) == [None]
    assert (await again.open(sealed_b, b.label))["password"] == PASSWORD


async def test_the_same_copy_would_bring_it_back_without_the_keyring(
    vault: Vault, vault_with: Opening, mongo: Mongo, shelf: Shelf
) -> None:
    """The control of the test above: with the old keyring too it opens, so it is the keyring that is in the way."""
    a = credential("a")
    (sealed,) = await vault.seal_many([a])
    backup, ring = await copied(mongo), await shelf.read()
    assert ring
    await vault.erase("center/a")
    await restored(mongo, backup)
    await shelf.replace(await shelf.read(), ring.content)
    assert (await vault_with().open(sealed, a.label))["password"] == PASSWORD


async def test_a_holder_that_was_erased_may_have_a_new_secret(vault: Vault, vault_with: Opening, mongo: Mongo) -> None:
    old = credential("a", version=1)
    (first,) = await vault.seal_many([old])
    backup = await copied(mongo)
    await vault.erase("center/a")
    new = credential("a", version=2)
    (second,) = await vault.seal_many([new])
    assert (await vault.open(second, new.label))["password"] == PASSWORD
    # And where the dead key has come back with a copy, it is replaced, not used.
    await restored(mongo, backup)
    again = vault_with()
    (third,) = await again.seal_many([new])
    assert (await again.open(third, new.label))["password"] == PASSWORD
    assert await again.open_many([(first, old.label)]) == [None]


async def test_an_erasure_cut_off_after_the_half_is_finished_by_the_next(vault: Vault, mongo: Mongo) -> None:
    a = credential("a")
    (sealed,) = await vault.seal_many([a])
    key = await mongo.documents("keys").one({"keyAltNames": "center/a"})
    assert key
    await vault._halves.destroy([bytes(key["_id"])])
    assert await vault.open_many([(sealed, a.label)]) == [None]
    assert await vault.erase("center/a")
    assert await mongo.documents("keys").count({"keyAltNames": "center/a"}) == 0


async def test_without_its_keyring_a_used_database_is_refused(
    vault: Vault, vault_with: Opening, mongo: Mongo, blobs: Blobs, bucket: str
) -> None:
    (sealed,) = await vault.seal_many([credential("a")])
    lost = Shelf(blobs, bucket, "nothing-was-restored-here")
    for _ in range(2):
        with pytest.raises(KeyringMissing):
            await Vault(mongo, MasterKeys(KEY), lost).prepare()
    assert await lost.read() is None, "a new keyring would hide that the old one is lost"
    assert await vault_with().open(sealed, credential("a").label)
