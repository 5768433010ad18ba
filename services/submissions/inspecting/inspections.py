"""From received reports to the decisions on them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.submissions.domain import Report, ReportState, Sound, Submission
from services.submissions.inspecting.examination import Examination, Outcome, Postponed
from services.submissions.store import Store, key_of
from services.submissions.sweep_store import SweepStore
from services.submissions.uploading.receiving import decide, postpone
from services.submissions.uploading.sending import Change
from shared.bus import Batch, Event
from shared.contracts.events import ReportReceived
from shared.failpoints import failpoint
from shared.mongo import Stored
from shared.telemetry import get_logger
from shared.telemetry.metrics import INSPECTIONS, INSPECTIONS_POSTPONED

log = get_logger()

Received = Event[ReportReceived]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A report to be judged, of a submission as it was read, and the event that brought it, if one did."""

    submission: Stored[Submission]
    report: Report
    event: Received | None = None

    @property
    def traceparent(self) -> str | None:
        return self.event.envelope.traceparent if self.event else None


@dataclass(frozen=True, slots=True)
class _Looked:
    wanted: _Wanted
    outcome: Outcome


class Inspections:
    """Looks into every received report and accepts or rejects it: once in effect, however often the event comes.

    The decision is one write, guarded by the report's own state. All before it (reading, inspecting, copying) may be
    done again and changes nothing. What the object store or the inspector cannot do now is raised, and the batch comes
    again; what cannot be judged now is written down to be looked into later, so that it holds up nobody.
    """

    def __init__(
        self,
        store: Store,
        sweeps: SweepStore,
        examination: Examination,
        *,
        at_once: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._sweeps, self._examination, self._clock = store, sweeps, examination, clock
        # One more than is inspected, so that the next file is fetched meanwhile; no more, since they lie in memory.
        self._places = asyncio.Semaphore(at_once + 1)

    async def __call__(self, batch: Batch) -> None:
        """Decide on the reports of a batch; raises once those that could be decided are."""
        received = batch.of(ReportReceived)
        stored = await self._store.many({key_of(e.data.round, e.data.center) for e in received})
        for lost in await self._look_into(_undecided(received, stored)):
            if lost.event:
                batch.reject(lost.event, "object_missing")

    async def overdue(self, now: datetime, limit: int) -> int:
        """Look into the reports that an event should have brought by now, or that were postponed until now.

        Returns how many there were.
        """
        wanted = [
            _Wanted(stored, report)
            for stored in await self._sweeps.to_inspect(now, limit)
            for report in stored.state.reports
            if report.state == "received" and report.look_at is not None and report.look_at <= now
        ]
        await self._look_into(wanted)
        return len(wanted)

    async def _look_into(self, wanted: Sequence[_Wanted]) -> list[_Wanted]:
        """Gives those whose file is lost."""
        outcomes = await asyncio.gather(*map(self._look, wanted), return_exceptions=True)
        looked = [one for one in outcomes if isinstance(one, _Looked)]
        failpoint("submissions.after_inspect")
        lost = await self._settle(looked) if looked else []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return lost

    async def _settle(self, looked: Sequence[_Looked]) -> list[_Wanted]:
        """Write what came of it, then do what follows. Gives those whose file is lost.

        Another process may have decided meanwhile, and taken the file from the quarantine. So what follows goes by how
        each report stands after the write, whoever wrote it.
        """
        await self._write(looked)
        stored = await self._store.many({one.wanted.submission.id for one in looked})
        after = [(one, _state(stored, one.wanted)) for one in looked]
        lost = []
        for one, state in after:
            if isinstance(one.outcome, Postponed) and state == "received":
                INSPECTIONS_POSTPONED.labels(one.outcome.cause).inc()
                if one.outcome.cause == "missing":
                    log.error("submissions.report.missing", upload=one.wanted.report.upload)
                    lost.append(one.wanted)
        done = [one.wanted.report for one, state in after if isinstance(one.outcome, Sound) and state == "accepted"]
        await asyncio.gather(*map(self._examination.leave_quarantine, done))
        return lost

    async def _look(self, wanted: _Wanted) -> _Looked:
        async with self._places:
            return _Looked(wanted, await self._examination.examine(wanted.report))

    async def _write(self, looked: Sequence[_Looked]) -> None:
        now = self._clock()
        # A center's second report in the same batch must be decided on the outcome of the first: one by one.
        first, rest = _first_of_each(looked)
        changes = [
            (one.wanted.submission, change, one.wanted.traceparent)
            for one in first.values()
            if (change := _decision(one.wanted.submission.state, one, now)) is not None
        ]
        overtaken = await self._store.write_many(changes) if changes else set()
        for one in [*(first[key] for key in overtaken), *rest]:
            await self._write_one(one, now)
        outcomes = Counter(_said(one.outcome) for one in looked)
        for said, count in outcomes.items():
            INSPECTIONS.labels(said).inc(count)
        log.info(
            "submissions.reports.inspected",
            accepted=outcomes["accepted"],
            rejected=outcomes["rejected"],
            postponed=outcomes["postponed"],
        )

    async def _write_one(self, one: _Looked, now: datetime) -> None:
        def rule(submission: Submission | None) -> Change | None:
            return _decision(submission, one, now) if submission else None

        await self._store.write(one.wanted.submission.id, rule, traceparent=one.wanted.traceparent)


def _decision(submission: Submission, one: _Looked, now: datetime) -> Change | None:
    upload = one.wanted.report.upload
    if isinstance(one.outcome, Postponed):
        return postpone(submission, upload, now, count=one.outcome.count)
    return decide(submission, upload, one.outcome, now)


def _said(outcome: Outcome) -> str:
    if isinstance(outcome, Postponed):
        return "postponed"
    return "accepted" if isinstance(outcome, Sound) else "rejected"


def _undecided(received: Sequence[Received], stored: dict[str, Stored[Submission]]) -> list[_Wanted]:
    """The events whose report still waits for a decision, each report once."""
    waiting: dict[str, _Wanted] = {}
    for event in received:
        found = stored.get(key_of(event.data.round, event.data.center))
        report = _report(found.state, event.data.upload) if found else None
        if found is not None and report is not None and report.state == "received":
            waiting[report.upload] = _Wanted(found, report, event)
    return list(waiting.values())


def _report(submission: Submission, upload: str) -> Report | None:
    return next((one for one in submission.reports if one.upload == upload), None)


def _state(stored: dict[str, Stored[Submission]], wanted: _Wanted) -> ReportState | None:
    found = stored.get(wanted.submission.id)
    report = _report(found.state, wanted.report.upload) if found else None
    return report.state if report else None


def _first_of_each(looked: Sequence[_Looked]) -> tuple[dict[str, _Looked], list[_Looked]]:
    first: dict[str, _Looked] = {}
    rest = [one for one in looked if first.setdefault(one.wanted.submission.id, one) is not one]
    return first, rest
