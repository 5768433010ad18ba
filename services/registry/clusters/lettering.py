"""Letters on a map: a Thai face that travels inside the picture, and labels that keep out of each other's way. Pure."""

import base64
import io
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

from fontpkg_sarabun import ROOT
from fontTools import subset
from fontTools.ttLib import TTFont

LETTER: Final = 7.2
"""Dots that a digit of a label takes, with its margin."""
HIGH: Final = 12.0
_PARTS_OF_AM: Final = "\u0e4d\u0e32"
"""What shaping makes of ำ; a face without them would borrow the letter from another."""
_AROUND: Final = (
    (0, 4), (0, -8), (0, 17), (14, 4), (-14, 4), (14, -9), (-14, -9), (14, 17), (-14, 17), (0, 30), (0, -22),
)  # fmt: skip


class Labels:
    """Where labels can stand: on no other label, and where possible on no dot."""

    def __init__(self, width: float, height: float, dots: Sequence[tuple[float, float]]) -> None:
        self._width, self._height, self._dots = width, height, dots
        self._taken: list[tuple[float, float, float, float]] = []

    def place(self, x: float, y: float, words: str) -> tuple[float, float]:
        """The best place near (x, y) for the foot of a centered label; taken from now on."""
        choices = [(x + dx, y + dy) for dx, dy in _AROUND]
        best = min(choices, key=lambda at: (self._clashes(at, words), choices.index(at)))
        self._taken.append(_box(best, words))
        return best

    def _clashes(self, at: tuple[float, float], words: str) -> float:
        left, top, right, bottom = _box(at, words)
        outside = left < 0 or top < 0 or right > self._width or bottom > self._height
        labels = sum(left < r and l < right and top < b and t < bottom for l, t, r, b in self._taken)  # noqa: E741
        dots = sum(left - 3 < x < right + 3 and top - 3 < y < bottom + 3 for x, y in self._dots)
        return 100 * outside + 10 * labels + dots


def _box(at: tuple[float, float], words: str) -> tuple[float, float, float, float]:
    half = LETTER * len(words) / 2
    return at[0] - half, at[1] - HIGH, at[0] + half, at[1]


@lru_cache(maxsize=256)
def face(words: str) -> str:
    """A style rule with the letters of these words, so that the picture reads alike on a machine without Thai faces."""
    return _face("".join(sorted({*words, *_PARTS_OF_AM})))


@lru_cache(maxsize=64)
def _face(letters: str) -> str:
    rules = []
    for weight, name in ((400, "Sarabun-Regular.ttf"), (700, "Sarabun-Bold.ttf")):
        options = subset.Options(flavor="woff", layout_features=["*"], notdef_outline=True)
        cut = subset.Subsetter(options)
        font = TTFont(io.BytesIO(_file(name)), lazy=True)
        cut.populate(text=letters)
        cut.subset(font)
        font.flavor = "woff"
        written = io.BytesIO()
        font.save(written)
        data = base64.b64encode(written.getvalue()).decode()
        rules.append(f"@font-face{{font-family:SarabunMap;font-weight:{weight};src:url(data:font/woff;base64,{data})}}")
    return "".join(rules)


@cache
def _file(name: str) -> bytes:
    return bytes((ROOT / "files" / name).read_bytes())
