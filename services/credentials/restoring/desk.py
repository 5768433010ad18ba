"""Reconciles this database with the bus, before anything is served from it."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.credentials.activating.store import ActivationStore
from services.credentials.restoring import rules
from services.credentials.restoring.store import MarkStore
from services.credentials.settings import CredentialsSettings
from services.credentials.store import ATTEMPTS, CredentialsStore, announced
from shared.bus import Incoming, reread
from shared.contracts.credentials import CredentialEvent
from shared.contracts.events import EVENT_TYPES, AuditAnchored, AuditRecorded, SheetMade
from shared.contracts.topics import AUDIT, CREDENTIALS, source_of
from shared.mongo import Conflict
from shared.mongo.anchoring import Anchoring
from shared.mongo.recovering import behind, recover
from shared.security.audit import Deed
from shared.telemetry import get_logger

log = get_logger()

CHUNK: Final = 500
_SOURCE: Final = source_of("credentials").encode()


@dataclass
class Heard:
    """The highest numbers on the bus, from headers alone: one per credential, sheet and chain, however many events."""

    records: int = 0
    sequences: defaultdict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """By collection, the highest sequence of each aggregate."""
    links: dict[str, int] = field(default_factory=dict)
    """The highest number of each audit chain."""

    async def take(self, records: Sequence[Incoming]) -> None:
        """Take note of records."""
        self.records += len(records)
        for record in records:
            subject, sequence = _place(record)
            collection, _, key = subject.partition("/")
            if collection == "audit":
                chain, _, number = key.rpartition("#")
                if number.isdecimal():
                    self.links[chain] = max(self.links.get(chain, 0), int(number))
            elif sequence:
                heard = self.sequences[collection]
                heard[key] = max(heard.get(key, 0), sequence)


class Reconciler:
    """Runs once at a start. A start that breaks off has moved no mark, and the next one finds the same again."""

    def __init__(
        self,
        settings: CredentialsSettings,
        store: CredentialsStore,
        activations: ActivationStore,
        anchoring: Anchoring,
        marks: MarkStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._store, self._activations = settings, store, activations
        self._anchoring, self._marks, self._clock = anchoring, marks, clock
        self._kept = timedelta(days=settings.audit_days)
        self._topics = {topic: topic.named(settings.namespace) for topic in (CREDENTIALS, AUDIT)}

    async def run(self) -> None:
        """Take over what the bus knows more of. Raises Unavailable without a broker: then nothing is served either."""
        began, heard = time.monotonic(), Heard()
        starts = await self._marks.starts()
        ends = await reread(self._settings, list(self._topics.values()), starts, heard.take)
        links = await self._put_back_trail(heard, starts)
        holders = await self._take_over(heard, starts)
        await self._marks.reached(ends, self._clock())
        log.info("credentials.restore.checked", records=heard.records, seconds=round(time.monotonic() - began, 3))
        if links or holders:
            log.warning("credentials.restore.found", holders=holders, entries=links)

    async def _put_back_trail(self, heard: Heard, starts: dict[tuple[str, int], int]) -> int:
        """The trail first: what is done below is entered behind the heads that the bus knows."""
        chains = await self._store.trail.lacking(heard.links)
        newest = await self._anchoring.newest()
        anchored = newest.number if newest else 0
        if not chains and max(map(int, heard.sequences["anchors"]), default=0) <= anchored:
            return 0
        count, since = 0, self._clock() - self._kept

        async def take(records: Sequence[Incoming]) -> None:
            nonlocal count
            links, anchors = [], []
            for record in records:
                collection, _, key = _place(record)[0].partition("/")
                if collection == "audit" and key.rpartition("#")[0] in chains:
                    links.append(AuditRecorded.model_validate_json(record.value or b""))
                elif collection == "anchors" and int(key) > anchored:
                    anchors.append(AuditAnchored.model_validate_json(record.value or b""))
            count += await self._store.trail.put_back(links, since)
            await self._anchoring.put_back(anchors)

        await reread(self._settings, [self._topics[AUDIT]], starts, take)
        return count

    async def _take_over(self, heard: Heard, starts: dict[tuple[str, int], int]) -> int:
        holders = await behind(self._store.credentials.documents, heard.sequences["credentials"])
        sheets = await behind(self._activations.activations.documents, heard.sequences["activations"])
        if not holders and not sheets:
            return 0
        known = {f"credentials/{key}": least for key, least in holders.items()}
        known |= {f"activations/{key}": least for key, least in sheets.items()}
        told: defaultdict[str, dict[int, CredentialEvent]] = defaultdict(dict)

        async def take(records: Sequence[Incoming]) -> None:
            for record in records:
                subject, sequence = _place(record)
                if subject in known and sequence > known[subject]:
                    told[subject][sequence] = _event(record)

        await reread(self._settings, [self._topics[CREDENTIALS]], starts, take)
        for key in sorted(sheets):
            by_sequence = told[f"activations/{key}"]
            await self._void(key, by_sequence[max(by_sequence)], max(by_sequence))
        for start in range(0, len(holders), CHUNK):
            part = sorted(holders)[start : start + CHUNK]
            await self._enter({key: told[f"credentials/{key}"] for key in part})
            for key in part:
                await self._take_over_one(key, told[f"credentials/{key}"])
        return len(holders)

    async def _enter(self, told: dict[str, dict[int, CredentialEvent]]) -> None:
        """What is done to a credential stands in its holder's chain first. A holder may have one in several rounds."""
        deeds: defaultdict[str, dict[str, Deed]] = defaultdict(dict)
        for by_sequence in told.values():
            last = by_sequence[max(by_sequence)]
            owner = f"{last.holder_kind}/{last.holder}"
            deeds[last.round][owner] = Deed("vault", "none", "credential.restore", owner, "allowed", last.round)
        for of_round in deeds.values():
            await self._store.trail.enter_each(of_round, self._clock())

    async def _take_over_one(self, key: str, told: dict[int, CredentialEvent]) -> None:
        for _ in range(ATTEMPTS):
            stored, now = await self._store.credentials.load(key), self._clock()
            unseen = [told[number] for number in sorted(told) if stored is None or number > stored.sequence]
            if not unseen:
                return  # another process was faster
            state, events = rules.take_over(stored.state if stored else None, unseen, now)
            if await recover(self._store.credentials, key, stored, state, announced(events), max(told), now):
                return
        raise Conflict(key)

    async def _void(self, key: str, made: CredentialEvent, sequence: int) -> None:
        assert isinstance(made, SheetMade)
        for _ in range(ATTEMPTS):
            stored = await self._activations.activations.load(key)
            if stored is not None and stored.sequence >= sequence:
                return
            sheet = rules.void(made)
            if await recover(self._activations.activations, key, stored, sheet, [], sequence, self._clock()):
                return
        raise Conflict(key)


def _place(record: Incoming) -> tuple[str, int]:
    """Subject and sequence of one of our own events; nothing of any other's."""
    headers = dict(record.headers)
    if headers.get("ce_source") != _SOURCE:
        return "", 0
    sequence = headers.get("ce_sequence") or b""
    return (headers.get("ce_subject") or b"").decode(errors="replace"), int(sequence) if sequence.isdigit() else 0


def _event(record: Incoming) -> CredentialEvent:
    name = (dict(record.headers).get("ce_type") or b"").decode()
    kind = EVENT_TYPES.get(name)
    read = (kind.model if kind else CredentialEvent).model_validate_json(record.value or b"")
    assert isinstance(read, CredentialEvent)
    return read
