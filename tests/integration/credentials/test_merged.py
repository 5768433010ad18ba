"""Credentials when the registry merges their holders: once, and to the same end whatever is heard first."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack
from services.credentials.app import build
from services.credentials.settings import CredentialsSettings
from shared.bus.envelope import decode
from shared.contracts.events import EVENT_TYPES, CredentialIssued, CredentialMerged, ObligationChanged
from shared.contracts.status import StageChanged
from shared.contracts.topics import CREDENTIALS, STATUS
from tests.integration.credentials.conftest import PATH, Round, Vault, announce, center_state, lao_state, serving
from tests.integration.credentials.sending import Onesqa, line
from tests.integration.credentials.test_renewals import wish
from tests.plans import Watch
from tests.world import World, eventually

Told = tuple[str, int, Any]


@pytest.fixture(scope="module")
async def watched(stack: Stack, master_key: Path) -> AsyncIterator[tuple[Vault, Watch]]:
    """One vault for the module, with an eye on its queries."""
    world, watch = World(stack, f"t{secrets.token_hex(4)}"), Watch()
    await world.open()
    app = build(world.settings(CredentialsSettings, master_key_file=master_key), listeners=[watch])
    async for made in serving(world, app):
        yield made, watch
    await world.close()


@pytest.fixture
def vault(watched: tuple[Vault, Watch]) -> Vault:
    return watched[0]


def merged_center(what: Round, source: str, survivor: str, sequence: int = 2) -> list[Told]:
    """What the registry tells when a center is merged into another."""
    closed = center_state(what, source).model_copy(update={"state": "closed", "successor": survivor})
    path = what.path_of(survivor)
    heir = ObligationChanged(round=what.id, center=survivor, lao=path[-1], path=path, owed=True, cause="merged")
    here = what.path_of(source)
    gone = ObligationChanged(
        round=what.id, center=source, lao=here[-1], path=here, owed=False, successor=survivor, cause="merged"
    )
    return [
        (source, sequence, closed),
        (f"{what.id}/{survivor}", sequence, heir),
        (f"{what.id}/{source}", sequence, gone),
    ]


def merged_lao(what: Round, source: str, survivor: str) -> list[Told]:
    """What the registry tells when an LAO is merged into another: its centers hang under that one from then on."""
    closed = lao_state(what, source).model_copy(update={"state": "closed", "successor": survivor})
    told: list[Told] = [(source, 2, closed)]
    for center in what.centers:
        if what.lao_of(center) == source:
            path = (*PATH, survivor)
            told.append((center, 2, center_state(what, center).model_copy(update={"lao": survivor, "path": path})))
            owed = ObligationChanged(round=what.id, center=center, lao=survivor, path=path, owed=True)
            told.append((f"{what.id}/{center}", 2, owed))
    return told


async def stored(vault: Vault, what: Round, code: str, kind: str = "center") -> dict[str, Any] | None:
    return await vault.mongo.documents("credentials").one({"_id": what.credential(kind, code)})


async def settled(vault: Vault, what: Round, code: str, successor: str, kind: str = "center") -> dict[str, Any]:
    async def so() -> dict[str, Any] | None:
        found = await stored(vault, what, code, kind)
        return found if found and found["successor"] == successor and not found["outbox"] else None

    return await eventually(so)


async def events(vault: Vault, what: Round) -> list[Any]:
    found = [decode(record) for record in await vault.world.records(CREDENTIALS, STATUS)]
    data = [EVENT_TYPES[event.type].validate(event.data) for event in found]
    return [each for each in data if each.round == what.id]  # type: ignore[attr-defined]


async def mergers(vault: Vault, what: Round, least: int = 1) -> list[CredentialMerged]:
    async def told() -> list[CredentialMerged] | None:
        found = [each for each in await events(vault, what) if isinstance(each, CredentialMerged)]
        return found if len(found) >= least else None

    return await eventually(told)


async def metadata(vault: Vault, role: str, org: str, code: str) -> Any:
    return await vault.http.get(f"/v1/holders/{code}/credential", headers=vault.headers(role, org))


async def test_an_account_nobody_opened_is_taken_back_with_its_claims_and_sheets(vault: Vault) -> None:
    what = Round.of(2)
    source, survivor = what.centers
    await vault.seal(what)
    claim, sheet = await vault.verified(what, "center", source), await vault.sheet(what, source)
    own = await stored(vault, what, survivor)
    await vault.world.publish("registry", *merged_center(what, source, survivor))
    after = await settled(vault, what, source, survivor)
    assert (after["state"], after["must_change"]) == ("revoked", False)
    assert (await vault.reveal(claim, "center", source)).status_code == 403
    assert (await vault.at_the_door(sheet)).status_code == 403
    assert (await vault.open(what, "center", source)).json()["type"] == "urn:saraban:problem:credential-not-issued"
    assert await stored(vault, what, survivor) == own, "the survivor keeps its own"
    (told,) = await mergers(vault, what)
    assert (told.holder, told.successor, told.effect) == (source, survivor, "revoked")

    async def lettered() -> bool:
        letters = {code: await vault.letters(what.mail_of(code)) for code in what.centers}
        subjects = {code: " ".join(letter["subject"] for letter in found) for code, found in letters.items()}
        return "because of a merge" in subjects[source] and "merged into you" in subjects[survivor]

    await eventually(lettered)


async def test_an_account_that_was_opened_is_flagged_and_the_survivor_and_its_officers_see_it(vault: Vault) -> None:
    what = Round.of(4)
    source, survivor = what.centers[0], what.centers[2]
    await vault.seal(what)
    claim = await vault.verified(what, "center", source)
    assert (await vault.reveal(claim, "center", source)).status_code == 200
    assert (await metadata(vault, "center", survivor, source)).status_code == 403
    assert (await metadata(vault, "lao", what.laos[1], source)).status_code == 403
    await vault.world.publish("registry", *merged_center(what, source, survivor))
    await settled(vault, what, source, survivor)
    for role, org in (("center", survivor), ("lao", what.laos[1]), ("district", "5801"), ("center", source)):
        shown = (await metadata(vault, role, org, source)).json()
        assert (shown["state"], shown["must_change"], shown["successor"]) == ("claimed", True, survivor), role
    assert (await metadata(vault, "center", what.centers[1], source)).status_code == 403
    assert (await metadata(vault, "lao", what.laos[0], source)).status_code == 403, "it is not that LAO's any more"
    (told,) = await mergers(vault, what)
    assert (told.effect, told.path) == ("to_lock", what.path_of(survivor))
    anew = await wish(vault, what, source, "rotate", "operator", "00")
    assert (anew.status_code, anew.json()["type"]) == (409, "urn:saraban:problem:holder-merged")
    listed = await vault.http.get(f"/v1/rounds/{what.id}/holders", headers=vault.headers("lao", what.laos[1]))
    assert {each["holder"]: each["successor"] for each in listed.json()["items"]}[source] == survivor


async def test_a_survivor_without_a_credential_gets_one_from_the_job_of_its_round(vault: Vault) -> None:
    what = Round.of(2)
    await vault.seal(what)
    new = f"n{what.tag}"
    opened = center_state(what, what.centers[0]).model_copy(update={"code": new, "email": what.mail_of(new)})
    source, path = what.centers[1], what.path_of(what.centers[1])
    closed = center_state(what, source).model_copy(update={"state": "closed", "successor": new})
    owed = ObligationChanged(round=what.id, center=new, lao=path[-1], path=path, owed=True, cause="merged")
    await vault.world.publish("registry", (new, 1, opened), (source, 2, closed), (f"{what.id}/{new}", 1, owed))
    await settled(vault, what, source, new)

    async def sealed() -> bool:
        found = await stored(vault, what, new)
        return found is not None and found["state"] == "sealed"

    await eventually(sealed)

    async def ended() -> bool:
        job = await vault.http.get(f"/v1/rounds/{what.id}/credentials", headers=vault.headers("operator", "00"))
        return bool(job.json()["state"] == "done")

    await eventually(ended)


async def test_an_lao_that_carries_on_sees_the_centers_that_came_and_has_its_own(vault: Vault) -> None:
    what = Round.of(4)
    source, survivor = what.laos
    await vault.seal(what)
    await vault.world.publish("registry", *merged_lao(what, source, survivor))
    after = await settled(vault, what, source, survivor, "lao")
    assert (after["state"], tuple(after["path"])) == ("revoked", (*PATH, survivor))

    async def followed() -> bool:
        headers = vault.headers("lao", survivor)
        listed = (await vault.http.get(f"/v1/rounds/{what.id}/holders", headers=headers)).json()["items"]
        return {each["holder"] for each in listed} == {*what.centers, *what.laos}

    await eventually(followed)
    assert {(await stored(vault, what, center) or {})["state"] for center in what.centers} == {"sealed"}
    assert (await metadata(vault, "lao", survivor, source)).json()["successor"] == survivor
    await vault.sheet(what, what.centers[0], "lao", survivor)

    async def shown() -> bool:
        status = [each for each in await events(vault, what) if isinstance(each, StageChanged)]
        return {each.path[-1] for each in status if each.center == what.centers[0]} == {source, survivor}

    await eventually(shown)


async def test_an_event_that_comes_again_and_again_says_nothing_twice(vault: Vault) -> None:
    what = Round.of(2)
    source, survivor = what.centers
    await vault.seal(what)
    told = merged_center(what, source, survivor)
    for ids in ("one", "two", "three"):
        await vault.world.publish("registry", *told, ids=ids)
    before = await settled(vault, what, source, survivor)
    mark = Round.of(1)  # what comes behind is handled: so is what came before it, in the same partitions
    await announce(vault.world, mark)
    for _ in range(3):
        await vault.world.publish("registry", *told, ids="again")
    other = Round.of(2)
    await vault.seal(other)
    await vault.world.publish("registry", *merged_center(other, other.centers[0], other.centers[1]))
    await settled(vault, other, other.centers[0], other.centers[1])
    assert await stored(vault, what, source) == before
    assert len(await mergers(vault, what)) == 1
    entered = await vault.mongo.documents("audit").find({"subject": f"center/{source}", "action": "credential.merge"})
    assert [(each["role"], each["detail"]) for each in entered] == [("system", f"{what.id} 1.2 {survivor}")]


async def test_whatever_comes_first_the_end_is_the_same(vault: Vault) -> None:
    """Two merges in a row and the credential's own event, in all six orders."""
    ends = []
    for order in permutations(range(3)):
        what = Round.of(3, per_lao=3)
        a, b, c = what.centers
        steps: list[Callable[[], Any]] = [
            lambda w=what: vault.seal(w),  # type: ignore[misc]
            lambda w=what, a=a, b=b: vault.world.publish("registry", merged_center(w, a, b)[0]),  # type: ignore[misc]
            lambda w=what, b=b, c=c: vault.world.publish("registry", merged_center(w, b, c)[0]),  # type: ignore[misc]
        ]
        for step in order:
            await steps[step]()
        for source in (a, b):
            found = await settled(vault, what, source, c)
            assert found["state"] == "revoked"
        told = Counter((each.holder, each.effect) for each in await mergers(vault, what, 2))
        ends.append(set(told))
        assert (await stored(vault, what, c) or {})["state"] == "sealed"
        assert ends[-1] == {(a, "revoked"), (b, "revoked")}
    assert len(ends) == 6


async def test_a_credential_sealed_in_the_moment_of_the_merge_is_taken_back(vault: Vault) -> None:
    """A batch saw the center as it was; the merge is known by the time that its event is read."""
    what = Round.of(2)
    source, survivor = what.centers
    await announce(vault.world, what)
    told = Onesqa(vault, what)
    await told.open()
    await vault.world.publish("registry", merged_center(what, source, survivor)[0])
    ended = await told.send([line(source, "first-Word-1"), line(survivor, "first-Word-2")])
    assert ended["counts"] == {"sealed": 2}, "the obligation of the merged center was not released yet"
    assert (await settled(vault, what, source, survivor))["state"] == "revoked"
    issued = [each for each in await events(vault, what) if isinstance(each, CredentialIssued)]
    assert {each.holder for each in issued} == {source, survivor}


async def test_no_query_of_all_this_reads_a_whole_collection(watched: tuple[Vault, Watch]) -> None:
    vault, watch = watched
    seen = " ".join(watch.commands)
    assert "successor" in seen
    assert await watch.scans(vault.mongo) == []
