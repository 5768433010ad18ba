"""Every query of the lists of obligations."""

from collections.abc import Sequence
from typing import Final

from services.registry.domain import Obligation, obligation_key
from services.registry.reading.filters import Filter
from shared.mongo import ASCENDING, Document, Documents
from shared.security.scope import DEPARTMENT_CODE

_BY_ID: Final = [("_id", ASCENDING)]


class ObligationLists:
    """Who owes a report in a round, and who no longer does."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._fields = tuple(Obligation.model_fields)

    async def of(self, round_id: str, centers: Sequence[str], moment: str | None) -> list[Obligation]:
        """The obligations of these centers in a round."""
        keys = [obligation_key(round_id, center) for center in centers]
        found, _ = await self._documents.at_moment(
            {"_id": {"$in": keys}}, sort=_BY_ID, limit=len(keys), fields=self._fields, moment=moment
        )
        return [Obligation.model_validate(document) for document in found]

    async def released(self, wanted: Filter) -> list[str]:
        """The centers that owe nothing any more: the few of a round that closed, were merged or taken off the roll."""
        query: Document = {"round": wanted.round, "owed": False}
        if wanted.root != DEPARTMENT_CODE:
            query["path"] = wanted.root
        if wanted.itself is not None:
            query["center"] = wanted.itself
        return [found["center"] for found in await self._documents.find(query, fields=["center"])]
