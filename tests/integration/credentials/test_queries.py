"""Every query of the service uses an index."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from services.credentials.app import build
from services.credentials.merging.store import MergingStore
from services.credentials.settings import CredentialsSettings
from services.credentials.store import CredentialsStore
from shared.contracts.events import AuditHead, NoticeDelivered
from shared.mongo.trail import AuditTrail
from tests.integration.credentials.conftest import Round, Vault, announce, serving
from tests.integration.credentials.sending import Onesqa, lines_for
from tests.integration.credentials.test_blind_relay import counts, holders, tree
from tests.integration.credentials.test_renewals import settle, wish
from tests.plans import Asked, Silent, Watch
from tests.world import World, eventually

STORES = (
    "services.credentials.store",
    "services.credentials.batches.store",
    "services.credentials.claiming.store",
    "services.credentials.renewing.store",
    "services.credentials.activating.store",
    "services.credentials.overseeing.store",
    "services.credentials.telling.store",
    "services.credentials.erasing.store",
    "services.credentials.ending.store",
    "services.credentials.merging.store",
    "services.credentials.restoring.store",
)
"""Every query of these is asked here."""


async def test_no_query_reads_a_whole_collection(world: World, master_key: Path, monkeypatch) -> None:
    watch, asked = Watch(), Asked(monkeypatch, *STORES)
    settings = world.settings(CredentialsSettings, master_key_file=master_key, audit_anchor_seconds=1.0)
    what, batch = Round.of(4), Round.of(2)
    async for vault in serving(world, build(settings, listeners=[watch])):
        await vault.seal(what)
        await tree(vault, what)
        await a_claim(vault, what, what.centers[0])
        await a_sheet(vault, what, what.centers[1])
        await a_renewal(vault, what, what.centers[2])
        await looking_down(vault, what)
        await a_sealed_batch(vault, batch)
        await the_trail(vault, what.centers[0])
        await an_alarm(vault, what, what.centers[0])
        await an_erasure(vault, what)
        await a_merge(MergingStore(CredentialsStore(world.mongo("credentials", listeners=[watch]), Silent())), what)
        await the_trail_after_years(AuditTrail(world.mongo("credentials", listeners=[watch]), Silent()))
        assert (await vault.http.get("/readyz")).status_code == 200
        # The sweeper and the mail look by themselves once a second: wait until both were seen.

        async def looked() -> bool:
            seen = " ".join(watch.commands)
            words = ("outbox.due", "mail_due", "done_at", "masterKey.provider")
            return all(word in seen for word in words) and not asked.never()

        with contextlib.suppress(AssertionError):
            await eventually(looked)
        assert asked.never() == []
        assert {"find credentials", "find claims", "find audit", "find obligations", "update credentials"} <= {
            " ".join(command.split()[:2]) for command in watch.commands
        }
        assert await watch.scans(vault.mongo) == []


async def an_alarm(vault: Vault, what: Round, center: str) -> None:
    auditor = vault.headers("auditor", "00")
    below: dict[str, str | int] = {"within": what.laos[0], "limit": 1}
    await vault.open(what, "center", center)
    await vault.open(what, "center", center)
    alarms = (await vault.http.get(f"/v1/rounds/{what.id}/alarms", params=below, headers=auditor)).json()
    assert alarms["items"]
    further = {**below, "cursor": alarms["next"]}
    assert (await vault.http.get(f"/v1/rounds/{what.id}/alarms", params=further, headers=auditor)).status_code == 200


async def a_merge(store: MergingStore, what: Round) -> None:
    """What is asked when holders move, close or are merged."""
    assert await store.places_of("center", what.centers)
    assert await store.places_of("lao", what.laos)
    found = await store.following("center", what.centers)
    assert await store.load([each["_id"] for each in found])
    assert await store.sealed_rounds([what.id]) == [what.id]
    await store.seal_again("no-such-round")


async def an_erasure(vault: Vault, what: Round) -> None:
    auditor = vault.headers("auditor", "00")
    asked = await vault.http.post(
        f"/v1/holders/{what.centers[1]}/credential/erase",
        json={"reason": "closed"},
        headers=vault.headers("department", "00"),
    )
    await vault.http.get("/v1/erasures", headers=auditor)
    await vault.http.get("/v1/erasures", params={"within": what.laos[0]}, headers=auditor)
    erased = await vault.http.post(
        f"/v1/erasures/{asked.json()['id']}/approve", headers=vault.headers("operator", "00")
    )
    assert erased.json()["done_at"], erased.text
    assert (await vault.http.get("/v1/keys", headers=auditor)).json()["done"]


async def a_claim(vault: Vault, what: Round, center: str) -> None:
    claim = await vault.verified(what, "center", center)
    await vault.verify(claim, "000000", "center", center)
    await vault.verify("no-such-claim", "000000", "center", center)
    await vault.open(what, "center", center, holder=what.centers[1])
    await vault.reveal(claim, "center", center)
    confirmed = vault.headers("center", center, key="confirm-key-1")
    assert (await vault.http.post(f"/v1/claims/{claim}/confirm", headers=confirmed)).status_code == 200
    await vault.open(what, "center", center, sub="somebody else")  # the holder gets a letter about it


async def a_sheet(vault: Vault, what: Round, center: str) -> None:
    assert (await vault.at_the_door(await vault.sheet(what, center))).status_code == 201
    wanted = {"within": "5801"}
    operator = vault.headers("operator", "00")
    answer = await vault.http.post(f"/v1/rounds/{what.id}/sheets", json=wanted, headers=operator)
    assert answer.status_code == 200, answer.text


async def a_renewal(vault: Vault, what: Round, center: str) -> None:
    renewal = (await wish(vault, what, center, "rotate", "center", center)).json()["renewal"]["id"]
    asked: list[dict[str, str | int]] = [{}, {"within": "58", "state": "asked", "limit": 1}]
    for params in asked:
        headers = vault.headers("operator", "00")
        page = await vault.http.get("/v1/renewals", params=params, headers=headers)
        assert page.status_code == 200, page.text
    await vault.http.get("/v1/renewals", params={**params, "cursor": page.json()["next"]}, headers=headers)
    assert (await settle(vault, renewal, "approve", "province", "58")).status_code == 200


async def looking_down(vault: Vault, what: Round) -> None:
    """Where the credentials of a part of the tree stand; and a notice reached one of them."""
    told = NoticeDelivered(
        notice=f"n-{what.tag}", kind="credential_ready", round=what.id, recipient=what.centers[3],
        path=what.path_of(what.centers[3]), cause="e", channel="mail", delivered_at=datetime.now(UTC),
    )  # fmt: skip
    await vault.world.publish("notifier", (told.notice, 1, told))
    for params in (
        {},
        {"state": "sealed"},
        {"within": "5801", "limit": 1},
        {"within": what.laos[0], "state": "sealed"},
    ):
        page = (await holders(vault, what, "province", "58", **params)).json()
        if page["next"]:
            await holders(vault, what, "province", "58", **params, cursor=page["next"])
    for by in ("province", "district", "lao"):
        assert await counts(vault, what, "department", "00", by=by)
        page = await vault.http.get(
            f"/v1/rounds/{what.id}/holders/counts?by={by}&limit=1", headers=vault.headers("auditor", "00")
        )
        following: dict[str, str | int] = {"by": by, "limit": 1, "cursor": page.json()["next"]}
        await vault.http.get(
            f"/v1/rounds/{what.id}/holders/counts", params=following, headers=vault.headers("auditor", "00")
        )


async def a_sealed_batch(vault: Vault, what: Round) -> None:
    await announce(vault.world, what)
    onesqa = Onesqa(vault, what)
    ended = await onesqa.send([*lines_for(what), b"no json"])
    await onesqa.verdicts(ended["batch"], verdict="unreadable")
    page = await vault.http.get(
        f"/v1/rounds/{what.id}/batches/{ended['batch']}/verdicts", params={"limit": 1}, headers=onesqa.headers
    )
    await onesqa.verdicts(ended["batch"], cursor=page.json()["next"])
    batches = f"/v1/rounds/{what.id}/batches"
    page = await vault.http.get(batches, params={"limit": 1}, headers=onesqa.headers)
    assert page.status_code == 200, page.text
    following = {"limit": 1, "cursor": page.json()["next"]}
    assert (await vault.http.get(batches, params=following, headers=onesqa.headers)).status_code == 200


async def the_trail(vault: Vault, center: str) -> None:
    auditor, subject = vault.headers("auditor", "00", sub="somying"), f"center/{center}"
    await vault.http.get(f"/v1/holders/{center}/credential", headers=auditor)
    audit: dict[str, str | int] = {"subject": subject, "limit": 1}
    page = (await vault.http.get("/v1/audit", params=audit, headers=auditor)).json()
    await vault.http.get("/v1/audit", params={**audit, "cursor": page["next"]}, headers=auditor)
    for path in ("/v1/audit/pack", "/v1/audit/pack.pdf"):
        assert (await vault.http.get(path, params={"subject": subject}, headers=auditor)).status_code == 200
    reference = (await vault.mongo.documents("people").find({"_id": "somying"}))[0]["reference"]
    assert (await vault.http.get(f"/v1/audit/people/{reference}", headers=auditor)).status_code == 200
    forgotten = await vault.http.post(
        f"/v1/audit/people/{reference}/forget", json={"reason": "asked"}, headers=vault.headers("operator", "00")
    )
    assert forgotten.status_code == 204

    async def anchored() -> bool:
        return (await vault.http.get("/v1/audit/anchors/newest", headers=auditor)).status_code == 200

    await eventually(anchored)


async def the_trail_after_years(trail: AuditTrail) -> None:
    """What is asked once entries are past their time, and by those who know one person or chain."""
    end = AuditHead(chain="center/gone", number=7, hash="0" * 64)
    await trail.remember_removed([end])
    assert await trail.remove([end], datetime.now(UTC)) == 0
    assert await trail.chain(end.chain) == []
    assert await trail.people.reference_of("province-58")


async def test_the_search_finds_a_scan(vault: Vault) -> None:
    watch = Watch()
    watched = vault.world.mongo("credentials", listeners=[watch])
    await watched.documents("credentials").find({"sealed": b"x"})
    assert len(await watch.scans(vault.mongo)) == 1
