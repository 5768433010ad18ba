"""Every query of the five-year rule."""

from collections.abc import AsyncIterator
from datetime import date

from services.registry.domain import Center
from services.registry.due.paging import Place, Wanted
from services.registry.due.rules import CYCLE, STANDINGS, Candidate, Standing, standing
from services.registry.store import RegistryStore
from shared.mongo import ASCENDING, Document
from shared.thai.calendar import fiscal_year as fiscal_year_of

_BY_YEAR = [("last_assessed", ASCENDING), ("_id", ASCENDING)]


class DueStore:
    """Centers by the year of their last assessment; those without one come first."""

    def __init__(self, registry: RegistryStore) -> None:
        self._centers, self._rounds, self._obligations = registry.centers, registry.rounds, registry.obligations

    async def prepare(self) -> None:
        """Make sure that the index stands."""
        await self._centers.documents.index([("path", ASCENDING), ("state", ASCENDING), *_BY_YEAR], name="due")

    async def page(self, wanted: Wanted, place: Place | None, limit: int) -> tuple[list[Center], str]:
        """Active centers, the longest unassessed first, behind a place; and the moment as of which they were read."""
        query: Document = {"path": wanted.within, "state": "active"}
        conditions = [_of_standing(wanted.standing, wanted.fiscal_year)] if wanted.standing else []
        if wanted.round is not None:
            query["rounds"] = wanted.round
        if place is not None:
            conditions.append(_behind(place))
        if conditions:
            query["$and"] = conditions
        found, moment = await self._centers.documents.at_moment(
            query, sort=_BY_YEAR, limit=limit, moment=place.moment if place else None
        )
        return [self._centers.read(document).state for document in found], moment

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

    async def candidates(self, within: str, round_id: str) -> AsyncIterator[Candidate]:
        """Every active center under an organization, as the rule sees it for a round."""
        owing = await self._owing_elsewhere(round_id)
        fields = ["path", "last_assessed", "valid_from", "past.valid_from"]
        async for found in self._centers.documents.each({"path": within, "state": "active"}, fields=fields):
            code, path = found["_id"], found["path"]
            province = path[1] if len(path) > 1 else ""
            yield Candidate(code, province, found.get("last_assessed"), _opened(found), code in owing)

    async def _owing_elsewhere(self, round_id: str) -> set[str]:
        """The centers that owe in an open round other than this one."""
        others = await self._rounds.documents.find({"state": "open", "_id": {"$ne": round_id}}, fields=["_id"])
        owing: set[str] = set()
        for other in others:
            query = {"round": other["_id"], "owed": True}
            owing |= {found["center"] async for found in self._obligations.documents.each(query, fields=["center"])}
        return owing


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


def _behind(place: Place) -> Document:
    same = {"last_assessed": place.year, "_id": {"$gt": place.code}}
    return {"$or": [same, {"last_assessed": {"$gt": place.year or 0}}]}
