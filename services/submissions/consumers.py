"""What this service reads: the registry's state, and its own reports as they are received."""

from typing import Final

from services.submissions.store import Store
from shared.bus import Batch
from shared.bus.consumer import Handler
from shared.contracts.events import CenterChanged, ClusterChanged, ObligationChanged, RoundChanged
from shared.contracts.topics import READS

PROJECTED: Final = READS["submissions"]["projections"]
INSPECTED: Final = READS["submissions"]["inspection"]


class Projections:
    """Keeps what the registry tells. Replay and reordering change nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, batch: Batch) -> None:
        """Apply a batch: one write for each kind of event in it."""
        await self._store.know_rounds((e.envelope.key, e.envelope.sequence, e.data) for e in batch.of(RoundChanged))
        await self._store.know_centers((e.envelope.key, e.envelope.sequence, e.data) for e in batch.of(CenterChanged))
        await self._store.know_obligations(
            (e.envelope.key, e.envelope.sequence, e.data) for e in batch.of(ObligationChanged)
        )
        await self._store.clusters.know((e.envelope.key, e.envelope.sequence, e.data) for e in batch.of(ClusterChanged))


def in_turn(*handlers: Handler) -> Handler:
    """One handler that hands each batch to these, one after the other. All must be idempotent, as any handler."""

    async def handle(batch: Batch) -> None:
        for handler in handlers:
            await handler(batch)

    return handle
