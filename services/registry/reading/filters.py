"""What somebody asks of a list: which part of the tree, which round, which square of the map. Pure."""

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import Final, Literal

State = Literal["active", "closed"]
Kind = Literal["department", "province", "district", "lao"]

_SIDES: Final = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A square of the map in degrees, WGS 84; its edges belong to it."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class NoBox:
    """The text names no square of the map. `fault` says why, in English and short."""

    fault: Literal["four numbers", "degrees", "order"]


def read_box(text: str) -> Box | NoBox:
    """Read `west,south,east,north`, the order of GeoJSON (RFC 7946, section 5)."""
    try:
        sides = [float(part) for part in text.split(",")]
    except ValueError:
        return NoBox("four numbers")
    if len(sides) != _SIDES or not all(map(math.isfinite, sides)):
        return NoBox("four numbers")
    west, south, east, north = sides
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):  # noqa: PLR2004
        return NoBox("degrees")
    return Box(west, south, east, north) if west <= east and south <= north else NoBox("order")


@dataclass(frozen=True, slots=True)
class Filter:
    """The part of a list that is asked for: everything said must hold. `root` is always said, and is in reach.

    `of` names the list. `itself` keeps one node alone: a center's list holds the center. `owed` is for obligations.
    """

    root: str
    of: Literal["centers", "organizations", "obligations"] = "centers"
    itself: str | None = None
    parent: str | None = None
    round: str | None = None
    state: State | None = None
    kind: Kind | None = None
    box: Box | None = None
    words: str | None = None
    near: bool = True
    owed: bool = True

    def mark(self) -> str:
        """Short, and another for another question: a cursor bears it, so that it cannot be used for another list."""
        return hashlib.blake2b(repr(sorted(asdict(self).items())).encode(), digest_size=6).hexdigest()
