"""Reads one cell of a roll: its text in one form, and what had to be repaired."""

import re
from dataclasses import dataclass, replace

from services.registry.roll.findings import Reason
from services.registry.roll.sheets import Cell, Derived, Origin, Plain
from shared.thai.calendar import ERA_OFFSET
from shared.thai.dates import DateReadingError, parse_date
from shared.thai.numerals import has_thai_digits, to_arabic
from shared.thai.text import normalise

LONGEST_NAME = 200
_LONGEST_SHOWN = 80
_TEXTS_KEPT = 20_000
_CENTER_CODE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z_-]{0,31})")
_LAO_CODE = re.compile(r"[2-6]\d{6}", re.ASCII)
_SEPARATORS = re.compile(r"[\s.\-/–]")
_ADDRESS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.)+[A-Za-z]{2,63}"
_EMAIL = re.compile(_ADDRESS)
_WRAPPED = re.compile(rf"(?:mailto:\s*|[^<>@]{{0,100}}<\s*)?(?P<address>{_ADDRESS})\s*>?\s*[;,.]?", re.IGNORECASE)
_YEAR = re.compile(
    r"(?:ปี\s*)?(?:การศึกษา|งบประมาณ)?\s*(?P<era>พ\s?\.?\s?ศ\s?\.?|ค\s?\.?\s?ศ\s?\.?|B\.?E\.?|C\.?E\.?|A\.?D\.?)?\s*(?P<year>\d{4})"
)
_NOTHING = frozenset({"", "-", "–", "—", "ไม่มี", "n/a"})

_FIRST_YEAR = 2540
"""External assessment began with the Education Act of B.E. 2542; nothing was assessed long before it."""


@dataclass(frozen=True, slots=True)
class Read:
    """A cell as it was understood: `text` in its one form, `raw` as it stood, `repairs` in between. `fault` is set
    where a spreadsheet left no value.
    """

    raw: str
    text: str
    repairs: tuple[Reason, ...] = ()
    fault: Reason | None = None


_EMPTY = Read("", "")
_FAULTS = {Origin.UNSAVED: Reason.FORMULA_CELL, Origin.ERROR: Reason.ERROR_VALUE}
_ORIGINS = {
    Origin.FORMULA: Reason.FORMULA_VALUE,
    Origin.MERGED: Reason.MERGED_CELL,
    Origin.FORMAT: Reason.CELL_FORMAT,
}


class Texts:
    """Normalises cells; a roll says the same thing ten thousand times, so most texts are worked out once."""

    def __init__(self) -> None:
        self._known: dict[str, Read] = {}

    def read(self, cell: Cell) -> Read:
        """The cell's text. Whole numbers lose the `.0` that spreadsheets give them."""
        if isinstance(cell, str):
            return self._text(cell)
        if cell is None:
            return _EMPTY
        if type(cell) is Derived:
            return self._derived(cell)
        text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
        return Read(text, text)

    def _text(self, cell: str) -> Read:
        known = self._known.get(cell)
        if known is None:
            if len(self._known) >= _TEXTS_KEPT:
                self._known.clear()
            normalised = normalise(cell)
            repairs = tuple(Reason(repair.kind.value) for repair in normalised.repairs)
            fault = Reason.FORMULA_CELL if normalised.text.startswith(("=", "@")) else None
            known = self._known[cell] = Read(cell, normalised.text, repairs, fault)
        return known

    def _derived(self, cell: Derived) -> Read:
        raw = _as_text(cell.typed)
        if fault := _FAULTS.get(cell.origin):
            return Read(raw, raw, (), fault)
        read = self.read(cell.value)
        if not read.text:
            return _EMPTY
        return replace(read, raw=raw, repairs=(_ORIGINS[cell.origin], *read.repairs))


def _as_text(value: Plain) -> str:
    return "" if value is None else str(value)


def is_nothing(text: str) -> bool:
    """Whether an optional cell says that there is nothing to say."""
    return text.casefold() in _NOTHING


