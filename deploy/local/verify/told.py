"""Announced: every event that an aggregate ever told stands on its topic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deploy.local.tools.letters import GROUP
from deploy.local.verify.verdict import Check
from shared.bus import read_topic, settled
from shared.contracts.events import AuditAnchored
from shared.contracts.topics import SERVICES, TOPICS, Service, dead_letters, group_name, source_of
from shared.mongo import Document, Documents, Mongo

ENDING = frozenset({"claims"})
"""Collections whose aggregates end by themselves after a time."""
ANCHORED = "saraban.audit.heads.anchored.v1"
COMPACTED = {topic.name.replace(".", "_") for topic in TOPICS if topic.compacted}


@dataclass
class Announced:
    """What stands on the topics. `sequences`: topic → (source, subject) → sequences; `ids`: type → event ids."""

    sequences: dict[str, dict[tuple[str, str], set[int]]] = field(default_factory=lambda: defaultdict(dict))
    ids: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    dead: dict[Service, int] = field(default_factory=dict)
    anchors: list[tuple[str, AuditAnchored]] = field(default_factory=list)
    """What the audit topic says of the heads of the audit chains, by source."""
    records: int = 0
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the reading began: what was told later need not stand in it."""

    def heard(self, service: Service) -> dict[str, int]:
        """The highest sequence that each aggregate of a service told anywhere."""
        source, highest = source_of(service), dict[str, int]()
        for told in self.sequences.values():
            for (by, name), numbers in told.items():
                if by == source:
                    highest[name] = max(highest.get(name, 0), *numbers)
        return highest

    def subjects(self, service: Service) -> set[str]:
        """The aggregates of a service that told anything."""
        source = source_of(service)
        return {name for told in self.sequences.values() for by, name in told if by == source}


async def read_announced(bootstrap: str, namespace: str) -> Announced:
    """Read every topic from its first record."""
    found = Announced()
    topics = {topic.named(namespace): topic for topic in TOPICS}
    letters = {dead_letters(service).named(namespace): service for service in SERVICES}
    found.dead = dict.fromkeys(SERVICES, 0)
    done: dict[tuple[str, int], int] = {}
    for topic, service in letters.items():
        done |= await settled(bootstrap, group_name(namespace, service, GROUP), [topic])
    async for record in read_topic(bootstrap, [*topics, *letters]):
        found.records += 1
        if record.topic in letters:
            found.dead[letters[record.topic]] += record.offset >= done[record.topic, record.partition]
            continue
        headers = {name: value or b"" for name, value in record.headers}
        by_subject = found.sequences[topics[record.topic].name.replace(".", "_")]
        sequence = _text(headers, "ce_sequence")
        if sequence.isdecimal():
            subject = (_text(headers, "ce_source"), _text(headers, "ce_subject"))
            by_subject.setdefault(subject, set()).add(int(sequence))
        if _text(headers, "ce_type") == ANCHORED:
            anchor = AuditAnchored.model_validate_json(record.value or b"")
            found.anchors.append((_text(headers, "ce_source"), anchor))
        found.ids[_text(headers, "ce_type")][_text(headers, "ce_id")] = (record.key or b"").decode(errors="replace")
    return found


def _text(headers: dict[str, bytes], name: str) -> str:
    return headers.get(name, b"").decode(errors="replace")


async def aggregates_of(mongo: Mongo) -> list[Documents]:
    """The collections of a service that hold aggregates."""
    every = [mongo.documents(name) for name in await mongo.collections()]
    return [documents for documents in every if await documents.one({"told": {"$exists": True}}, fields=["_id"])]


async def check_announced(service: Service, mongo: Mongo, announced: Announced) -> tuple[Check, Check, Check, Check]:
    """Nothing waits in an outbox, what was told stands on its topic, who told it is still there and as new as that."""
    waiting = Check(f"{service}: outboxes empty", "ไม่มีเหตุการณ์ค้างส่ง")
    told = Check(f"{service}: announced", "ประกาศครบ")
    kept = Check(f"{service}: nothing vanished", "ไม่มีรายการหายไป")
    newer = Check(f"{service}: as new as what it told", "ฐานข้อมูลไม่เก่ากว่าที่ประกาศ")
    heard = announced.heard(service)
    there: set[str] = set()
    for documents in await aggregates_of(mongo):
        async for aggregate in documents.each({}, fields=["told", "sequence", "outbox.id", "time"]):
            name = f"{documents.name}/{aggregate['_id']}"
            there.add(name)
            if aggregate.get("time", announced.began) > announced.began:
                continue  # an entry or anchor of the trail that was made while the topics were read
            waiting.expect(not aggregate["outbox"], f"{name}: {len(aggregate['outbox'])} not published")
            newer.expect(
                heard.get(name, 0) <= aggregate["sequence"],
                f"{name} is older than what it told: restored from a copy, and not reconciled (start the service)",
            )
            for gap in _untold(service, name, aggregate, announced):
                told.expect(present=not gap, gap=gap)
    removed = {d["_id"]: d["number"] async for d in mongo.documents("audit_removed").each({})}
    for name in sorted(announced.subjects(service)):
        if name.partition("/")[0] not in ENDING and not _was_removed(name, removed):
            kept.expect(name in there, f"{name} told of itself and is gone")
    return waiting, told, kept, newer


def _was_removed(name: str, removed: Mapping[str, int]) -> bool:
    """Whether this is an audit entry whose time was over: a signed anchor says so, and the chain goes on behind it."""
    collection, _, place = name.partition("/")
    chain, _, number = place.rpartition("#")
    return collection == "audit" and number.isdecimal() and int(number) <= removed.get(chain, 0)


def _untold(service: Service, name: str, aggregate: Document, announced: Announced) -> Iterable[str]:
    """For each topic that the aggregate told something, what is missing there; an empty line where nothing is."""
    for topic, told in aggregate["told"].items():
        stands = announced.sequences[topic].get((source_of(service), name), set())
        if topic in COMPACTED:
            yield "" if told["last"] in stands else f"{name}: its last event ({told['last']}) is not on {topic}"
        else:
            missing = told["count"] - len(stands)
            yield "" if missing <= 0 else f"{name}: {missing} of {told['count']} events are not on {topic}"
