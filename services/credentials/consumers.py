"""What this service knows of the registry: rounds, obligations, and the contacts of holders."""

from pydantic import BaseModel

from services.credentials.store import CredentialsStore
from shared.bus import Batch
from shared.contracts.events import CenterChanged, ObligationChanged, OrganizationChanged, RoundChanged
from shared.contracts.topics import READS
from shared.mongo import Projected, Projection

PROJECTED = READS["credentials"]["projections"]


class Projections:
    """Keeps each model in its projection. Replay and reordering change nothing."""

    def __init__(self, store: CredentialsStore) -> None:
        self._kept: tuple[tuple[type[BaseModel], Projection, frozenset[str]], ...] = (
            (RoundChanged, store.rounds, frozenset({"state", "deadline", "obligations"})),
            (ObligationChanged, store.obligations, frozenset({"round", "center", "lao", "path", "owed"})),
            (CenterChanged, store.centers, frozenset({"name", "path", "email", "state", "successor"})),
            (
                OrganizationChanged,
                store.organizations,
                frozenset({"kind", "name", "path", "email", "state", "successor"}),
            ),
        )

    async def __call__(self, batch: Batch) -> None:
        """Apply a batch: one write for each kind of event in it."""
        for model, projection, fields in self._kept:
            if events := batch.of(model):
                await projection.apply(
                    Projected(event.envelope.key, event.envelope.sequence, {f: getattr(event.data, f) for f in fields})
                    for event in events
                )
