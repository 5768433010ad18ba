"""What abandoned uploads and dead processes leave in the object store, taken away where nobody can miss it.

Four kinds are: parts of an upload that has ended, or that no record knows (its process died between the store and the
database) or names any more (it was begun again); objects of an upload that came to nothing; what came with an upload
besides the file that counts; and quarantined files of reports whose accepted copy is kept. A whole object that no
record knows is only counted: it may be all that is left of a report, should the database ever be put back to an older
state.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, TypeVar

from services.submissions.domain import Report, Upload
from services.submissions.sweep_store import SweepStore
from shared.blobs import Begun, Blobs, Place
from shared.loops import Loop
from shared.mongo import Leases
from shared.telemetry import get_logger

log = get_logger()
T = TypeVar("T")

_LEASE: Final = timedelta(minutes=10)
_ASKED_AT_ONCE: Final = 500
_ENDED: Final = frozenset({"failed", "aborted", "expired"})


class Leftovers:
    """Runs in one process at a time, by a lease. Losing that race, or running twice, does no harm."""

    def __init__(
        self,
        sweeps: SweepStore,
        blobs: Blobs,
        leases: Leases,
        quarantine: str,
        *,
        every: timedelta,
        unknown_after: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        """Parts that no record knows are taken away once they are older than `unknown_after`."""
        self._sweeps, self._blobs, self._leases, self._quarantine = sweeps, blobs, leases, quarantine
        self._unknown_after, self._clock = unknown_after, clock
        self._holder = f"{os.getpid()}:{os.urandom(4).hex()}"
        # A process that starts over and over must not list the whole store each time.
        self.loop = Loop("leftovers", self._turn, rest_s=every.total_seconds(), rests_first=True)

    async def _turn(self) -> None:
        now = self._clock()
        if await self._leases.take("leftovers", self._holder, now, _LEASE):
            await self.sweep(now)

    async def sweep(self, now: datetime) -> Counter[str]:
        """One round. Returns how many `parts` and `objects` were taken away, and how many objects are `unknown`."""
        done: Counter[str] = Counter()
        for multiparts in _pages(await self._blobs.unfinished(self._quarantine)):
            self.loop.beat()
            known = await self._sweeps.uploads(upload_of(one.multipart.key) for one in multiparts)
            for one in multiparts:
                if self._parts_are_left(one, known.get(upload_of(one.multipart.key)), now):
                    await self._blobs.abort_multipart(one.multipart)
                    done["parts"] += 1
        for places in _pages(await self._blobs.places(self._quarantine)):
            self.loop.beat()
            known = await self._sweeps.uploads(upload_of(place.key) for place in places)
            for place in places:
                found = known.get(upload_of(place.key))
                if found is None:
                    done["unknown"] += 1
                elif object_is_left(place, *found):
                    await self._blobs.delete(place)
                    done["objects"] += 1
        if done:
            log.info(
                "submissions.leftovers.swept", parts=done["parts"], objects=done["objects"], unknown=done["unknown"]
            )
        return done

    def _parts_are_left(self, begun: Begun, known: tuple[Upload, Report | None] | None, now: datetime) -> bool:
        if known and known[0].state not in {"open", "completing"}:
            return True
        if known and known[0].multipart == begun.multipart.upload_id:
            return False
        return begun.at is not None and begun.at + self._unknown_after < now  # its record may be about to be written


def object_is_left(place: Place, upload: Upload, report: Report | None) -> bool:
    """Whether nobody needs this version of an upload's object any more. What waits or was sent back is kept."""
    if upload.state in _ENDED:
        return True
    if upload.state != "received" or report is None:
        return False
    if report.upload != upload.id:
        return True  # the same bytes lie under the key of the upload that brought them first
    if report.quarantined is not None and place.version != report.quarantined:
        return True  # posted before or after the one that was confirmed, or joined when it had been given up
    return report.state == "accepted" and report.quarantined in {None, place.version}


def upload_of(key: str) -> str:
    """The upload whose object has this key."""
    return PurePosixPath(key).stem


def _pages(every: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(every), _ASKED_AT_ONCE):
        yield every[start : start + _ASKED_AT_ONCE]
