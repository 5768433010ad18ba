"""An archive of many centers' reports, streamed: a chunk of a file in, a chunk of the archive out.

Before any byte of a report leaves, the look at it stands in the audit trail. Each file is digested on its way. What
the store cannot give is named in the manifest at the end; a failure of anything else breaks the answer off before its
directory, so that no reader takes it for whole. An archive that broke off is not resumed in its middle: `after` the
last center that arrived, another goes on.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.submissions.audit.journal import Journal
from services.submissions.chasing.causes import Place as Owing
from services.submissions.domain import Report, Submission
from services.submissions.downloads.manifest import Entry, Outcome, as_csv, as_json
from services.submissions.downloads.rules import CopyMissing, File, Which, Why, file_name, file_of, harmless
from services.submissions.downloads.zipping import Zip
from services.submissions.roster_store import RosterStore
from services.submissions.standing import Counting, counting
from shared.blobs import Blobs, NotFound, Place, Refused, Unavailable
from shared.security.principals import Principal
from shared.telemetry import get_logger

log = get_logger()

TRIES: Final = 4
"""How often a file is read again from its beginning, its first part thrown away, before it is given up."""
_WAIT: Final = 0.25
AUDITED_AT_ONCE: Final = 50
"""Reports whose looks are entered together, before the first of them leaves."""


class NoPlaceError(Exception):
    """As many archives are being made as this process makes at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an archive is to hold. `within` are organizations over all its centers; `only` leaves some of those."""

    round: str
    within: tuple[str, ...]
    only: tuple[str, ...] | None
    after: str | None
    which: Which
    why: Why | None
    about: dict[str, Any]


@dataclass(slots=True)
class _Read:
    """How far the reading of a file has come."""

    digest: Any
    size: int = 0


class Archives:
    """Makes archives, at most `at_once` in this process: each holds a connection to the store while it lasts."""

    def __init__(self, roster: RosterStore, blobs: Blobs, bucket: str, journal: Journal, *, at_once: int) -> None:
        self._roster, self._blobs, self._bucket, self._journal = roster, blobs, bucket, journal
        self._free = at_once

    async def stream(
        self, wanted: Wanted, who: Principal, keys: dict[str, Any], now: datetime
    ) -> AsyncGenerator[bytes]:
        """The archive's bytes, in order; the first once the roster was asked, so that what fails by then fails
        before any byte. Raises NoPlaceError where too many are being made. Close it: until then it keeps its place.
        """
        if self._free <= 0:
            raise NoPlaceError
        self._free -= 1
        archive, entries = Zip(), list[Entry]()
        try:
            roster = self._roster.places(wanted.round, wanted.within, wanted.after, only=wanted.only)
            async with aclosing(roster) as chunks:
                owing = await anext(chunks, None)
                yield archive.take()
                while owing:
                    for start in range(0, len(owing), AUDITED_AT_ONCE):
                        some = self._some(archive, wanted, who, owing[start : start + AUDITED_AT_ONCE], entries)
                        async with aclosing(some):
                            async for data in some:
                                yield data
                    owing = await anext(chunks, None)
            manifest = as_json(wanted.about, entries, keys)
            for name, content in (("manifest.json", manifest), ("manifest.csv", as_csv(entries))):
                with archive.file(name, now, len(content)) as file:
                    file.write(content)
                yield archive.take()
            archive.close()
            yield archive.take()
            log.info("submissions.archive.sent", reports=sum(one.outcome == "included" for one in entries))
        finally:
            self._free += 1

    async def _some(
        self, archive: Zip, wanted: Wanted, who: Principal, owing: Sequence[Owing], entries: list[Entry]
    ) -> AsyncGenerator[bytes]:
        codes = [one.center for one in owing]
        whole, names = await self._roster.whole(wanted.round, codes), await self._roster.names(codes)
        chosen = [_choose(one, whole.get(one.center), names.get(one.center), wanted, who) for one in owing]
        looked = [(entry.center, _detail(wanted, entry)) for entry, file in chosen if file]
        if looked:
            await self._journal.looked_at_many(who, looked)
        for entry, file in chosen:
            if file is not None:
                read = _Read(hashlib.sha256())
                part = self._file(archive, entry, file, read)
                async with aclosing(part):
                    async for data in part:
                        yield data
                entries.append(_as_read(entry, file, read))
            else:
                entries.append(entry)

    async def _file(self, archive: Zip, entry: Entry, file: File, read: _Read) -> AsyncGenerator[bytes]:
        """A file's part of the archive; nothing at all if the store does not have it."""
        assert entry.file is not None
        assert entry.received_at is not None
        async with aclosing(self._read(Place(self._bucket, file.key, file.version))) as chunks:
            data = await anext(chunks, None)
            if data is None:
                return
            with archive.file(entry.file, entry.received_at, file.size) as out:
                while data is not None:
                    out.write(data)
                    read.digest.update(data)
                    read.size += len(data)
                    yield archive.take()
                    data = await anext(chunks, None)
            yield archive.take()

    async def _read(self, place: Place) -> AsyncGenerator[bytes]:
        """An object's bytes. A store that fails in the middle is asked again; one that goes on failing ends them."""
        given = 0
        for attempt in range(TRIES):
            skip = given
            try:
                async with self._blobs.reading(place) as chunks:
                    async for chunk in chunks:
                        fresh = chunk[skip:] if skip < len(chunk) else b""
                        skip = max(0, skip - len(chunk))
                        if fresh:
                            given += len(fresh)
                            yield fresh
            except (NotFound, Refused):
                return
            except Unavailable:
                await asyncio.sleep(_WAIT * 2**attempt)
            else:
                return


