"""One page of a list after another.

All are read as of the moment of the first, so that nothing is left out or shown twice, whatever is written in between.
When the database has forgotten that moment (after some minutes), the list goes on behind the same place as it is then.
"""

import json
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

from services.registry.reading import ranking
from services.registry.reading.conditions import Driver
from services.registry.reading.filters import Filter
from services.registry.reading.ranking import How
from services.registry.reading.store import Nodes, Slice
from services.registry.reading.words import Asked, understand
from shared.http.paging import read_cursor, write_cursor
from shared.http.problems import BAD_CURSOR
from shared.mongo import Document

Manner = Literal["order", "code", "broad", "ranked"]
"""How a list runs: in Thai order; by code; names in Thai order where very many hold the words; the best names first."""

_MANNERS: Final = get_args(Manner)


By = Literal["code", "name", "near"]
"""By what a search found a node: its code, its name, or a name that is nearly so."""


class Row(NamedTuple):
    """A node of a list; `by` and `likeness` (of 100) where it was searched for."""

    document: Document
    by: By | None = None
    likeness: float = 100.0


@dataclass(frozen=True, slots=True)
class Listed:
    """A page, and the cursor of the next or None."""

    rows: list[Row]
    next: str | None = None


class _Place(NamedTuple):
    """Where a page begins: as of `moment`, behind `key` of a list that runs in this `manner`.

    Where the best come first, `how` and `distance` stand before the key.
    """

    manner: Manner | None = None
    moment: str | None = None
    key: str | None = None
    how: int = 0
    distance: float = 0.0


class Lists:
    """The lists of one kind of node."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    async def page(self, wanted: Filter, cursor: str | None, limit: int) -> Listed:
        """The page behind a cursor. Raises the 400 problem for a cursor of another list."""
        place = _Place() if cursor is None else _read(cursor, wanted)
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

    async def _in_order(self, wanted: Filter, place: _Place, limit: int) -> Listed:
        driver, _ = await self._nodes.driver(wanted)
        found = await self._nodes.in_order(wanted, driver, place.key, limit + 1, place.moment)
        return _listed(wanted, "order", found, limit)

    async def _ranked(self, wanted: Filter, place: _Place, limit: int, asked: Asked, driver: Driver) -> Listed:
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
        last = shown[-1] if len(hits) > limit else None
        return Listed(rows, last and _write(wanted, _Place("ranked", moment, last.order, last.how, last.distance)))


def _listed(wanted: Filter, manner: Manner, found: Slice, limit: int) -> Listed:
    documents, moment = found
    shown = documents[:limit]
    by: By | None = None if manner == "order" else "code" if manner == "code" else "name"
    following = None
    if len(documents) > limit:
        key = shown[-1]["code" if manner == "code" else "order"]
        following = _write(wanted, _Place(manner, moment, key))
    return Listed([Row(document, by) for document in shown], following)


def _write(wanted: Filter, place: _Place) -> str:
    return write_cursor(json.dumps([wanted.mark(), *place], ensure_ascii=False, separators=(",", ":")))


def _read(cursor: str, wanted: Filter) -> _Place:
    try:
        mark, manner, moment, key, how, distance = json.loads(read_cursor(cursor))
    except (ValueError, TypeError, RecursionError):
        raise BAD_CURSOR.problem(where="query.cursor") from None
    if (
        mark != wanted.mark()
        or manner not in _MANNERS
        or not (isinstance(moment, str) and isinstance(key, str))
        or not (isinstance(how, int) and isinstance(distance, int | float))
    ):
        raise BAD_CURSOR.problem(
            "ตัวชี้หน้านี้เป็นของรายการอื่น หรือเงื่อนไขเปลี่ยนไป",
            "This cursor is of another list, or the filters changed.",
            where="query.cursor",
        )
    return _Place(manner, moment, key, how, distance)
