"""What comes from the bus: state into projections, causes into deliveries. Both may be handed the same event again."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from services.notifier.alarms import alarmed
from services.notifier.domain import Delivery, caused
from services.notifier.knowledge import Knowledge
from services.notifier.standings import carried
from services.notifier.store import Store
from shared.bus import Batch, Bus, Event
from shared.contracts.events import (
    CenterChanged,
    ClaimAlarmed,
    CredentialClaimed,
    CredentialIssued,
    ObligationChanged,
    OrganizationChanged,
    ReportAccepted,
    ReportCarried,
    ReportEvent,
    ReportReceived,
    ReportRejected,
    RoundChanged,
    UploadOpened,
)
from shared.contracts.topics import READS
from shared.mongo import Document, Projected


class Consumers:
    """The handlers of the service's two consumer groups. `wake` is called when new deliveries may be due."""

    def __init__(self, knowledge: Knowledge, store: Store, wake: Callable[[], None]) -> None:
        self._knowledge, self._store, self._wake = knowledge, store, wake

    def join(self, bus: Bus) -> None:
        """Declare both groups on the bus, before it starts."""
        for name, handler in (("projections", self.project), ("effects", self.affect)):
            bus.consume(name, READS["notifier"][name], handler)

    async def project(self, batch: Batch) -> None:
        """Keep what other services tell. Idempotent, in any order: the group may be rewound."""
        knowledge = self._knowledge
        reports, claims = _report_maxima(batch), _claim_maxima(batch)
        await asyncio.gather(
            knowledge.organizations.apply(_projected(batch.of(OrganizationChanged))),
            knowledge.centers.apply(_projected(batch.of(CenterChanged))),
            knowledge.rounds.apply(_projected(batch.of(RoundChanged))),
            knowledge.obligations.apply(_projected(batch.of(ObligationChanged))),
            knowledge.tell_reports(reports),
            knowledge.tell_claims(claims),
        )

    async def affect(self, batch: Batch) -> None:
        """Write the deliveries that the events cause; those that exist already stay as they are.

        An obligation whose notice exists already renews it: the LAO's count of centers has changed.
        """
        now = datetime.now(UTC)
        new: dict[str, Delivery] = {}
        for event in batch.events:
            if isinstance(event.data, _CAUSES):
                made = caused(event.data, event.envelope.id, event.envelope.traceparent, now)
                if made:
                    new.setdefault(*made)
            elif isinstance(event.data, ClaimAlarmed):
                new |= alarmed(event.data, event.envelope.id, event.envelope.traceparent, now)
        if not new:
            return
        there = await self._store.create(new, now)
        opened = [number for number in there if new[number].kind == "round_opened"]
        if opened:
            await self._store.renew(opened, now)
        self._wake()


_REPORT_FIELDS: dict[type[ReportEvent], str] = {
    ReportReceived: "received",
    ReportAccepted: "accepted",
    ReportRejected: "rejected",
}
_CAUSES = (ObligationChanged, CredentialIssued, ReportReceived, ReportAccepted, ReportRejected)


def _projected(events: Sequence[Event[Any]]) -> list[Projected]:
    return [Projected(e.envelope.key, e.envelope.sequence, e.data.model_dump()) for e in events]


def _report_maxima(batch: Batch) -> dict[str, Document]:
    maxima: dict[str, Document] = defaultdict(dict)
    for event in batch.events:
        data = event.data
        if isinstance(data, UploadOpened):
            maxima[f"{data.round}/{data.center}"]["opened"] = True
        elif isinstance(data, ReportCarried):
            _raise(maxima[f"{data.round}/{data.center}"], "carried", carried(data.number, data.delivered))
        elif isinstance(data, ReportEvent) and (field := _REPORT_FIELDS.get(type(data))):
            _raise(maxima[f"{data.round}/{data.center}"], field, data.version)
    return maxima


def _claim_maxima(batch: Batch) -> dict[str, Document]:
    maxima: dict[str, Document] = defaultdict(dict)
    for event in batch.events:
        data = event.data
        if isinstance(data, CredentialIssued | CredentialClaimed) and data.holder_kind == "center":
            field = "issued" if isinstance(data, CredentialIssued) else "claimed"
            _raise(maxima[f"{data.round}/{data.holder}"], field, data.version)
    return maxima


def _raise(row: Document, field: str, value: int) -> None:
    row[field] = max(row.get(field, 0), value)
