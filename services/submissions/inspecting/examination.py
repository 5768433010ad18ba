"""One received file: fetched, looked into, scanned, copied without what acts in it, and kept."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from services.submissions.domain import Copy, Count, Report, Sound
from services.submissions.files import PDF, key_in_store, key_of_copy
from services.submissions.inspecting.findings import FINDINGS, Finding
from services.submissions.inspecting.room import InspectionRoom, report_file, seal
from services.submissions.inspecting.scanner import NotScanned, Scanner, ScannerAway
from services.submissions.inspecting.stalling import APART_S, at_fault, counts_as
from services.submissions.inspecting.verdicts import Clean, Stalled
from shared.blobs import Blobs, Lock, NotFound, Place
from shared.telemetry import get_logger

log = get_logger()

_LIMITS: Final = "Heuristics.Limits"
"""How ClamAV calls what is too much for it, where it was told to say so."""
_MAY_STAY: Final = frozenset({"form"})
"""A form is part of what one reads; in the copy it does nothing."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """No verdict now; the report waits and is looked into again. `count` is what the look adds to against its file."""

    cause: Literal["scanner", "not_scanned", "spent", "waited", "killed", "missing", "damaged"]
    count: Count | None = None


Outcome = Sound | Finding | Postponed


@dataclass(frozen=True, slots=True)
class Buckets:
    """Where files lie before and after, and for how long the latter are locked."""

    quarantine: str
    accepted: str
    lock: Lock | None = None


class Examination:
    """All of it may be done again and changes nothing: copies of the same bytes are further versions of them.

    What the store or the inspector cannot do now is raised.
    """

    def __init__(self, blobs: Blobs, room: InspectionRoom, scanner: Scanner | None, buckets: Buckets) -> None:
        self._blobs, self._room, self._scanner, self._buckets = blobs, room, scanner, buckets
        self._killed: dict[str, float] = {}

    async def examine(self, report: Report) -> Outcome:
        """A verdict on a report's file, kept where accepted ones lie if it is sound."""
        async with self._fetched(report) as file:
            if not isinstance(file, int):
                return file
            with report_file() as copy:
                return await self._judge(report, file, copy)

    @asynccontextmanager
    async def _fetched(self, report: Report) -> AsyncIterator[int | Outcome]:
        """The file as it was received, or why there is none."""
        with report_file() as file:
            try:
                read = await self._blobs.fetch(self.quarantined(report), file)
            except NotFound:
                yield Postponed("missing")
                return
            if read.sha256 != report.sha256:
                log.error("submissions.report.damaged", upload=report.upload)
                yield Postponed("damaged")  # received whole, so our store did this: its center has nothing to mend
                return
            seal(file)
            yield file.fileno()

    async def _judge(self, report: Report, file: int, copy: BinaryIO) -> Outcome:
        verdict = await self._room.inspect(file, copy.fileno())
        if isinstance(verdict, Stalled):
            return self._without_end(report, verdict)
        if isinstance(verdict, Finding):
            return verdict
        if refused := await self._scan(file, report):
            return refused
        seal(copy)
        # It was written by a child that a stranger's file may have taken over: judge it by what it is.
        again = await self._room.inspect(copy.fileno())
        if isinstance(again, Stalled):
            return self._without_end(report, again)
        if not isinstance(again, Clean) or again.seen.pages != verdict.seen.pages or set(again.seen.notes) - _MAY_STAY:
            log.error("submissions.copy.refused", upload=report.upload)
            return FINDINGS["too_complex"]
        source, lock = self.quarantined(report), self._buckets.lock
        kept = await self._blobs.copy(source, self._buckets.accepted, source.key, lock=lock)
        key = key_of_copy(report.upload)
        written = await self._blobs.put_file(self._buckets.accepted, key, copy, content_type=PDF)
        clean = Copy(sha256=written.sha256, size=written.size, kept=written.place.version)
        return Sound(verdict.seen, kept.version, clean)

    def _without_end(self, report: Report, stalled: Stalled) -> Finding | Postponed:
        now = time.monotonic()
        self._killed = {upload: at for upload, at in self._killed.items() if now - at < APART_S}
        count = counts_as(stalled, report.upload, self._killed, now)
        if stalled.why == "killed":
            self._killed[report.upload] = now
        return FINDINGS["too_complex"] if at_fault(report, count) else Postponed(stalled.why, count)

    async def _scan(self, file: int, report: Report) -> Finding | Postponed | None:
        if self._scanner is None:
            return None
        try:
            found = await self._scanner.scan(file, report.size)
        except ScannerAway:
            return Postponed("scanner")
        except NotScanned as failed:
            log.warning("submissions.report.not_scanned", upload=report.upload, code=failed.code)
            return Postponed("not_scanned")
        if found is None:
            return None
        log.warning("submissions.report.infected", upload=report.upload, signature=found)
        return meaning(found)

    def quarantined(self, report: Report) -> Place:
        """Where a report's file lies until it was judged."""
        return Place(self._buckets.quarantine, key_in_store(report.upload), report.quarantined)

    async def leave_quarantine(self, report: Report) -> None:
        """Its accepted copy is what counts now, so it must stand as accepted. A crash before this leaves a second copy,
        and no harm.
        """
        await self._blobs.delete(self.quarantined(report))


def meaning(signature: str) -> Finding:
    """What a name that the scanner gave says of a file: never that it passes, not even where it was not scanned."""
    return FINDINGS["too_complex" if signature.startswith(_LIMITS) else "malware"]
