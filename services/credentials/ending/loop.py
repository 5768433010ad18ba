"""The loop that shows as `expired` what nobody claimed in time. A claim is refused from the moment itself."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.credentials.ending import rules
from services.credentials.ending.store import EndingStore
from services.credentials.store import CredentialsStore, announced
from shared.loops import Loop
from shared.telemetry import get_logger

log = get_logger()

AT_ONCE: Final = 500
LOOK_EVERY_S: Final = 5.0


class Endings:
    """Any number of processes may do it: each write is a compare-and-set."""

    def __init__(self, store: CredentialsStore, endings: EndingStore, clock: Callable[[], datetime]) -> None:
        self._store, self._endings, self._clock = store, endings, clock
        self.loop = Loop("ending", self.work, rest_s=LOOK_EVERY_S)

    async def work(self) -> int:
        """End some whose time is over; how many."""
        now = self._clock()
        changes = [(stored, *rules.end(stored.state, now)) for stored in await self._endings.ended(now, AT_ONCE)]
        missed = await self._store.credentials.save_many(
            [(stored, ended, announced(events)) for stored, ended, events in changes], now
        )
        count = len(changes) - len(missed)
        if count:
            log.info("credentials.ending.ended", credentials=count)
        return count
