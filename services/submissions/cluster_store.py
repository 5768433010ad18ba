"""Queries of clusters: which centers are visited together."""

from collections.abc import Iterable

from shared.contracts.events import ClusterChanged
from shared.mongo import Mongo, Projected, Projection


class ClusterStore:
    """Clusters as the registry tells them, by `round/cluster`."""

    def __init__(self, mongo: Mongo) -> None:
        self._clusters = Projection(mongo.documents("clusters"))

    async def know(self, rows: Iterable[tuple[str, int, ClusterChanged]]) -> None:
        """Keep clusters as their newest events tell them."""
        await self._clusters.apply(Projected(key, sequence, data.model_dump()) for key, sequence, data in rows)

    async def find(self, round_: str, cluster: str) -> ClusterChanged | None:
        """The cluster, if the round has it (still)."""
        found = await self._clusters.documents.one({"_id": f"{round_}/{cluster}", "state": "active"})
        return ClusterChanged.model_validate(found) if found else None