def _detail(wanted: Wanted, entry: Entry) -> str:
    """What the trail says of a look, as of one by a link."""
    return " ".join(filter(None, (wanted.round, entry.receipt, wanted.which, wanted.why)))


def _as_read(entry: Entry, file: File, read: _Read) -> Entry:
    """The line of a file with what was truly read of it."""
    if read.size == 0:
        outcome: Outcome = "missing"
        found: dict[str, Any] = {}
    else:
        found = {"sha256": read.digest.hexdigest(), "size": read.size}
        outcome = "included" if (found["sha256"], read.size) == (file.sha256, file.size) else "damaged"
        outcome = "cut_short" if read.size < file.size else outcome
    if outcome != "included":
        log.error("submissions.archive.fault", fault=outcome)
    return entry.model_copy(update={**found, "outcome": outcome, "file": entry.file if found else None})


def _choose(
    owing: Owing, submission: Submission | None, name: str | None, wanted: Wanted, who: Principal
) -> tuple[Entry, File | None]:
    """A center's line of the manifest, and the file that goes with it, if there is one to give."""
    entry = Entry(center=owing.center, name=name, path=owing.path, standing=owing.standing, outcome="nothing_sent")
    counts = counting(submission) if submission else None
    if counts is None:
        return entry, None
    entry = entry.model_copy(update=_facts(counts))
    found = file_of(counts.report, wanted.which, wanted.why, who)
    if not isinstance(found, File):
        outcome: Outcome = "no_copy" if isinstance(found, CopyMissing) else "not_accepted"
        return entry.model_copy(update={"outcome": outcome}), None
    folders = [harmless(code) for code in owing.path[1:]]
    file = "/".join([*folders, file_name(owing.center, counts.report)])
    return entry.model_copy(update={"outcome": "included", "file": file}), found


def _facts(counts: Counting) -> dict[str, Any]:
    report: Report = counts.report
    return {
        **report.model_dump(include={"version", "receipt", "received_at", "late", "signed"}),
        "standing": counts.standing,
        "origin": counts.origin,
        "received_sha256": report.sha256,
    }
