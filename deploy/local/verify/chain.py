"""The chain from tier to tier: known everywhere, sealed, stored, receipted, notified, audited."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping

from deploy.local.verify.told import Announced
from deploy.local.verify.verdict import Check
from shared.blobs import Blobs, NotFound, Place
from shared.contracts.topics import ORGANIZATIONS, READS, Service, Topic, source_of
from shared.mongo import Document, Mongo
from shared.security.ledger import Ledger

RECEIVED = "saraban.submissions.report.received.v1"
TELLS_SOMEBODY = {
    "saraban.credentials.credential.issued.v1": "credential_ready",
    "saraban.credentials.claim.alarmed.v1": "claim_alarmed",
    RECEIVED: "report_received",
    "saraban.submissions.report.accepted.v1": "report_accepted",
    "saraban.submissions.report.rejected.v1": "report_rejected",
}
"""Events that oblige the notifier to tell somebody, and by which kind of notice."""
ENDED = frozenset({"delivered", "bounced", "skipped"})
OWED: Document = {"owed": True}
STATS_AT_ONCE = 16


async def check_known(service: Service, mongo: Mongo, registry: Mongo) -> Check:
    """Every state the registry told stands in this service's projection, as new as the registry's."""
    check = Check(f"{service}: knows the registry's state", "รู้ข้อมูลทะเบียนครบ")
    topics: Iterable[Topic] = READS[service].get("projections", ())
    for topic in topics:
        if topic.writers != ORGANIZATIONS.writers:
            continue
        _, name = topic.name.split(".")
        known = {d["_id"]: d["sequence"] async for d in mongo.documents(name).each({}, fields=["sequence"])}
        field = topic.name.replace(".", "_")
        async for document in registry.documents(name).each({}, fields=["told"]):
            last = document["told"].get(field, {}).get("last", 0)
            check.expect(
                not last or known.get(document["_id"], 0) >= last, f"{name}/{document['_id']} is not up to date"
            )
    return check


async def check_sealed(credentials: Mongo, registry: Mongo) -> Check:
    """Every center that owes a report, and its LAO, has a credential in each round that was sealed."""
    check = Check("credentials sealed", "ผนึกรหัสครบทุกผู้ถือบัญชี")
    sealed = {
        (d["round"], d["kind"], d["holder"])
        async for d in credentials.documents("credentials").each({}, fields=["round", "kind", "holder"])
    }
    async for job in credentials.documents("jobs").each({}):
        holders: set[tuple[str, str, str]] = set()
        async for owed in registry.documents("obligations").each({**OWED, "round": job["_id"]}):
            holders |= {(job["_id"], "center", owed["center"]), (job["_id"], "lao", owed["lao"])}
        for holder in sorted(holders):
            check.expect(holder in sealed, f"{'/'.join(holder)} has no credential")
    return check


async def check_restored(credentials: Mongo) -> Check:
    """No holder still waits for another secret because its newest was lost with a database (decision 0018)."""
    check = Check("credentials whole after a restore", "รหัสครบหลังกู้คืนฐานข้อมูล")
    async for found in credentials.documents("credentials").each({}, fields=["restored_at", "state"]):
        if found.get("restored_at"):
            check.expect(found["state"] != "waiting", f"{found['_id']}: its secret was lost in a restore; rotate it")
    return check


async def check_stored(submissions: Mongo, blobs: Blobs, namespace: str, *, deep: bool) -> tuple[Check, Check]:
    """Every received report's bytes lie in the store, and every one has its receipt.

    `deep` reads every byte again and compares its SHA-256; otherwise the store is asked for the size.
    """
    stored = Check("reports stored", "รายงานอยู่ในที่เก็บครบ")
    receipted = Check("reports receipted", "ออกใบรับครบ")
    gate = asyncio.Semaphore(STATS_AT_ONCE)
    seen: dict[str, str] = {}

    async def look(name: str, report: Document) -> None:
        accepted = report["state"] == "accepted"
        bucket, version = ("accepted", report["kept"]) if accepted else ("quarantine", report["quarantined"])
        place = Place(f"{namespace}-{bucket}", f"uploads/{report['upload']}.pdf", version)
        async with gate:
            try:
                whole = await _is_whole(blobs, place, report, deep=deep)
            except NotFound:
                whole = False
        stored.expect(whole, f"{name}: its {report['size']} bytes are not in {place.bucket}")

    looks = []
    async for submission in submissions.documents("submissions").each({}, fields=["reports"]):
        for report in submission["reports"]:
            name = f"{submission['_id']} v{report['version']}"
            looks.append(look(name, report))
            unique = seen.setdefault(report["receipt"], name) == name
            receipted.expect(bool(report["signed"]) and unique, f"{name}: no receipt of its own")
    await asyncio.gather(*looks)
    return stored, receipted


async def _is_whole(blobs: Blobs, place: Place, report: Document, *, deep: bool) -> bool:
    if not deep:
        return bool((await blobs.stat(place)).size == report["size"])
    read = await blobs.fetch(place)
    return (read.size, read.sha256) == (report["size"], report["sha256"])


async def check_decided(submissions: Mongo) -> Check:
    """Every received report was accepted or rejected."""
    check = Check("reports decided", "ตรวจรายงานครบ")
    async for submission in submissions.documents("submissions").each({}, fields=["reports.version", "reports.state"]):
        for report in submission["reports"]:
            check.expect(
                report["state"] != "received", f"{submission['_id']} v{report['version']} waits for inspection"
            )
    return check


async def check_notified(notifier: Mongo, registry: Mongo, announced: Announced) -> tuple[Check, Check]:
    """Every event that must reach somebody caused its notice, and every notice came to an end."""
    caused = Check("notices caused", "ออกหนังสือแจ้งครบ")
    ended = Check("notices delivered or ended", "ส่งหนังสือแจ้งครบ")
    open_rounds = [d["_id"] async for d in registry.documents("rounds").each({"state": "open"}, fields=["_id"])]
    by_cause: dict[str, set[str]] = defaultdict(set)
    opened: set[tuple[str, str]] = set()
    async for notice in notifier.documents("notices").each({}, fields=["state"]):
        ended.expect(notice["state"] == "issued", f"notice {notice['_id']} has no deliveries yet")
    async for delivery in notifier.documents("deliveries").each(
        {}, fields=["cause", "kind", "round", "recipient", "state"]
    ):
        by_cause[delivery["cause"]].add(delivery["kind"])
        if delivery["kind"] == "round_opened":
            opened.add((delivery["round"], delivery["recipient"]))
        if delivery["state"] != "held" or delivery["round"] in open_rounds:
            ended.expect(delivery["state"] in ENDED, f"delivery {delivery['_id']} is {delivery['state']}")
    for event_type, kind in TELLS_SOMEBODY.items():
        for event, key in announced.ids[event_type].items():
            caused.expect(kind in by_cause[event], f"{event_type} of {key}: no {kind}")
    for round_id in open_rounds:
        laos = {
            d["lao"] async for d in registry.documents("obligations").each({**OWED, "round": round_id}, fields=["lao"])
        }
        for lao in sorted(laos):
            caused.expect((round_id, lao) in opened, f"round {round_id}: LAO {lao} was not told")
    return caused, ended


async def check_audit(mongos: Mapping[Service, Mongo], announced: Announced) -> Check:
    """Every audit chain is whole: no entry changed, missing or out of order, none cut off that the bus has anchored."""
    check = Check("audit chains whole", "สมุดตรวจสอบไม่ถูกแก้ไข")
    ledger = Ledger()
    for service, mongo in mongos.items():
        async for entry in mongo.documents("audit").each({}):
            ledger.enter(source_of(service), entry)
    for source, anchor in announced.anchors:
        ledger.anchor(source, anchor)
    found = ledger.findings()
    check.gaps = [
        f"audit of {source}: chain {one.chain}, entry {one.number}: {one.fault}" for source, one in found.breaks
    ]
    check.expected = found.chains
    check.found = found.chains - len({(source, one.chain) for source, one in found.breaks})
    return check


def check_dead(announced: Announced) -> Check:
    """Nothing lies in the dead letters. Redrive or settle what does."""
    check = Check("dead letters", "ไม่มีข้อความที่อ่านไม่ได้")
    check.gaps = [f"{service}: {count} unreadable records" for service, count in announced.dead.items() if count]
    return check
