"""Announced: every event that an aggregate ever told stands on its topic."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from deploy.local.tools.letters import GROUP
from deploy.local.verify.verdict import Check
from shared.bus import read_topic, settled
from shared.contracts.topics import SERVICES, TOPICS, Service, dead_letters, group_name, source_of
from shared.mongo import Document, Documents, Mongo

ENDING = frozenset({"claims"})
"""Collections whose aggregates end by themselves after a time."""
COMPACTED = {topic.name.replace(".", "_") for topic in TOPICS if topic.compacted}


@dataclass
class Announced:
    """What stands on the topics. `sequences`: topic → (source, subject) → sequences; `ids`: type → event ids."""

    sequences: dict[str, dict[tuple[str, str], set[int]]] = field(default_factory=lambda: defaultdict(dict))
    ids: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    dead: dict[Service, int] = field(default_factory=dict)
    records: int = 0

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
        found.ids[_text(headers, "ce_type")][_text(headers, "ce_id")] = (record.key or b"").decode(errors="replace")
    return found


def _text(headers: dict[str, bytes], name: str) -> str:
    return headers.get(name, b"").decode(errors="replace")


async def aggregates_of(mongo: Mongo) -> list[Documents]:
    """The collections of a service that hold aggregates."""
    every = [mongo.documents(name) for name in await mongo.collections()]
    return [documents for documents in every if await documents.one({"told": {"$exists": True}}, fields=["_id"])]


async def check_announced(service: Service, mongo: Mongo, announced: Announced) -> tuple[Check, Check, Check]:
    """Nothing waits in an outbox, what was told stands on its topic, and who told it is still there."""
    waiting = Check(f"{service}: outboxes empty", "ไม่มีเหตุการณ์ค้างส่ง")
    told = Check(f"{service}: announced", "ประกาศครบ")
    kept = Check(f"{service}: nothing vanished", "ไม่มีรายการหายไป")
    there: set[str] = set()
    for documents in await aggregates_of(mongo):
        async for aggregate in documents.each({}, fields=["told", "outbox.id"]):
            name = f"{documents.name}/{aggregate['_id']}"
            there.add(name)
            waiting.expect(not aggregate["outbox"], f"{name}: {len(aggregate['outbox'])} not published")
            for gap in _untold(service, name, aggregate, announced):
                told.expect(present=not gap, gap=gap)
    for name in sorted(announced.subjects(service)):
        if name.partition("/")[0] not in ENDING:
            kept.expect(name in there, f"{name} told of itself and is gone")
    return waiting, told, kept


def _untold(service: Service, name: str, aggregate: Document, announced: Announced) -> Iterable[str]:
    """For each topic that the aggregate told something, what is missing there; an empty line where nothing is."""
    for topic, told in aggregate["told"].items():
        stands = announced.sequences[topic].get((source_of(service), name), set())
        if topic in COMPACTED:
            yield "" if told["last"] in stands else f"{name}: its last event ({told['last']}) is not on {topic}"
        else:
            missing = told["count"] - len(stands)
            yield "" if missing <= 0 else f"{name}: {missing} of {told['count']} events are not on {topic}"
