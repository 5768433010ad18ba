"""Which of the names that come near what was asked stand first. Pure, and the same for the same names.

First the names that begin so (or of which a word does), then those that hold it, then those that are nearly so; among
equals the order of a Thai dictionary.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from services.registry.reading.words import Asked, begins

NEAR_ENOUGH: Final = 74.0
"""Of 100. One wrong letter of four gives 75, two of eight as well; less alike names are other names."""

SHORTEST_NEAR: Final = 4
"""Letters: of fewer, half the country comes near."""

FEW: Final = 10
"""With so many names that hold what was asked nobody is shown what is only nearly so."""

MOST_NEAR: Final = 50

_WHOLE: Final = 0.15
"""How much the whole name counts beside its best part: `หนองบัว` comes before `หนองบัวแดงเหนือ`."""


class How(IntEnum):
    """How a name answers what was asked, the best first."""

    BEGINS = 0
    HOLDS = 1
    NEAR = 2


class Candidate(NamedTuple):
    """What ranking needs of a node. `order` is its place in a Thai dictionary, no two alike."""

    code: str
    order: str
    plain: str
    sound: str


class Hit(NamedTuple):
    """A node that answers. Hits sort as they stand: `distance` is 100 less the likeness."""

    how: How
    distance: float
    order: str
    code: str


def holding(asked: Asked, candidates: Iterable[Candidate]) -> list[Hit]:
    """The candidates, which all hold what was asked, sorted."""
    found = []
    for each in candidates:
        sought = asked.plain if asked.plain in each.plain else asked.name
        how = How.BEGINS if begins(each.plain, sought) else How.HOLDS
        found.append(Hit(how, 0.0, each.order, each.code))
    return sorted(found)


def nearly(asked: Asked, candidates: Iterable[Candidate], besides: Sequence[Hit]) -> list[Hit]:
    """The most alike of the other candidates, the most alike first; none where `besides` are enough by themselves."""
    if not wants_near(asked, besides):
        return []
    known = {hit.code for hit in besides}
    found = []
    for each in candidates:
        part = 0.0 if each.code in known else _part(asked.sound, each.sound)
        if part >= NEAR_ENOUGH:
            likeness = (1 - _WHOLE) * part + _WHOLE * fuzz.ratio(asked.name, each.plain)
            found.append(Hit(How.NEAR, round(100 - likeness, 1), each.order, each.code))
    return sorted(found)[:MOST_NEAR]


def wants_near(asked: Asked, besides: Sequence[Hit]) -> bool:
    """Whether names that are nearly so are worth a look: few hold what was asked, and it is long enough to liken."""
    return len(besides) < FEW and len(asked.name) >= SHORTEST_NEAR


def _part(asked: str, name: str) -> float:
    """How alike the best part of a name is; a name shorter than what was asked is compared whole."""
    compare = fuzz.partial_ratio if len(asked) <= len(name) else fuzz.ratio
    return float(compare(asked, name, score_cutoff=NEAR_ENOUGH))
