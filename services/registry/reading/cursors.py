"""Where a page of a list begins, as an opaque cursor says it."""

import json
from typing import Final, Literal, NamedTuple, get_args

from services.registry.reading.filters import Filter
from shared.http.paging import read_cursor, write_cursor
from shared.http.problems import BAD_CURSOR

Manner = Literal["order", "code", "broad", "ranked"]
"""How a list runs: in Thai order; by code; names in Thai order where very many hold the words; the best names first."""

_MANNERS: Final = get_args(Manner)


class Place(NamedTuple):
    """Where a page begins: as of `moment`, behind `key` of a list that runs in this `manner`.

    Where the best come first, `how` and `distance` stand before the key.
    """

    manner: Manner | None = None
    moment: str | None = None
    key: str | None = None
    how: int = 0
    distance: float = 0.0


def write_place(wanted: Filter, place: Place) -> str:
    """The cursor of a place in a list."""
    return write_cursor(json.dumps([wanted.mark(), *place], ensure_ascii=False, separators=(",", ":")))


def read_place(cursor: str | None, wanted: Filter) -> Place:
    """The place in a cursor; None is the beginning. Raises the 400 problem for a cursor of another list."""
    if cursor is None:
        return Place()
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
    return Place(manner, moment, key, how, distance)
