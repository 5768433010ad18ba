"""Which centers are asked for under the five-year rule, and where a page of them begins. Pure."""

import hashlib
import json
from dataclasses import astuple, dataclass
from typing import NamedTuple

from services.registry.domain import Center
from services.registry.due.rules import Standing


@dataclass(frozen=True, slots=True)
class Wanted:
    """Those under an organization, of one standing in a fiscal year, on a round's roll. None: all."""

    within: str
    fiscal_year: int
    standing: Standing | None = None
    round: str | None = None

    def mark(self) -> str:
        """Short, and another for another question: a cursor bears it, so that it cannot be used for another list."""
        return hashlib.blake2b(repr(astuple(self)).encode(), digest_size=6).hexdigest()


class Place(NamedTuple):
    """As of `moment`, behind the center `code`, last assessed in `year` or never."""

    moment: str
    year: int | None
    code: str


def write_place(wanted: Wanted, moment: str, last: Center) -> str:
    """The place behind a center, as text."""
    return json.dumps([wanted.mark(), moment, last.last_assessed, last.code], ensure_ascii=False)


def read_place(text: str, wanted: Wanted) -> Place | None:
    """The place that a text of `write_place` names; None for one that is of another list, or none."""
    try:
        mark, moment, year, code = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    if mark != wanted.mark() or not (isinstance(moment, str) and isinstance(code, str)):
        return None
    return Place(moment, year, code) if year is None or type(year) is int else None