def shown(raw: str) -> str:
    """A cell's value as a finding quotes it: cut, with control characters visible."""
    cut = raw if len(raw) <= _LONGEST_SHOWN else raw[:_LONGEST_SHOWN] + "…"
    return "".join(char if char.isprintable() or char == " " else f"\\u{ord(char):04x}" for char in cut)


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was understood, with what was repaired; or, if `fault` is set, why it was not, and what was probably
    meant.
    """

    value: str | int | None = None
    repairs: tuple[Reason, ...] = ()
    fault: Reason | None = None
    suggestion: str | None = None


def in_arabic(text: str) -> tuple[str, tuple[Reason, ...]]:
    """A text with Arabic numerals, and the repair that took."""
    return (to_arabic(text), (Reason.THAI_NUMERALS,)) if has_thai_digits(text) else (text, ())


def center_code(text: str) -> Value:
    """A center's code is opaque; a space inside is no repair of ours to make."""
    plain, repairs = in_arabic(text)
    if _CENTER_CODE.fullmatch(plain):
        return Value(plain, repairs)
    joined = plain.replace(" ", "")
    return Value(fault=Reason.BAD_CENTER_CODE, suggestion=joined if _CENTER_CODE.fullmatch(joined) else None)


def lao_code(text: str) -> Value:
    """Seven digits, however they were set apart."""
    plain, repairs = in_arabic(text)
    if _LAO_CODE.fullmatch(plain):
        return Value(plain, repairs)
    joined = _SEPARATORS.sub("", plain)
    if _LAO_CODE.fullmatch(joined):
        return Value(joined, (*repairs, Reason.SEPARATORS))
    return Value(fault=Reason.BAD_LAO_CODE)


def name(text: str) -> Value:
    """A name has letters, is not a page long, and does not begin like a formula."""
    if len(text) > LONGEST_NAME or text[0] in "+-" or not any(char.isalpha() for char in text):
        return Value(fault=Reason.BAD_NAME)
    return Value(text)


def email(text: str) -> Value:
    """One address, as it is written; an empty cell is None."""
    if is_nothing(text):
        return Value()
    if _EMAIL.fullmatch(text):
        return Value(text)
    if wrapped := _WRAPPED.fullmatch(text):
        return Value(wrapped["address"], (Reason.WRAPPED_EMAIL,))
    joined = text.replace(" ", "").replace("＠", "@").rstrip(".")
    return Value(fault=Reason.BAD_EMAIL, suggestion=joined if _EMAIL.fullmatch(joined) else None)


def assessed_year(text: str, this_year: int) -> Value:
    """The Buddhist Era year of the last assessment; an empty cell is None. `this_year` is B.E. too."""
    if is_nothing(text):
        return Value()
    plain, repairs = in_arabic(text)
    found = _YEAR.fullmatch(plain)
    if found:
        words: tuple[Reason, ...] = () if plain == found["year"] else (Reason.YEAR_IN_WORDS,)
        return _in_bounds(int(found["year"]), found["era"] or "", this_year, (*repairs, *words))
    try:
        day = parse_date(plain)
    except DateReadingError:
        return Value(fault=Reason.BAD_YEAR, suggestion=_of_two_digits(plain, this_year))
    year = _in_bounds(day.year + ERA_OFFSET, "", this_year, (*repairs, Reason.YEAR_OF_DATE))
    return replace(year, suggestion=None)


def _in_bounds(year: int, era: str, this_year: int, repairs: tuple[Reason, ...]) -> Value:
    if era[:1] not in {"ค", "C", "A"} and _FIRST_YEAR <= year <= this_year:
        return Value(year, repairs)
    if era[:1] not in {"พ", "B"} and _FIRST_YEAR <= year + ERA_OFFSET <= this_year:
        return Value(year + ERA_OFFSET, (*repairs, Reason.CHRISTIAN_YEAR))
    return Value(fault=Reason.BAD_YEAR)


def _of_two_digits(text: str, this_year: int) -> str | None:
    if len(text) != 2 or not (text.isascii() and text.isdigit()):  # noqa: PLR2004
        return None
    year = this_year // 100 * 100 + int(text)
    return str(year) if _FIRST_YEAR <= year <= this_year else None
