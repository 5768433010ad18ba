"""Which of the names that answer a search stand first. Pure, and always the same for the same names.

First the names that begin so (or of which a word does), then those that hold it, then those that are nearly so; among
equals the order of a Thai dictionary.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from services.registry.reading.words import Asked, begins
from shared.thai.folding import sounding

SHORTEST_NEAR: Final = 4
"""Letters: of fewer, half the country comes near."""

FEW: Final = 10
"""With so many names that hold what was asked nobody is shown what is only nearly so."""

MOST_NEAR: Final = 50

_TOO_FAR: Final = 200.0
_WHOLE: Final = 0.15
"""How much the whole name counts beside its best part: `หนองบัว` comes before `หนองบัวแดงเหนือ`."""


_sounding: Final = lru_cache(maxsize=32_768)(sounding)
"""Many centers bear one name, and most are looked at again and again."""


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


class Hit(NamedTuple):
    """A node that answers. Hits sort as they stand: `distance` is 100 less the likeness."""

    how: How
    distance: float
    order: str
    code: str


def holding(asked: Asked, candidates: Iterable[Candidate]) -> list[Hit]:
    """The candidates, which all hold what was asked, sorted."""
    found = []
    known: dict[str, How] = {}
    for each in candidates:
        how = known.get(each.plain)
        if how is None:
            sought = asked.plain if asked.plain in each.plain else asked.name
            how = known[each.plain] = How.BEGINS if begins(each.plain, sought) else How.HOLDS
        found.append(Hit(how, 0.0, each.order, each.code))
    return sorted(found)


def wants_near(asked: Asked, besides: Sequence[Hit]) -> bool:
    """Whether names that are nearly so are worth a look: few hold what was asked, and it is long enough to liken."""
    return len(besides) < FEW and len(asked.name) >= SHORTEST_NEAR


def nearly(asked: Asked, candidates: Iterable[Candidate], besides: Sequence[Hit]) -> list[Hit]:
    """The most alike of the other candidates, the most alike first; none where `besides` are enough by themselves."""
    if not wants_near(asked, besides):
        return []
    others = {hit.code for hit in besides}
    cutoff = least_likeness(len(asked.sound))
    known: dict[str, float] = {}
    found = []
    for each in candidates:
        distance = known.get(each.plain)
        if distance is None:
            distance = known[each.plain] = _distance(asked, each.plain, cutoff)
        if distance < _TOO_FAR and each.code not in others:
            found.append(Hit(How.NEAR, distance, each.order, each.code))
    return sorted(found)[:MOST_NEAR]


def least_likeness(letters: int) -> float:
    """How alike, of 100, the best part of a name must be to so many: one may be wrong, of 8 two, of 14 three."""
    wrong = 1 + (letters >= 8) + (letters >= 14)  # noqa: PLR2004
    return 100 * (1 - wrong / letters) - 0.1


def _distance(asked: Asked, plain: str, cutoff: float) -> float:
    """How unlike a name is, of 100, by its best part; a name shorter than what was asked is compared whole."""
    sound = _sounding(plain)
    compare = fuzz.partial_ratio if len(asked.sound) <= len(sound) else fuzz.ratio
    part = compare(asked.sound, sound, score_cutoff=cutoff)
    return round(100 - (1 - _WHOLE) * part - _WHOLE * fuzz.ratio(asked.name, plain), 1) if part else _TOO_FAR
