"""Data keys move from one master key to another while everything opens, and the old one can then be forgotten."""

import asyncio
import os

import pytest

from shared.blobs import Shelf
from shared.mongo import Mongo
from shared.mongo.sealing import MasterKeys, Vault, WrongMasterKey, local
from tests.integration.sealing.conftest import KEY, Opening
from tests.integration.sealing.test_seals import PASSWORD, credential

NEW = local(os.urandom(96))
BOTH = MasterKeys(NEW, (KEY,))
HOLDERS = [credential(f"h{number}") for number in range(250)]


async def all_open(vault: Vault, sealed: list[bytes]) -> bool:
    found = await vault.open_many([(seal, each.label) for seal, each in zip(sealed, HOLDERS, strict=True)])
    return all(each is not None and each["password"] == PASSWORD for each in found)


async def rewrap_all(vault: Vault) -> int:
    moved = 0
    while some := await vault.rewrap():
        moved += some
    return moved


async def test_after_the_last_key_has_moved_the_new_master_key_alone_opens_everything(
    vault: Vault, vault_with: Opening
) -> None:
    sealed = await vault.seal_many(HOLDERS)
    rotating = vault_with(BOTH)
    await rotating.prepare()
    assert await rewrap_all(rotating) == 250 + 2, "the holders' keys, the check's and the keyring's"
    assert set(await rotating.wrapped()) == {NEW.provider}
    alone = vault_with(MasterKeys(NEW))
    await alone.prepare()
    assert await all_open(alone, sealed)
    with pytest.raises(WrongMasterKey):
        await vault_with(MasterKeys(KEY)).prepare()


async def test_at_every_step_on_the_way_both_opens_and_new_seals_work(vault: Vault, vault_with: Opening) -> None:
    sealed = await vault.seal_many(HOLDERS)
    rotating = vault_with(BOTH)
    steps = 0
    while await rotating.rewrap(limit=60):
        steps += 1
        assert await all_open(rotating, sealed)
        assert await rotating.seal_many([credential(f"later{steps}")])
    assert steps >= 5


async def test_what_was_cut_off_goes_on_where_it_was(vault: Vault, vault_with: Opening) -> None:
    """Nothing of a rotation is remembered outside the keys themselves, so any process may take it up."""
    sealed = await vault.seal_many(HOLDERS)
    for _ in range(2):
        await vault_with(BOTH).rewrap()
    done = (await vault_with(BOTH).wrapped())[NEW.provider]
    assert done == 200
    assert await rewrap_all(vault_with(BOTH)) == 250 + 2 - done
    assert await all_open(vault_with(MasterKeys(NEW)), sealed)


async def test_two_processes_rotating_at_once_leave_every_key_whole(vault: Vault, vault_with: Opening) -> None:
    sealed = await vault.seal_many(HOLDERS)
    await asyncio.gather(rewrap_all(vault_with(BOTH)), rewrap_all(vault_with(BOTH)))
    assert await all_open(vault_with(MasterKeys(NEW)), sealed)


async def test_a_holder_erased_during_the_rotation_does_not_come_back(
    vault: Vault, vault_with: Opening, mongo: Mongo
) -> None:
    sealed = await vault.seal_many(HOLDERS)
    rotating = vault_with(BOTH)

    async def erase_some() -> None:
        for number in range(0, 250, 25):
            await vault_with(BOTH).erase(f"center/h{number}")

    await asyncio.gather(rewrap_all(rotating), erase_some())
    await rewrap_all(rotating)
    found = await vault_with(MasterKeys(NEW)).open_many(
        [(seal, each.label) for seal, each in zip(sealed, HOLDERS, strict=True)]
    )
    assert [number for number, each in enumerate(found) if each is None] == list(range(0, 250, 25))
    assert await mongo.documents("keys").count({}) == 240 + 1


async def test_the_keyring_moves_too_and_no_copy_under_the_old_key_stays(
    vault: Vault, vault_with: Opening, shelf: Shelf
) -> None:
    before = await shelf.read()
    await rewrap_all(vault_with(BOTH))
    after = await shelf.read()
    assert before
    assert after
    assert KEY.provider.encode() in before.content
    assert KEY.provider.encode() not in after.content
