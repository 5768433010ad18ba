"""Hands in what lies on the desk: one postman for each connection, and somebody who knocks while the server is away."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.notifier.checks import Known
from services.notifier.domain import Delivery
from services.notifier.envelopes import seal
from services.notifier.letters import compose
from services.notifier.mailer import IDLE_SECONDS, Connection, MailServer, ServerDown
from services.notifier.outcomes import Failed, Outcome, Sent, Unsent
from shared.failpoints import failpoint
from shared.mongo import Stored
from shared.telemetry import get_logger, span

log = get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """A checked delivery. After `until` (on the monotonic clock) its hand-in may no longer begin."""

    stored: Stored[Delivery]
    address: str
    known: Known
    until: float

    @property
    def late(self) -> bool:
        """Whether too little is left of the lease to begin."""
        return self.until <= time.monotonic()


Report = Callable[[Stored[Delivery], Outcome], None]


class Postmen:
    """Takes parcels; tells `report` what became of each, exactly once.

    `low` is called when the desk comes down to `mark` parcels, and when the mail server is back. While the server is
    away every parcel comes back unsent, and no delivery is blamed.
    """

    def __init__(
        self, server: MailServer, number: int, report: Report, low: Callable[[], None], claim_page: str = ""
    ) -> None:
        self._server, self._report, self._low = server, report, low
        self._claim_page = claim_page
        self._connections = [Connection(server) for _ in range(number)]
        self._desk: asyncio.Queue[Parcel] = asyncio.Queue()
        self.mark = 0
        self._under_way = 0
        self._rested = asyncio.Event()
        self._rested.set()
        self._down = False
        self._pause = FIRST_PAUSE
        self._tasks: list[asyncio.Task[None]] = []
        self._prober: asyncio.Task[None] | None = None

    @property
    def available(self) -> bool:
        """Whether the mail server took or answered the last thing asked of it."""
        return not self._down

    @property
    def waiting(self) -> int:
        """How many parcels lie on the desk."""
        return self._desk.qsize()

    @property
    def failed(self) -> bool:
        """Whether a postman has ended although nobody told him to."""
        return any(task.done() for task in self._tasks)

    def start(self) -> None:
        """Begin."""
        self._tasks = [asyncio.create_task(self._work(connection)) for connection in self._connections]

    def give(self, parcels: list[Parcel]) -> None:
        """Put parcels on the desk."""
        for parcel in parcels:
            self._desk.put_nowait(parcel)

    def give_back(self, *, all_of_them: bool = False) -> int:
        """Report parcels unsent that no postman came to in time (or all); how many."""
        back = 0
        for _ in range(self._desk.qsize()):
            parcel = self._desk.get_nowait()
            if all_of_them or parcel.late:
                self._report(parcel.stored, Unsent())
                back += 1
            else:
                self._desk.put_nowait(parcel)
        return back

    async def stop(self, within: float) -> None:
        """Give back what lies on the desk; let the mails under way end, for at most `within` seconds."""
        self.give_back(all_of_them=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._rested.wait()
        tasks = [*self._tasks, *([self._prober] if self._prober else [])]
        self._tasks = []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(connection.close() for connection in self._connections))

    async def _work(self, connection: Connection) -> None:
        while True:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    parcel = await self._desk.get()
            except TimeoutError:
                await connection.close()
                continue
            self._under_way += 1
            self._rested.clear()
            try:
                self._report(parcel.stored, await self._hand_in(connection, parcel))
            finally:
                self._under_way -= 1
                if not self._under_way:
                    self._rested.set()
            if self._desk.qsize() == self.mark:
                self._low()

    async def _hand_in(self, connection: Connection, parcel: Parcel) -> Outcome:
        if self._down or parcel.late:
            return Unsent()
        try:
            with self._traced(parcel.stored.state):
                mail = self._sealed(parcel)
                failpoint("notifier.before_send")
                outcome = await connection.hand_in(parcel.address, mail)
        except ServerDown as down:
            self._away(down.reason)
            return Unsent()
        except Exception as error:
            log.exception("notifier.sender.failed", stage="post", exc_info=error)
            return Failed(type(error).__name__)
        if isinstance(outcome, Sent):
            failpoint("notifier.after_send")
        self._pause = FIRST_PAUSE
        return outcome

    @staticmethod
    def _traced(delivery: Delivery) -> contextlib.AbstractContextManager[object]:
        """A span in the trace that caused the delivery, if one did."""
        if delivery.traceparent is None:
            return contextlib.nullcontext()
        return span("notifier mail", traceparent=delivery.traceparent, attributes={"notice.kind": delivery.kind})

    def _sealed(self, parcel: Parcel) -> bytes:
        office = parcel.known.office
        assert office is not None  # only a delivery with a known office passes the check
        return seal(
            compose(parcel.stored.state, parcel.known, self._claim_page),
            parcel.stored.id,
            sender=self._server.sender,
            office=office.name,
            address=parcel.address,
            now=datetime.now(UTC),
        )

    def _away(self, reason: str) -> None:
        if self._down:
            return
        self._down = True
        log.warning("notifier.mail.unreachable", reason=reason)
        self._prober = asyncio.create_task(self._knock())

    async def _knock(self) -> None:
        """Ask, ever more rarely, until the server answers. Afterwards it counts as there, however this ended."""
        connection = Connection(self._server)
        try:
            answered = False
            while not answered:
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
                with contextlib.suppress(ServerDown):
                    await connection.probe()
                    answered = True
            log.info("notifier.mail.reachable")
        except Exception as error:
            # Nobody foresaw this, and nobody else would ask again: the next mail finds out how things stand.
            log.exception("notifier.sender.failed", stage="knock", exc_info=error)
        finally:
            self._down = False
            self._low()
        await connection.close()
