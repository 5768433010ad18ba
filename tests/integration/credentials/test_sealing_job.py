"""Sealing a round as a job: durable, resumable, never twice."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.credentials.settings import CredentialsSettings
from shared.contracts.events import AuditRecorded, ObligationChanged
from shared.security.audit import verify
from tests.integration.credentials.conftest import Round, Vault, announce, running, seals_of
from tests.integration.credentials.dying import died_by_its_own_hand, process
from tests.world import World, eventually

open_vault = asynccontextmanager(running)


async def job(vault: Vault, what: Round) -> dict[str, Any]:
    answer = await vault.http.get(f"/v1/rounds/{what.id}/credentials", headers=vault.headers("department", "00"))
    return dict(answer.json())


async def ask(vault: Vault, what: Round, role: str = "department", **options: Any) -> httpx.Response:
    body = options.pop("json", {"generate": True})
    headers = {**vault.headers(role, "00"), **options.pop("headers", {})}
    return await vault.http.post(f"/v1/rounds/{what.id}/credentials", json=body, headers=headers)


async def sealed_holders(vault: Vault, what: Round) -> Counter[tuple[str, str]]:
    found = await vault.mongo.documents("credentials").find({"round": what.id})
    return Counter((each["kind"], each["holder"]) for each in found)


def every_holder(what: Round) -> Counter[tuple[str, str]]:
    return Counter([*(("center", code) for code in what.centers), *(("lao", code) for code in what.laos)])


async def test_every_center_and_every_parent_lao_gets_one_credential(vault: Vault) -> None:
    what = Round.of(30, per_lao=3)
    await vault.seal(what)
    assert await sealed_holders(vault, what) == every_holder(what)
    told = await job(vault, what)
    assert (told["state"], told["holders"], told["credentials"], told["missing"]) == ("done", 40, 40, 0)
    assert {state: count for state, count in told["by_state"].items() if count} == {"sealed": 40}


async def test_asking_again_seals_nothing_again(vault: Vault) -> None:
    what = Round.of(4)
    await vault.seal(what)
    documents = vault.mongo.documents("credentials")
    before = await documents.find({"round": what.id}, sort=[("_id", 1)], fields=["credential", "sealed", "version"])
    await vault.seal(what)
    assert (
        await documents.find({"round": what.id}, sort=[("_id", 1)], fields=["credential", "sealed", "version"])
        == before
    )


async def test_the_same_key_gives_the_same_answer(vault: Vault) -> None:
    what = Round.of(1)
    await vault.seal(what)
    first, again = [await ask(vault, what, headers={"Idempotency-Key": f"seal-{what.tag}"}) for _ in range(2)]
    assert (first.status_code, again.content) == (202, first.content)
    assert again.headers["idempotent-replay"] == "true"
    assert first.headers["location"] == again.headers["location"] == f"/v1/rounds/{what.id}/credentials"


async def test_a_center_that_came_later_is_sealed_when_asked_again(vault: Vault) -> None:
    what = Round.of(2)
    await vault.seal(what)
    late = f"c{what.tag}late"
    path = what.path_of(what.centers[0])
    owed = ObligationChanged(round=what.id, center=late, lao=path[-1], path=path, owed=True)
    await vault.world.publish("registry", (f"{what.id}/{late}", 1, owed))

    async def sealed() -> bool:
        assert (await ask(vault, what)).status_code == 202
        return (await sealed_holders(vault, what))["center", late] == 1

    await eventually(sealed)
    assert (await sealed_holders(vault, what)).total() == 4


async def test_a_released_center_gets_none(vault: Vault) -> None:
    what = Round.of(2)
    gone = what.centers[0]
    path = what.path_of(gone)
    released = ObligationChanged(round=what.id, center=gone, lao=path[-1], path=path, owed=False)
    await vault.world.publish("registry", (f"{what.id}/{gone}", 2, released))
    await vault.seal(what, announced=1)
    assert await sealed_holders(vault, what) == Counter([("center", what.centers[1]), ("lao", what.laos[0])])


async def test_the_job_waits_for_centers_that_were_announced_and_have_not_come(vault: Vault) -> None:
    what = Round.of(2)
    await announce(vault.world, what, announced=3)

    async def sealed_so_far() -> bool:
        return bool((await ask(vault, what)).status_code == 202 and (await job(vault, what))["credentials"] == 3)

    await eventually(sealed_so_far)
    assert (await job(vault, what))["state"] == "running"
    path = what.path_of(what.centers[0])
    third = f"c{what.tag}third"
    owed = ObligationChanged(round=what.id, center=third, lao=path[-1], path=path, owed=True)
    await vault.world.publish("registry", (f"{what.id}/{third}", 1, owed))

    async def done() -> bool:
        return bool((await job(vault, what))["state"] == "done")

    await eventually(done)
    assert (await sealed_holders(vault, what))["center", third] == 1


@pytest.mark.parametrize(
    ("role", "body", "status", "slug", "where"),
    [
        ("province", {"generate": True}, 403, "forbidden", None),
        ("auditor", {"generate": True}, 403, "forbidden", None),
        ("center", {"generate": True}, 403, "forbidden", None),
        ("operator", {"generate": False}, 422, "invalid-request", "body.generate"),
        ("operator", {}, 422, "invalid-request", "body.generate"),
        ("operator", {"generate": True}, 404, "round-unknown", "path.round"),
    ],
)
async def test_what_is_not_allowed_changes_nothing(
    vault: Vault, role: str, body: dict[str, Any], status: int, slug: str, where: str | None
) -> None:
    what = Round.of(1)
    answer = await ask(vault, what, role, json=body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:saraban:problem:{slug}")
    assert answer.json().get("where") == where
    assert await vault.mongo.documents("jobs").one({"_id": what.id}) is None


async def test_a_key_used_again_with_another_body_is_refused_and_starts_nothing(vault: Vault) -> None:
    what = Round.of(1)
    await vault.seal(what)
    path, operator = f"/v1/rounds/{what.id}/batches", vault.headers("publisher", "onesqa", key=f"batch-{what.tag}")
    first = await vault.http.post(path, json={"way": "file"}, headers=operator)
    again = await vault.http.post(path, json={"way": "file"}, headers=operator)
    other = await vault.http.post(path, json={"way": "events"}, headers=operator)
    assert (first.status_code, first.json()) == (201, again.json())
    assert (other.status_code, other.json()["type"]) == (409, "urn:saraban:problem:idempotency-key-reused")
    assert other.json()["where"] == "header.Idempotency-Key"
    assert await vault.mongo.documents("batches").count({"round": what.id}) == 1


async def test_an_expired_token_is_told_apart(vault: Vault) -> None:
    stale = vault.world.token("operator", "00", ttl=-3600)
    answer = await ask(vault, Round.of(1), headers={"Authorization": f"Bearer {stale}"})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:saraban:problem:token-expired")


async def test_a_closed_round_is_not_sealed(vault: Vault) -> None:
    what = Round.of(1)
    await announce(vault.world, what, state="closed")

    async def refused() -> bool:
        return bool((await ask(vault, what)).json()["type"] == "urn:saraban:problem:round-closed")

    await eventually(refused)


@pytest.fixture
async def no_relay(world: World, master_key: Path) -> AsyncIterator[Vault]:
    """A service that takes requests and follows the registry, but does no work in the background."""
    async for made in running(world, master_key, roles="api,consumer"):
        yield made


@pytest.mark.parametrize(
    "point",
    [
        "aggregate.after_write:3",
        *(
            pytest.param(more, marks=pytest.mark.campaign)
            for more in ("aggregate.before_write:3", "aggregate.after_write:4")
        ),
    ],
)
async def test_a_job_cut_off_by_kill_9_is_finished_by_the_next_process(
    no_relay: Vault, world: World, master_key: Path, point: str
) -> None:
    what = Round.of(600, per_lao=2)
    await announce(world, what)

    async def accepted() -> bool:
        return bool((await ask(no_relay, what)).status_code == 202)

    async def projected() -> bool:
        return bool((await job(no_relay, what))["holders"] == 900)

    await eventually(accepted)
    await eventually(projected)
    assert await died_by_its_own_hand(process(world, master_key, point))
    halfway = (await job(no_relay, what))["credentials"]
    assert halfway < 900
    async with open_vault(world, master_key, roles="relay") as successor:

        async def done() -> bool:
            return bool((await job(no_relay, what))["state"] == "done")

        await eventually(done, within=60)
        assert await sealed_holders(successor, what) == every_holder(what)
        await every_seal_opens_and_every_chain_holds(successor, what, master_key)


async def every_seal_opens_and_every_chain_holds(vault: Vault, what: Round, master_key: Path) -> None:
    trail = await vault.mongo.documents("audit").find({"action": "credential.seal"})
    assert Counter(entry["chain"] for entry in trail) == Counter(f"{kind}/{code}" for kind, code in every_holder(what))
    for entry in trail:
        assert verify(entry["chain"], [AuditRecorded.model_validate(entry)]) == []
    async with seals_of(vault, master_key) as seals:
        for each in await vault.mongo.documents("credentials").find({"round": what.id}):
            label = {field: each[field] for field in ("round", "holder", "kind", "credential")} | {
                "version": each["edition"]
            }
            assert len((await seals.open(each["sealed"], label))["password"]) == 16


async def test_two_processes_share_a_job_without_sealing_anything_twice(world: World, master_key: Path) -> None:
    what = Round.of(300)
    async with open_vault(world, master_key) as one, open_vault(world, master_key, roles="relay"):
        await one.seal(what)
        assert await sealed_holders(one, what) == every_holder(what)
        issued = await one.mongo.documents("audit").find({"action": "credential.seal"})
        assert len(issued) == 450


@pytest.mark.parametrize("content", [None, b"short"])
def test_an_unusable_master_key_file_is_named(world: World, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="master_key_file"):
        world.settings(CredentialsSettings, master_key_file=path)
