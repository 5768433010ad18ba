"""What a running service accepted stays, under lock where the setting says so."""

from __future__ import annotations

import hashlib
import secrets

import httpx
import pytest

from deploy.local.crowd.papers import paper
from services.submissions.app import build
from services.submissions.files import key_in_store, key_of_copy
from shared.blobs import Blobs, Place, Refused
from tests.integration.submissions.conftest import Office, introduce, settings_of
from tests.world import World, run_app

DATA = paper("kept", 200_000)


async def accepted(office: Office) -> tuple[Place, Place, str]:
    """A report that was sent and accepted: where its original and its copy lie, and the digest of the copy."""
    await office.bring(DATA)
    assert (await office.decided())["state"] == "accepted"
    documents = office.world.mongo("submissions").documents("submissions")
    found = await documents.one({"_id": f"{office.round}/{office.center}"})
    assert found is not None
    (report,) = found["reports"]
    bucket = settings_of(office.world).accepted
    original = Place(bucket, key_in_store(report["upload"]), report["kept"])
    return original, Place(bucket, key_of_copy(report["upload"]), report["clean"]["kept"]), report["clean"]["sha256"]


async def test_by_setting_nobody_can_delete_a_version_that_was_accepted(world: World, blobs: Blobs) -> None:
    app = build(settings_of(world, accepted_lock_days=1, accepted_lock_mode="compliance"))
    async with (
        run_app(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://submissions") as http,
    ):
        office = Office(world, http, secrets.token_hex(4))
        await introduce(office)
        original, copy, digest = await accepted(office)
        for place, sha256 in ((original, hashlib.sha256(DATA).hexdigest()), (copy, digest)):
            with pytest.raises(Refused):
                await blobs.delete(place)
            assert (await blobs.fetch(place)).sha256 == sha256
