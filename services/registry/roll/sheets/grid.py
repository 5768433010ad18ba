"""What a sheet is to whoever reads it: rows of cells, one after another, and why a file is none."""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import Enum
from typing import Literal, NamedTuple, Protocol

Fault = Literal["empty", "wrong_type", "locked", "unreadable", "too_large"]
Kind = Literal["xlsx", "csv"]

MOST_ROWS = 150_000
"""Rows with anything in them, over all sheets. The country has 20,000 centers."""
MOST_COLUMNS = 200
MOST_SHEETS = 200
"""Visible ones. A sheet for each province makes 76."""
LONGEST_CELL = 32_767
"""Characters: a spreadsheet's own limit."""


class SheetRefused(Exception):  # noqa: N818 a refusal, not an error of ours
    """The bytes are no sheet this service reads. `found` names what they look like, where that helps."""

    def __init__(self, fault: Fault, found: str = "") -> None:
        super().__init__(fault)
        self.fault, self.found = fault, found


class Origin(Enum):
    """Why a cell's value is not simply what somebody typed into it."""

    FORMULA = "formula"
    """A formula's value, as the program that saved the file worked it out. Nothing is evaluated here."""
    UNSAVED = "unsaved"
    """A formula whose value was not saved. The value is the formula's text."""
    ERROR = "error"
    """What a spreadsheet shows where a formula failed, such as `#REF!`."""
    MERGED = "merged"
    """The value of the first of the cells that were merged."""
    FORMAT = "format"
    """Digits with the leading zeros that the cell's format shows."""


class Derived(NamedTuple):
    """A cell whose value has an origin of its own. `typed` is what stands in the file."""

    value: "Plain"
    origin: Origin
    typed: "Plain"


Plain = str | int | float | bool | date | None
Cell = Plain | Derived
"""Empty cells are `""` or None."""


class Row(NamedTuple):
    """A line of a sheet that has something in it. The first line is 1, as people count."""

    line: int
    cells: list[Cell]

    @property
    def filled(self) -> int:
        """How many cells hold something of their own."""
        return sum(1 for cell in self.cells if cell not in {None, ""} and not is_merged(cell))


class Span(NamedTuple):
    """Merged cells: lines from 1, columns from 0, all inclusive."""

    first_line: int
    first_column: int
    last_line: int
    last_column: int


class Sheet(Protocol):
    """One visible sheet. Asked for its rows again it begins anew."""

    @property
    def name(self) -> str: ...

    def rows(self) -> Iterator[Row]:
        """The lines that have something in them, from the top. A cell below the first of a merged column has its value
        (`Origin.MERGED`). Raises `SheetRefused`.
        """

    def spans(self) -> Sequence[Span]:
        """The merged cells within the first `HEAD` lines."""


HEAD = 60
"""Lines in which headers are looked for: titles, seals and signatures stand above them."""


class Book(Protocol):
    """A file that was opened. It reads from the file it was given, which must stay open."""

    @property
    def kind(self) -> Kind: ...

    @property
    def sheets(self) -> Sequence[Sheet]: ...

    def close(self) -> None: ...


def is_merged(cell: Cell) -> bool:
    """Whether a cell only repeats the first of its merged cells."""
    return type(cell) is Derived and cell.origin is Origin.MERGED


def plain(cell: Cell) -> Plain:
    """A cell's value, wherever it comes from."""
    return cell.value if type(cell) is Derived else cell  # type: ignore[return-value]
