"""The sending, in three stages: a taker leases due deliveries and checks each against what is known now; postmen, one
per connection, hand them in; a recorder writes what became of them.
"""

import asyncio
import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.notifier.checks import Known, Send, check
from services.notifier.domain import Delivery, forward
from services.notifier.knowledge import Knowledge
from services.notifier.mailer import MailServer
from services.notifier.postmen import Parcel, Postmen
from services.notifier.recorder import Recorder
from services.notifier.settings import NotifierSettings
from services.notifier.store import Store
from shared.mongo import Stored
from shared.telemetry import get_logger

log = get_logger()

TICK_SECONDS = 0.5
"""How often an idle sender looks for what became due."""
MOST_AT_ONCE = 200


class Sender:
    """Sends what is due until stopped. Several processes may run one: leases keep them apart.

    A delivery is marked `sending` before anything is sent. Should this process die, it is taken up again when its
    lease has run out, with the same Message-ID; `doubts` counts how often that may have made a duplicate.
    """

    name = "sender"

    def __init__(self, store: Store, knowledge: Knowledge, settings: NotifierSettings) -> None:
        self._store, self._knowledge = store, knowledge
        self._patience = settings.patience
        self._lease = timedelta(seconds=settings.mail_lease_seconds)
        self._timeout = settings.mail_send_timeout_seconds
        self._recorder = Recorder(store, settings.patience, settings.mail_record_seconds)
        server = MailServer.at(settings.smtp_url, settings.smtp_from, self._timeout, settings.mail_hostname)
        self._postmen = Postmen(server, settings.mail_connections, self._recorder.put, self.wake, settings.claim_page)
        self._least = self._batch = 4 * settings.mail_connections
        self._wake = asyncio.Event()
        self._tended = float("-inf")
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._beat = time.monotonic()

    def wake(self) -> None:
        """Something may be due: look now."""
        self._wake.set()

    def problem(self, longest_s: float) -> str | None:
        """Why this process should be restarted; None while all is well, and once it was stopped."""
        if any(task.done() for task in self._tasks) or self._postmen.failed:
            return "the sender has ended"
        silent = time.monotonic() - self._beat
        return f"silent for {silent:.0f} s" if self._tasks and silent > longest_s else None

    def start(self, known: asyncio.Future[None]) -> None:
        """Begin, once `known` is done: by half of what was told, who still owes is not reminded and who has sent is."""
        self._postmen.start()
        self._tasks = [asyncio.create_task(self._run(known)), asyncio.create_task(self._recorder.run())]

    async def stop(self) -> None:
        """Take up nothing more, let the mails under way end (within their time), record them, give the rest back."""
        if not self._tasks:
            return
        taker, recorder = self._tasks
        self._tasks = []
        self._stopping = True
        self.wake()
        await asyncio.wait({taker}, timeout=self._timeout)  # its last batch goes to the desk, and back from there
        taker.cancel()
        await asyncio.gather(taker, return_exceptions=True)
        await self._postmen.stop(self._timeout)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._recorder.drained()
        recorder.cancel()
        await asyncio.gather(recorder, return_exceptions=True)

    async def _run(self, known: asyncio.Future[None]) -> None:
        log.info("notifier.sender.waits")
        began = time.monotonic()
        while not self._stopping and not (await asyncio.wait({known}, timeout=TICK_SECONDS))[0]:
            self._beat = time.monotonic()
        if not self._stopping:
            known.result()
            log.info("notifier.sender.begins", seconds=round(time.monotonic() - began, 1))
            await self._take()

    async def _take(self) -> None:
        while not self._stopping:
            self._beat = time.monotonic()
            self._wake.clear()
            try:
                busy = await self._pass()
            except Exception as error:
                log.warning("notifier.sender.failed", stage="take", exc_info=error)
                await asyncio.sleep(1.0)
                continue
            if not busy and not self._stopping:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_SECONDS):
                        await self._wake.wait()

    async def _pass(self) -> bool:
        """One look at what is due; whether there is more at once."""
        now = datetime.now(UTC)
        busy = await self._tend(now)
        if self._postmen.give_back():
            self._batch = max(self._batch // 2, self._least)
        self._postmen.mark = self._batch // 2
        if not self._postmen.available or self._postmen.waiting > self._postmen.mark:
            return False
        taken = await self._take_up(now)
        if taken == self._batch:
            self._batch = min(self._batch * 2, MOST_AT_ONCE)
            return True
        return busy

    async def _take_up(self, now: datetime) -> int:
        """Lease a batch, check each, put those to send on the desk; how many there were."""
        until = time.monotonic() + self._lease.total_seconds() - self._timeout
        leased = await self._store.lease(self._batch, now, self._lease)
        if not leased.deliveries:
            return 0
        if leased.resumed:
            log.warning("notifier.deliveries.resumed", deliveries=leased.resumed)
        parcels = []
        for stored, about in await self._surrounded(leased.deliveries):
            match check(stored.state, about, self._patience, now):
                case Send(address):
                    parcels.append(Parcel(stored, address, about, until))
                case decided:
                    self._recorder.put(stored, decided)
        self._postmen.give(parcels)
        return len(leased.deliveries)

    async def _surrounded(self, taken: list[Stored[Delivery]]) -> list[tuple[Stored[Delivery], Known]]:
        """Each delivery with what is known around it; one for a merged office goes to who carries on for it."""
        known = await self._knowledge.surroundings([one.state for one in taken])
        forwarded = [
            replace(stored, state=forward(stored.state, about.heir)) if about.heir else stored
            for stored, about in zip(taken, known, strict=True)
        ]
        going = [index for index, stored in enumerate(forwarded) if stored.state != taken[index].state]
        if going:
            around = await self._knowledge.surroundings([forwarded[index].state for index in going])
            for index, about in zip(going, around, strict=True):
                known[index] = about
        return list(zip(forwarded, known, strict=True))

    async def _tend(self, now: datetime) -> bool:
        """Now and then, queue what open rounds release and what was ordered; whether there is more."""
        if time.monotonic() - self._tended < TICK_SECONDS:
            return False
        released = 0
        for code in await self._knowledge.open_rounds():
            released += await self._store.release(code, self._patience, now)
        issued = await self._store.issue(now)
        if released:
            log.info("notifier.deliveries.released", deliveries=released)
        if issued:
            log.info("notifier.notice.issued", deliveries=issued)
        if released or issued:
            return True
        self._tended = time.monotonic()
        return False
