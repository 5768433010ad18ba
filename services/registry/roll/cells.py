"""Reads one cell of a roll: its text in one form, and what had to be repaired."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from services.registry.roll.findings import Reason
from services.registry.roll.sheets import Cell
from shared.thai.calendar import ERA_OFFSET
from shared.thai.numerals import has_thai_digits, to_arabic
from shared.thai.text import Normalised, normalise

LONGEST_NAME = 200
_LONGEST_SHOWN = 80
_CENTER_CODE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z_-]{0,31})")
_LAO_CODE = re.compile(r"[2-6]\d{6}", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z]{2,63}")
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,15})?", re.ASCII)
_NOTHING = frozenset({"", "-", "–", "—", "ไม่มี", "n/a"})

_FIRST_YEAR = 2540
"""External assessment began with the Education Act of B.E. 2542; nothing was assessed long before it."""
_LATITUDES, _LONGITUDES = (5.0, 21.0), (97.0, 106.0)
"""Degrees between which Thailand lies."""


@dataclass(frozen=True, slots=True)
class Read:
    """A cell as it was understood: `text` in its one form, `raw` as it stood, `repairs` in between."""

    raw: str
    text: str
    repairs: tuple[Reason, ...] = ()


class Texts:
    """Normalises cells; a roll says the same thing ten thousand times, so each text is worked out once."""

    def __init__(self) -> None:
        self._known: dict[str, Read] = {}

    def read(self, cell: Cell) -> Read:
        """The cell's text. Whole numbers lose the `.0` that spreadsheets give them."""
        if isinstance(cell, str):
            known = self._known.get(cell)
            if known is None:
                known = self._known[cell] = _read(normalise(cell))
            return known
        if cell is None:
            return _EMPTY
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return Read(str(cell), str(cell))


_EMPTY = Read("", "")


def _read(normalised: Normalised) -> Read:
    repairs = tuple(Reason(repair.kind.value) for repair in normalised.repairs)
    return Read(normalised.raw, normalised.text, repairs)


def is_formula(text: str) -> bool:
    """Whether a text would be evaluated by a spreadsheet that opens it."""
    return text.startswith(("=", "@"))


def is_nothing(text: str) -> bool:
    """Whether an optional cell says that there is nothing to say."""
    return text.casefold() in _NOTHING


def shown(raw: str) -> str:
    """A cell's value as a finding quotes it: cut, with control characters visible."""
    cut = raw if len(raw) <= _LONGEST_SHOWN else raw[:_LONGEST_SHOWN] + "…"
    return "".join(char if char.isprintable() or char == " " else f"\\u{ord(char):04x}" for char in cut)


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was understood, with what was repaired; or, if `fault` is set, why it was not."""

    value: str | int | None = None
    repairs: tuple[Reason, ...] = ()
    fault: Reason | None = None


def _in_arabic(text: str) -> tuple[str, tuple[Reason, ...]]:
    return (to_arabic(text), (Reason.THAI_NUMERALS,)) if has_thai_digits(text) else (text, ())


def _matching(pattern: re.Pattern[str], fault: Reason) -> Callable[[str], Value]:
    def parse(text: str) -> Value:
        plain, repairs = _in_arabic(text)
        return Value(plain, repairs) if pattern.fullmatch(plain) else Value(fault=fault)

    return parse


center_code = _matching(_CENTER_CODE, Reason.BAD_CENTER_CODE)
lao_code = _matching(_LAO_CODE, Reason.BAD_LAO_CODE)


def name(text: str) -> Value:
    """A name has letters and is not a page long."""
    if len(text) > LONGEST_NAME or not any(char.isalpha() for char in text):
        return Value(fault=Reason.BAD_NAME)
    return Value(text)


def email(text: str) -> Value:
    """One address, as it is written; an empty cell is None."""
    if is_nothing(text):
        return Value()
    return Value(text) if _EMAIL.fullmatch(text) else Value(fault=Reason.BAD_EMAIL)


def assessed_year(text: str, this_year: int) -> Value:
    """The Buddhist Era year of the last assessment; an empty cell is None. `this_year` is B.E. too."""
    if is_nothing(text):
        return Value()
    plain, repairs = _in_arabic(text)
    if not (plain.isascii() and plain.isdigit()):
        return Value(fault=Reason.BAD_YEAR)
    year = int(plain)
    if _FIRST_YEAR <= year + ERA_OFFSET <= this_year:
        return Value(year + ERA_OFFSET, (*repairs, Reason.CHRISTIAN_YEAR))
    return Value(year, repairs) if _FIRST_YEAR <= year <= this_year else Value(fault=Reason.BAD_YEAR)


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees, or neither; or why not."""

    latitude: float | None = None
    longitude: float | None = None
    repairs: tuple[Reason, ...] = ()
    fault: Reason | None = None


def point(latitude: str, longitude: str) -> Point:
    """Decimal degrees inside Thailand. Both cells empty is no point; one alone is a fault."""
    if is_nothing(latitude) and is_nothing(longitude):
        return Point()
    (north, repairs), (east, more) = _in_arabic(latitude), _in_arabic(longitude)
    if not (_NUMBER.fullmatch(north) and _NUMBER.fullmatch(east)):
        return Point(fault=Reason.BAD_COORDINATES)
    y, x = float(north), float(east)
    if _between(y, _LATITUDES) and _between(x, _LONGITUDES):
        return Point(y, x, repairs or more)
    swapped = _between(x, _LATITUDES) and _between(y, _LONGITUDES)
    return Point(fault=Reason.SWAPPED_COORDINATES if swapped else Reason.BAD_COORDINATES)


def _between(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
