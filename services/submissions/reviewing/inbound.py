"""Verdicts that ONESQA publishes. The same event twice changes nothing; what cannot count is answered by an event."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from services.submissions.audit.journal import publisher
from services.submissions.receipts.codes import read_receipt_code
from services.submissions.reviewing.reviewing import Reviews
from services.submissions.reviewing.rules import Judgement
from services.submissions.store import key_of
from shared.bus import Batch, Event
from shared.contracts.events import ReviewGiven

AT_ONCE = 16


class InboundReviews:
    """Takes signed verdicts from the bus, in order. What names nothing we have goes to the dead letters."""

    def __init__(self, reviews: Reviews, clock: Callable[[], datetime]) -> None:
        self._reviews, self._clock = reviews, clock

    async def __call__(self, batch: Batch) -> None:
        """Take the verdicts of a batch: those on one center in their order, those on different centers side by side."""
        by_center: dict[str, list[Event[ReviewGiven]]] = {}
        for event in batch.of(ReviewGiven):
            by_center.setdefault(event.envelope.key, []).append(event)
        places = asyncio.Semaphore(AT_ONCE)

        async def take_all(events: list[Event[ReviewGiven]]) -> None:
            async with places:
                for event in events:
                    if code := await self._take(event):
                        batch.reject(event, code)

        await asyncio.gather(*map(take_all, by_center.values()))

    async def _take(self, event: Event[ReviewGiven]) -> str | None:
        data, source = event.data, event.envelope.source
        if event.envelope.key != key_of(data.round, data.center):
            return "wrong_key"
        submission = await self._reviews.of(data.round, data.center)
        if submission is None:
            return "nothing_sent"
        given = Judgement(
            id=data.review,
            receipt=read_receipt_code(data.receipt),
            verdict=data.verdict,
            reasons=data.reasons,
            due=data.due and data.due.replace(microsecond=data.due.microsecond // 1000 * 1000),
            replaces=data.replaces,
            by=source,
        )
        missing = await self._reviews.publish(
            submission, given, publisher(source), self._clock(), event.envelope.traceparent
        )
        return "report_unknown" if missing else None
