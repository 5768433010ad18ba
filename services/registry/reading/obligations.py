"""The obligations of a round, page by page, in the Thai order of the centers."""

from dataclasses import dataclass

from services.registry.domain import Center, Obligation
from services.registry.reading.cursors import Place, read_place, write_place
from services.registry.reading.filters import Filter
from services.registry.reading.listing import Lists
from services.registry.reading.obligation_store import ObligationLists
from services.registry.reading.store import Nodes


@dataclass(frozen=True, slots=True)
class Duty:
    """An obligation and the center that has or had it."""

    obligation: Obligation
    center: Center


@dataclass(frozen=True, slots=True)
class Duties:
    """A page; it may hold fewer than were asked for and still have a next."""

    rows: list[Duty]
    next: str | None
    moment: str | None


class Obligations:
    """Lists of obligations. `wanted.owed` says whether those that stand or those that were released."""

    def __init__(self, centers: Nodes, obligations: ObligationLists) -> None:
        self._nodes, self._centers, self._obligations = centers, Lists(centers), obligations

    async def page(self, wanted: Filter, cursor: str | None, limit: int) -> Duties:
        """The page behind a cursor. Raises the 400 problem for a cursor of another list."""
        return await (self._owed if wanted.owed else self._released)(wanted, cursor, limit)

    async def _owed(self, wanted: Filter, cursor: str | None, limit: int) -> Duties:
        """Who owes stands on the roll."""
        found = await self._centers.page(wanted, cursor, limit)
        centers = [Center.model_validate(row.document) for row in found.rows]
        return Duties(await self._duties(wanted, centers, found.moment), found.next, found.moment)

    async def _released(self, wanted: Filter, cursor: str | None, limit: int) -> Duties:
        """Who was released may stand on no roll any more."""
        place = read_place(cursor, wanted)
        documents, moment = await self._nodes.among(
            await self._obligations.released(wanted), place.key, limit + 1, place.moment
        )
        centers = [Center.model_validate(document) for document in documents]
        following = None
        if len(centers) > limit:
            following = write_place(wanted, Place("order", moment, centers[limit - 1].order))
        return Duties(await self._duties(wanted, centers[:limit], moment), following, moment)

    async def _duties(self, wanted: Filter, centers: list[Center], moment: str | None) -> list[Duty]:
        found = await self._obligations.of(wanted.round or "", [center.code for center in centers], moment)
        known = {obligation.center: obligation for obligation in found if obligation.owed is wanted.owed}
        return [Duty(known[center.code], center) for center in centers if center.code in known]
