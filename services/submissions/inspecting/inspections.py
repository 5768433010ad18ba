"""From a received report to the decision on it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.submissions.domain import Report, Seen, Sound, Submission
from services.submissions.inspecting.findings import FINDINGS, Finding
from services.submissions.inspecting.room import Clean, InspectionRoom, report_file, seal
from services.submissions.store import Store, key_of
from services.submissions.uploading.receiving import decide
from services.submissions.uploading.sending import Change
from services.submissions.uploading.uploads import key_in_store
from shared.blobs import Blobs, NotFound, Place
from shared.bus import Batch, Event
from shared.contracts.events import ReportReceived
from shared.failpoints import failpoint
from shared.mongo import Stored
from shared.telemetry import get_logger

log = get_logger()

Received = Event[ReportReceived]
Verdict = Sound | Finding


@dataclass(frozen=True, slots=True)
class _Looked:
    event: Received
    verdict: Verdict


class Inspections:
    """Looks into every received report and accepts or rejects it: once in effect, however often the event comes.

    The decision is one write, guarded by the report's own state. All before it (reading, inspecting, copying) may be
    done again and changes nothing. What the store or the inspector cannot do now is raised, and the batch comes again.
    """

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        room: InspectionRoom,
        *,
        quarantine: str,
        accepted: str,
        at_once: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._blobs, self._room, self._clock = store, blobs, room, clock
        self._quarantine, self._accepted = quarantine, accepted
        # One more than is inspected, so that the next file is fetched meanwhile; no more, since they lie in memory.
        self._places = asyncio.Semaphore(at_once + 1)

    async def __call__(self, batch: Batch) -> None:
        """Decide on the reports of a batch; raises once those that could be decided are."""
        received = batch.of(ReportReceived)
        stored = await self._store.many({key_of(e.data.round, e.data.center) for e in received})
        outcomes = await asyncio.gather(
            *(self._look(batch, event, report) for event, report in _undecided(received, stored)),
            return_exceptions=True,
        )
        looked = [one for one in outcomes if isinstance(one, _Looked)]
        failpoint("submissions.after_inspect")
        await self._write(looked, stored)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _look(self, batch: Batch, event: Received, report: Report) -> _Looked | None:
        place = Place(self._quarantine, key_in_store(report.upload), report.quarantined)
        async with self._places:
            with report_file() as file:
                try:
                    read = await self._blobs.fetch(place, file)
                except NotFound:
                    log.error("submissions.report.missing", upload=report.upload)  # noqa: TRY400 (its place is known)
                    batch.reject(event, "object_missing")
                    return None
                if read.sha256 != report.sha256:
                    log.error("submissions.report.damaged", upload=report.upload)
                    return _Looked(event, FINDINGS["unreadable"])
                seal(file)
                verdict = await self._room.inspect(file.fileno())
            if not isinstance(verdict, Clean):
                return _Looked(event, verdict)
            kept = await self._blobs.copy(place, self._accepted, place.key)
            return _Looked(event, Sound(Seen(pages=verdict.pages), kept.version, None))

    async def _write(self, looked: Sequence[_Looked], stored: dict[str, Stored[Submission]]) -> None:
        if not looked:
            return
        now = self._clock()
        # A center's second report in the same batch must be decided on the outcome of the first: one by one.
        first, rest = _first_of_each(looked)
        changes = []
        for key, one in first.items():
            change = decide(stored[key].state, one.event.data.upload, one.verdict, now)
            if change is not None:
                changes.append((stored[key], change, one.event.envelope.traceparent))
        overtaken = await self._store.write_many(changes) if changes else set()
        for one in [*(first[key] for key in overtaken), *rest]:
            await self._write_one(one, now)
        accepted = [one for one in looked if isinstance(one.verdict, Sound)]
        log.info("submissions.reports.inspected", accepted=len(accepted), rejected=len(looked) - len(accepted))
        await asyncio.gather(*(self._leave_quarantine(stored, one) for one in accepted))

    async def _write_one(self, one: _Looked, now: datetime) -> None:
        def rule(submission: Submission | None) -> Change | None:
            return decide(submission, one.event.data.upload, one.verdict, now) if submission else None

        key = key_of(one.event.data.round, one.event.data.center)
        await self._store.write(key, rule, traceparent=one.event.envelope.traceparent)

    async def _leave_quarantine(self, stored: dict[str, Stored[Submission]], one: _Looked) -> None:
        """Its accepted copy is what counts now. A crash before this leaves a second copy, and no harm."""
        data = one.event.data
        report = _report(stored[key_of(data.round, data.center)].state, data.upload)
        if report is not None:
            await self._blobs.delete(Place(self._quarantine, key_in_store(report.upload), report.quarantined))


def _undecided(received: Sequence[Received], stored: dict[str, Stored[Submission]]) -> list[tuple[Received, Report]]:
    """The events whose report still waits for a decision, each report once."""
    waiting: dict[str, tuple[Received, Report]] = {}
    for event in received:
        found = stored.get(key_of(event.data.round, event.data.center))
        report = _report(found.state, event.data.upload) if found else None
        if report is not None and report.state == "received":
            waiting[report.upload] = (event, report)
    return list(waiting.values())


def _report(submission: Submission, upload: str) -> Report | None:
    return next((one for one in submission.reports if one.upload == upload), None)


def _first_of_each(looked: Sequence[_Looked]) -> tuple[dict[str, _Looked], list[_Looked]]:
    first: dict[str, _Looked] = {}
    rest = []
    for one in looked:
        key = key_of(one.event.data.round, one.event.data.center)
        if first.setdefault(key, one) is not one:
            rest.append(one)
    return first, rest
