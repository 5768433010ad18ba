"""What follows a receipt finds its documents by an index as well: reviews, deadlines, merges, summaries, archives."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import httpx

from services.submissions.app import build
from services.submissions.store import Store
from tests.integration.submissions.conftest import Office, introduce, round_, settings_of
from tests.integration.submissions.test_carrying import merge, until
from tests.integration.submissions.test_downloads import ONESQA, accepted, archive, link, opened
from tests.integration.submissions.test_lists import more
from tests.integration.submissions.test_reviewing import judge
from tests.integration.submissions.test_summary import bring
from tests.plans import Asked, Silent, Watch
from tests.world import World, eventually, run_app

STORES = (
    "services.submissions.store",
    "services.submissions.due_store",
    "services.submissions.roster_store",
    "services.submissions.summary_store",
    "services.submissions.receipt_store",
    "services.submissions.sweep_store",
    "services.submissions.cluster_store",
    "services.submissions.form_store",
)
"""Every query of these is asked here."""


async def test_no_query_after_a_receipt_reads_a_whole_collection(world: World, monkeypatch) -> None:
    watch, called = Watch(), Asked(monkeypatch, *STORES)
    app = build(settings_of(world, deadline_again_minutes=0.01), listeners=[watch])
    async with (
        run_app(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://submissions") as http,
    ):
        office = Office(world, http, secrets.token_hex(4))
        await introduce(office)
        await more(office, 3)
        report = await accepted(office)
        await bring(office)
        soon = {"due": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
        assert (await judge(office, report["receipt"], body=soon)).status_code == 200
        over = round_(office.round, deadline=datetime.now(UTC) - timedelta(hours=3), grace_minutes=0)
        await office.tell((office.round, 2, over))
        documents = world.mongo("submissions").documents("submissions")

        async def overdue() -> bool:
            return await documents.count({"round": office.round, "overdue": {"$ne": None}}) == 5

        await eventually(overdue)
        await merge(office)
        await until(office, office.other, state="returned")
        assert (await link(office)).status_code == 200
        opened(await archive(office, None, **ONESQA))
        province = {"role": "province", "org": "58"}
        base = f"/v1/rounds/{office.round}"
        for path in (
            f"{base}/submissions",
            f"{base}/submissions?within=5802&cause=overdue&limit=1",
            f"{base}/submissions/counts",
            f"{base}/summaries",
            f"{base}/summaries?within=5801&limit=1",
            f"{base}/summaries/levels",
            f"{base}/summaries/table",
            f"{base}/framework",
            f"{base}/framework?version=1",
            f"{base}/centers/{office.center}/submission/history",
            f"/v1/receipts/{report['receipt']}/paper",
            "/v1/receipt-keys",
            f"/r/{report['receipt']}",
        ):
            who = {"role": "auditor", "org": "a"} if office.center in path or "paper" in path else province
            assert (await office.ask("GET", path, **who)).status_code == 200, path
        subject = {"subject": f"center/{office.center}"}
        assert (await archive(office, {"cluster": "no-such"}, **ONESQA)).status_code == 404
        draft = await office.ask("GET", f"{base}/centers/{office.other}/summary/draft", org=office.other)
        assert draft.status_code in {200, 404}, draft.text
        store = Store(world.mongo("submissions", listeners=[watch]), Silent())
        assert await store.forms.of_ticket("no-such-ticket") is None, "asked by a browser that posts a form"
        assert await store.sweeps.uploads(["no-such-upload"]) == {}, "asked once an hour, of what lies in the store"
        assert (await office.ask("GET", "/v1/audit", role="auditor", org="a", params=subject)).status_code == 200

    assert await watch.scans(world.mongo("submissions")) == []
    assert called.never() == []
    asked = {name.split()[1] for name in watch.commands}
    collections = {"submissions", "obligations", "centers", "rounds", "deadlines", "summaries", "frameworks"}
    assert {*collections, "audit", "receipt_keys", "leases"} <= asked
