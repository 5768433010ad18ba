"""Two processes look into one report: what follows goes by how it stands in the end, whoever decided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.local.crowd.papers import paper
from services.submissions.domain import Report, Submission
from services.submissions.inspecting.examination import Buckets, Examination, Outcome
from services.submissions.inspecting.findings import FINDINGS
from services.submissions.inspecting.inspections import Inspections
from services.submissions.inspecting.room import InspectionRoom
from services.submissions.store import Store, key_of
from services.submissions.uploading.receiving import decide
from services.submissions.uploading.sending import Change
from shared.blobs import Blobs, NotFound
from shared.bus import Batch, Event
from shared.bus.envelope import Envelope, Outgoing, encode
from shared.contracts.events import ReportReceived
from tests.integration.submissions.test_examination import Received, buckets, received, room  # noqa: F401
from tests.unit.submissions.sent import sent
from tests.world import World

KEY = key_of("2569", "c1")


class Nobody:
    """Publishes nothing."""

    grace = timedelta(hours=1)

    def announce(self, outbox: Any, aggregate: str, entries: Any) -> None: ...


class Overtaken(Examination):
    """An examination before or after which another process does something."""

    before: Callable[[Report], Awaitable[object]] | None = None
    after: Callable[[Report], Awaitable[object]] | None = None

    async def examine(self, report: Report) -> Outcome:
        if self.before:
            await self.before(report)
        outcome = await super().examine(report)
        if self.after:
            await self.after(report)
        return outcome


class Scene:
    """One received report, its event, and two processes that look into it: `ours` is overtaken by the other."""

    def __init__(self, store: Store, blobs: Blobs, ours: Overtaken, other: Examination, report: Report) -> None:
        self.store, self.blobs, self.ours, self.report = store, blobs, ours, report
        self.inspections = Inspections(store, store.sweeps, ours, at_once=2, clock=now)
        self.other = Inspections(store, store.sweeps, other, at_once=2, clock=now)
        self.place = other.quarantined(report)

    def batch(self) -> Batch:
        shown = {"upload", "version", "receipt", "sha256", "size", "received_at", "late"}
        told = ReportReceived(round="2569", center="c1", path=("00",), **self.report.model_dump(include=shown))
        envelope = Envelope("e", "t", "s", "s", now().isoformat(), 1, None, KEY, told.model_dump_json().encode())
        return Batch([Event(envelope, told, Record(encode(envelope, "submissions")))])

    async def state(self) -> str:
        stored = await self.store.many({KEY})
        return stored[KEY].state.reports[0].state

    async def lies_in_quarantine(self) -> bool:
        try:
            await self.blobs.stat(self.place)
        except NotFound:
            return False
        return True


class Record:
    """A record as the consumer hands it over."""

    topic, partition, offset = "submissions", 0, 0

    def __init__(self, sent: Outgoing) -> None:
        self.key, self.value = sent.key, sent.value
        self.headers: Sequence[tuple[str, bytes | None]] = [*sent.headers]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest_asyncio.fixture
async def scene(
    world: World,
    blobs: Blobs,
    room: InspectionRoom,  # noqa: F811
    buckets: Buckets,  # noqa: F811
    received: Received,  # noqa: F811
) -> Scene:
    store = Store(world.mongo("submissions"), Nobody())
    await store.prepare()
    report = await received(paper("a", 20_000))
    await store.write(KEY, lambda _: Change(sent(report)))
    ours, other = Overtaken(blobs, room, None, buckets), Examination(blobs, room, None, buckets)
    return Scene(store, blobs, ours, other, report)


async def test_a_report_that_another_decided_and_took_away_is_not_buried(scene: Scene) -> None:
    scene.ours.before = lambda _: scene.other(scene.batch())
    batch = scene.batch()
    await scene.inspections(batch)
    assert await scene.state() == "accepted"
    assert batch.rejected == []


async def test_a_report_whose_file_is_lost_is_buried(scene: Scene) -> None:
    await scene.blobs.delete(scene.place)
    batch = scene.batch()
    await scene.inspections(batch)
    assert await scene.state() == "received"
    assert [dead.fault.code for dead in batch.rejected] == ["object_missing"]


async def test_the_file_of_a_report_that_another_refused_stays_where_its_center_finds_it(scene: Scene) -> None:
    async def refuse(report: Report) -> None:
        def rule(found: Submission | None) -> Change | None:
            return decide(found, report.upload, FINDINGS["malware"], now()) if found else None

        await scene.store.write(KEY, rule)

    scene.ours.after = refuse
    await scene.inspections(scene.batch())
    assert await scene.state() == "rejected"
    assert await scene.lies_in_quarantine()


async def test_the_file_of_a_report_that_was_accepted_leaves_the_quarantine(scene: Scene) -> None:
    await scene.inspections(scene.batch())
    assert await scene.state() == "accepted"
    assert not await scene.lies_in_quarantine()
