"""One page of a list after another.

All are read as of the moment of the first, so that nothing is left out or shown twice, whatever is written in between.
When the database has forgotten that moment (after some minutes), the list goes on behind the same place as it is then.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from services.registry.reading import ranking
from services.registry.reading.conditions import Driver
from services.registry.reading.cursors import Manner, Place, read_place, write_place
from services.registry.reading.filters import Filter
from services.registry.reading.ranking import How
from services.registry.reading.store import Nodes, Slice
from services.registry.reading.words import Asked, understand
from shared.mongo import Document

By = Literal["code", "name", "near"]
"""By what a search found a node: its code, its name, or a name that is nearly so."""


class Row(NamedTuple):
    """A node of a list; `by` and `likeness` (of 100) where it was searched for."""

    document: Document
    by: By | None = None
    likeness: float = 100.0


@dataclass(frozen=True, slots=True)
class Listed:
    """A page, the cursor of the next or None, and the moment as of which it was read."""

    rows: list[Row]
    next: str | None = None
    moment: str | None = None


class Lists:
    """The lists of one kind of node."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    async def page(self, wanted: Filter, cursor: str | None, limit: int) -> Listed:
        """The page behind a cursor. Raises the 400 problem for a cursor of another list."""
        place = read_place(cursor, wanted)
        # A cursor goes on in the manner its list began, though other names were written meanwhile.
        asked = None if wanted.words is None else understand(wanted.words)
        if asked is None or asked.everything:
            return await self._in_order(wanted, place, limit)
        if asked.code and place.manner in {None, "code"}:
            found = await self._nodes.by_code(wanted, asked.code, place.key, limit + 1, place.moment)
            if found[0] or place.manner:
                return _listed(wanted, "code", found, limit)
        if not asked.name:
            return Listed([])
        driver, few = await self._nodes.driver(wanted, asked)
        if place.manner == "ranked" or (place.manner is None and few):
            return await self._ranked(wanted, place, limit, asked, driver)
        found = await self._nodes.in_order(wanted, driver, place.key, limit + 1, place.moment, asked)
        return _listed(wanted, "broad", found, limit)

    async def _in_order(self, wanted: Filter, place: Place, limit: int) -> Listed:
        driver, _ = await self._nodes.driver(wanted)
        found = await self._nodes.in_order(wanted, driver, place.key, limit + 1, place.moment)
        return _listed(wanted, "order", found, limit)

    async def _ranked(self, wanted: Filter, place: Place, limit: int, asked: Asked, driver: Driver) -> Listed:
        candidates, moment = await self._nodes.holding(wanted, driver, asked, place.moment)
        hits = ranking.holding(asked, candidates)
        if wanted.near and ranking.wants_near(asked, hits):
            candidates, moment = await self._nodes.alike(wanted, driver, asked, moment)
            hits += ranking.nearly(asked, candidates, hits)
        if place.key is not None:
            hits = [hit for hit in hits if hit[:3] > (place.how, place.distance, place.key)]
        shown = hits[:limit]
        documents, moment = await self._nodes.named([hit.code for hit in shown], moment)
        known = {document["code"]: document for document in documents}
        rows = [
            Row(known[hit.code], "near" if hit.how is How.NEAR else "name", 100 - hit.distance)
            for hit in shown
            if hit.code in known
        ]
        following = None
        if len(hits) > limit:
            last = shown[-1]
            following = write_place(wanted, Place("ranked", moment, last.order, last.how, last.distance))
        return Listed(rows, following, moment)


def _listed(wanted: Filter, manner: Manner, found: Slice, limit: int) -> Listed:
    documents, moment = found
    shown = documents[:limit]
    by: By | None = None if manner == "order" else "code" if manner == "code" else "name"
    following = None
    if len(documents) > limit:
        key = shown[-1]["code" if manner == "code" else "order"]
        following = write_place(wanted, Place(manner, moment, key))
    return Listed([Row(document, by) for document in shown], following, moment)
