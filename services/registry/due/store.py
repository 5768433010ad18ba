"""Every query of the five-year rule."""

from collections.abc import AsyncIterator
from datetime import date

from services.registry.domain import Center
from services.registry.due.rules import CYCLE, STANDINGS, Candidate, Standing, standing
from services.registry.store import RegistryStore
from shared.mongo import ASCENDING, Document
from shared.thai.calendar import fiscal_year as fiscal_year_of

_BY_YEAR = [("last_assessed", ASCENDING), ("_id", ASCENDING)]


class DueStore:
    """Centers by the year of their last assessment; those without one come first."""

    def __init__(self, registry: RegistryStore) -> None:
        self._centers = registry.centers

    async def prepare(self) -> None:
        """Make sure that the index stands."""
        await self._centers.documents.index([("path", ASCENDING), ("state", ASCENDING), *_BY_YEAR], name="due")

    async def page(
        self,
        within: str,
        fiscal_year: int,
        wanted: Standing | None,
        round_id: str | None,
        after: str | None,
        limit: int,
    ) -> list[tuple[str, Center]]:
        """Active centers under an organization, the longest unassessed first, each with the position behind it.

        Raises ValueError for a position that no answer gave.
        """
        query: Document = {"path": within, "state": "active"}
        conditions = [_of_standing(wanted, fiscal_year)] if wanted else []
        if round_id is not None:
            query["rounds"] = round_id
        if after is not None:
            conditions.append(_behind(after))
        if conditions:
            query["$and"] = conditions
        found = await self._centers.documents.find(query, sort=_BY_YEAR, limit=limit)
        centers = [self._centers.read(document).state for document in found]
        return [(f"{center.last_assessed or ''}|{center.code}", center) for center in centers]

    async def counts(self, within: str, fiscal_year: int) -> dict[Standing, int]:
        """How many active centers under an organization stand where."""
        found = await self._centers.documents.gather(
            [
                {"$match": {"path": within, "state": "active"}},
                {"$group": {"_id": "$last_assessed", "centers": {"$sum": 1}}},
            ]
        )
        counts: dict[Standing, int] = dict.fromkeys(STANDINGS, 0)
        for row in found:
            counts[standing(row["_id"], fiscal_year)] += row["centers"]
        return counts

    async def candidates(self, within: str) -> AsyncIterator[Candidate]:
        """Every active center under an organization, as the rule sees it."""
        fields = ["path", "last_assessed", "valid_from", "past.valid_from"]
        async for found in self._centers.documents.each({"path": within, "state": "active"}, fields=fields):
            path = found["path"]
            yield Candidate(found["_id"], path[1] if len(path) > 1 else "", found.get("last_assessed"), _opened(found))


def _opened(found: Document) -> int | None:
    """The fiscal year of the day a center was opened; None where it was there before the register."""
    past = found.get("past") or [found]
    first = past[0].get("valid_from")
    return fiscal_year_of(date.fromisoformat(first)) if first else None


def _of_standing(wanted: Standing, fiscal_year: int) -> Document:
    last = fiscal_year - CYCLE
    conditions: dict[Standing, Document | int | None] = {
        "never": None,
        "overdue": {"$lt": last},
        "due": last,
        "early": {"$gt": last},
    }
    return {"last_assessed": conditions[wanted]}


def _behind(after: str) -> Document:
    year, _, code = after.partition("|")
    if not year:
        return {"$or": [{"last_assessed": None, "_id": {"$gt": code}}, {"last_assessed": {"$gt": 0}}]}
    at = int(year)
    return {"$or": [{"last_assessed": at, "_id": {"$gt": code}}, {"last_assessed": {"$gt": at}}]}
