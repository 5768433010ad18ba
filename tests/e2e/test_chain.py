"""One round from the roll to the last mail, through the real processes, and what must be true of it afterwards."""

import json
from collections import Counter, defaultdict
from typing import Any

import httpx

from deploy.local.crowd.campaign import Campaign
from deploy.local.verify.reconcile import reconcile
from deploy.local.verify.told import read_announced
from shared.bus import read_topic
from shared.contracts.topics import STATUS
from tests.world import eventually


async def test_nobody_was_in_trouble_and_nothing_was_lost(finished):
    assert [f"{story.person.code}: {story.trouble}" for story in finished.outcome.troubles] == []
    verdict = await reconcile(finished.stack.environment(), deep=True)
    assert {check.name: check.gaps for check in verdict.checks if not check.clean} == {}
    assert sum(check.expected for check in verdict.checks) > 500


async def test_each_office_got_what_its_file_deserved(finished):
    decided: dict[str, Counter[str]] = defaultdict(Counter)
    reports = {}
    async for document in finished.insight.mongos["submissions"].documents("submissions").each({}):
        for report in document["reports"]:
            reports[document["center"]] = report
    for story in finished.outcome.stories:
        report = reports[story.person.code]
        decided[story.person.habit][report["reason"] or report["state"]] += 1
        assert report["sha256"] == story.sha256, "the service's own digest is that of the bytes the office had"
        assert report["late"] == (report["received_at"] > finished.outcome.deadline), "no grace, no extension"
    assert set(decided["plain"]) | set(decided["cut"]) | set(decided["late"]) == {"accepted"}
    assert set(decided["encrypted"]) == {"encrypted"}
    assert set(decided["torn"]) == {"unreadable"}
    assert set(decided) == {"plain", "cut", "late", "encrypted", "torn"}, "the crowd is large enough for every habit"
    late = {story.person.code for story in finished.outcome.stories if story.person.habit == "late"}
    assert all(reports[center]["late"] for center in late), "who came after the deadline is late"
    assert not all(report["late"] for report in reports.values()), "and not everybody is"


async def test_an_office_that_lost_the_line_went_on_with_the_same_upload(finished):
    cut = [story for story in finished.outcome.stories if story.person.habit == "cut"]
    assert cut
    assert all(story.resumed and story.receipt for story in cut)


async def test_every_mail_was_sent_once(finished):
    async with httpx.AsyncClient() as http:
        stats = (await http.get(f"{finished.stack.mail_page}/api/stats")).json()
    assert stats["duplicates"] == 0
    deliveries = finished.insight.mongos["notifier"].documents("deliveries")
    states = Counter([d["state"] async for d in deliveries.each({}, fields=["state"])])
    assert set(states) == {"delivered"}
    codes = len(finished.outcome.stories) + len(finished.outcome.laos)
    assert stats["messages"] == states["delivered"] + codes


async def test_the_notice_that_a_credential_waits_leads_to_the_page_where_it_is_claimed(finished):
    page = f"{finished.stack.servers['credentials'].address}/claim"
    to = finished.outcome.stories[0].person.email
    async with httpx.AsyncClient() as http:
        mails = [
            (await http.get(f"{finished.stack.mail_page}/api/messages/{mail['id']}")).json()["text"]
            for mail in await finished.doors.mails(to)
        ]
        assert [page in mail for mail in mails].count(True) == 1
        assert "<form" in (await http.get(page)).raise_for_status().text


async def test_importing_the_same_roll_again_changes_and_announces_nothing(finished, tmp_path):
    from deploy.local.roll.generator import generate
    from deploy.local.roll.writers import write_xlsx

    environment = finished.stack.environment()
    before = await read_announced(environment["SARABAN_KAFKA_BOOTSTRAP"], "saraban")
    write_xlsx(generate(finished.outcome.plan.roll, finished.outcome.plan.seed), tmp_path / "roll.xlsx")
    report = await Campaign(finished.doors, finished.outcome.round).import_roll(tmp_path / "roll.xlsx")
    changes = report["changes"]
    assert changes["centers_unchanged"] == finished.outcome.plan.roll
    assert (changes["centers_added"], changes["centers_changed"], changes["obligations"]) == (0, 0, 0)
    after = await read_announced(environment["SARABAN_KAFKA_BOOTSTRAP"], "saraban")
    registry = [topic for topic in after.sequences if topic.startswith("registry")]
    assert {t: after.sequences[t] for t in registry} == {t: before.sequences[t] for t in registry}


async def test_a_dashboard_can_rebuild_from_the_status_topic_alone(finished):
    environment, outcome = finished.stack.environment(), finished.outcome
    newest: dict[str, tuple[int, dict[str, Any]]] = {}
    async for record in read_topic(environment["SARABAN_KAFKA_BOOTSTRAP"], [STATUS.named("saraban")]):
        sequence = int(dict(record.headers)["ce_sequence"] or b"")
        key = (record.key or b"").decode()
        if sequence >= newest.get(key, (0, {}))[0]:
            newest[key] = (sequence, json.loads(record.value or b""))
    states = Counter((row["stage"], row["state"]) for _, row in newest.values())
    sent = {story.person.code for story in outcome.stories}
    assert states["obligation", "owed"] == outcome.opened["obligations"]
    assert states["credential", "confirmed"] == len(sent)
    assert states["credential", "sealed"] == outcome.plan.roll - len(sent)
    assert states["submission", "accepted"] + states["submission", "rejected"] == len(sent)
    for _, row in newest.values():
        assert set(row) == {"round", "center", "stage", "state", "since", "late", "path"}, "no personal data"


async def test_a_gap_is_named(finished):
    """The reconciliation can fail: take one event's notice away, and it says which is missing."""
    deliveries = finished.insight.mongos["notifier"].documents("deliveries")
    taken = await deliveries.one({"kind": "report_received"})
    await deliveries.delete({"_id": taken["_id"]})
    verdict = await reconcile(finished.stack.environment())
    await deliveries.insert(taken)
    gaps = {check.name: check.gaps for check in verdict.checks if not check.clean}
    assert set(gaps) == {"notifier: nothing vanished", "notices caused"}
    assert any(taken["recipient"] in gap for gap in gaps["notices caused"])
    assert not verdict.clean


async def test_one_trace_goes_from_the_request_to_the_last_mail(finished):
    async def spans() -> dict[str, list[dict[str, Any]]]:
        by_trace: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in finished.traces.read_text(encoding="utf-8").splitlines():
            span = json.loads(line)
            by_trace[span["trace_id"]].append(span)
        return by_trace

    async def whole_trace() -> bool:
        for trace in (await spans()).values():
            names = {(span["service"], span["name"]) for span in trace}
            completed = any(s == "submissions" and "complete" in name for s, name in names)
            inspected = any(s == "submissions" and "inspection" in name for s, name in names)
            told = any(s == "notifier" and "effects" in name for s, name in names)
            if completed and inspected and told:
                return True
        return False

    assert await eventually(whole_trace, within=20)
