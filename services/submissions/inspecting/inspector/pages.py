"""What the pages of a PDF are like, told from their content streams and pictures without drawing the pages.

These are guesses for people to look at, never a reason to refuse: whether a page was scanned, whether it may be blank,
whether it is turned.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pikepdf import Array, Matrix, Object, ObjectType, Page, Pdf, parse_content_stream

from services.submissions.inspecting.inspector.active import LOSSLESS
from services.submissions.inspecting.inspector.pictures import Pictures

MOST_CONTENT: Final = 8 * 1024 * 1024
"""Bytes of content streams that are looked at in one file; what comes after them is taken for text."""
MOST_STEPS: Final = 200_000
"""Operators that are followed in one file; the same holds for what comes after."""
MOST_NAMED: Final = 100
"""Page numbers named in an answer."""
_DEEPEST: Final = 5
"""Forms in forms that are followed."""
_WATCHED: Final = "q Q cm Tj TJ ' \" Do INLINE IMAGE f F f* B B* b b* S s sh BI EI"
_SHOWS: Final = frozenset({"Tj", "TJ", "'", '"'})
_PAINTS: Final = frozenset({"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh"})
_COVERS: Final = Decimal("0.5")
"""A picture over so much of the page is the page, not an illustration on it."""


@dataclass
class _Marks:
    """What is on a page."""

    text: bool = False
    paint: bool = False
    covering: bool = False
    picture: bool = False
    filled: bool = False
    """Whether one of its pictures holds anything."""

    @property
    def blank(self) -> bool:
        """Nobody would see anything, as far as can be told."""
        return not (self.text or self.paint or self.filled)

    @property
    def bare(self) -> bool:
        """There is nothing at all on it."""
        return self.blank and not self.picture


def describe(pdf: Pdf) -> dict[str, Any]:
    """`blank` and `turned` page numbers, at most `MOST_NAMED` of each; the `layer` of the whole file; whether all of it
    is `bare`.
    """
    reader = _Reader()
    blank: list[int] = []
    turned: list[int] = []
    written = scanned = bare = 0
    for number, page in enumerate(pdf.pages, 1):
        if _rotation(page.obj):
            turned.append(number)
        marks = reader.marks_of(page)
        if marks.blank:
            blank.append(number)
        bare += marks.bare
        written += marks.text
        scanned += marks.covering and not marks.text
    layer = ("none", "text", "scan", "mixed")[bool(written) + 2 * bool(scanned)]
    return {
        "blank": blank[:MOST_NAMED],
        "turned": turned[:MOST_NAMED],
        "layer": layer,
        "bare": bare == len(pdf.pages),
    }


@dataclass(frozen=True)
class _Sheet:
    """Where a content stream draws: on a page of so many square points, with these resources, so deep in forms."""

    marks: _Marks
    area: Decimal
    resources: Object | None
    depth: int = 0


class _Reader:
    """Reads the content of pages within one budget."""

    def __init__(self) -> None:
        self._bytes, self._steps = MOST_CONTENT, MOST_STEPS
        self._pictures = Pictures()

    def marks_of(self, page: Page) -> _Marks:
        marks = _Marks()
        if any(_is_shown(note) for note in _items(page.obj.get("/Annots"))):
            marks.paint = True
        box = [Decimal(str(side)) for side in page.mediabox]
        area = abs((box[2] - box[0]) * (box[3] - box[1])) or Decimal(1)
        self._read(page, _Sheet(marks, area, _resources(page.obj)), Matrix())
        return marks

    def _read(self, content: Any, sheet: _Sheet, matrix: Matrix) -> None:
        size = _length(content)
        self._bytes -= size
        if self._bytes < 0:
            sheet.marks.text = True
        if self._bytes < 0 or not size:
            return
        saved = []
        for instruction in parse_content_stream(content, _WATCHED):
            self._steps -= 1
            if self._steps < 0:
                sheet.marks.text = True
                return
            operator, operands = str(instruction.operator), instruction.operands
            if operator == "q":
                saved.append(matrix)
            elif operator == "Q":
                matrix = saved.pop() if saved else matrix
            elif operator == "cm":
                matrix = Matrix(*(float(one) for one in operands)) @ matrix
            elif operator == "Do":
                self._do(_named(sheet.resources, operands[0]), sheet, matrix)
            else:
                _mark(sheet.marks, operator, operands)

    def _do(self, thing: Object | None, sheet: _Sheet, matrix: Matrix) -> None:
        if thing is None:
            return
        kind, marks = str(thing.get("/Subtype")), sheet.marks
        if kind == "/Image":
            marks.picture = True
            marks.filled = marks.filled or self._pictures.filled(thing)
            covered = abs(Decimal(matrix.a * matrix.d - matrix.b * matrix.c)) / sheet.area
            marks.covering = marks.covering or covered >= _COVERS
        elif kind == "/Form" and sheet.depth < _DEEPEST:
            own, place = thing.get("/Resources"), thing.get("/Matrix")
            inside = own if type(own) is Object else sheet.resources
            if isinstance(place, Array):
                matrix = Matrix(*(float(one) for one in place)) @ matrix
            self._read(thing, _Sheet(marks, sheet.area, inside, sheet.depth + 1), matrix)
        else:
            marks.paint = True


def _mark(marks: _Marks, operator: str, operands: Any) -> None:
    if operator == "INLINE IMAGE":
        marks.picture = marks.filled = True
    elif operator in _PAINTS:
        marks.paint = True
    elif operator in _SHOWS and not marks.text:
        marks.text = _says_something(operands)


def _length(content: Any) -> int:
    """Bytes to parse: decoded streams of a page, or of a form."""
    if isinstance(content, Page):
        return sum(len(stream.read_bytes(LOSSLESS)) for stream in _items(content.obj.get("/Contents")))
    return len(content.read_bytes(LOSSLESS))


def _items(value: Any) -> Iterator[Object]:
    """The dictionaries and streams in an array, or the one that stands in its place."""
    if type(value) is not Object:
        return
    kind = value._type_code  # noqa: SLF001
    if kind in {ObjectType.dictionary, ObjectType.stream}:
        yield value
    elif kind is ObjectType.array:
        for one in value:
            if type(one) is Object and one._type_code in {ObjectType.dictionary, ObjectType.stream}:  # noqa: SLF001
                yield one


def _inherited(page: Object, key: str) -> Any:
    for _ in range(50):
        value = page.get(key)
        if value is not None:
            return value
        parent = page.get("/Parent")
        if type(parent) is not Object:
            return None
        page = parent
    return None


def _resources(page: Object) -> Object | None:
    found = _inherited(page, "/Resources")
    return found if type(found) is Object else None


def _rotation(page: Object) -> int:
    turned = _inherited(page, "/Rotate")
    return int(turned) % 360 if isinstance(turned, (int, Decimal)) else 0


def _named(resources: Object | None, name: Any) -> Object | None:
    table = resources.get("/XObject") if resources is not None else None
    found = table.get(str(name)) if type(table) is Object else None
    return found if type(found) is Object and found._type_code is ObjectType.stream else None  # noqa: SLF001


def _is_shown(note: Object) -> bool:
    return "/AP" in note and str(note.get("/Subtype")) not in {"/Popup", "/Link"}


def _says_something(operands: Any) -> bool:
    """Whether a text operator shows more than spaces. Codes of composed fonts are not known here: any other is text."""
    for operand in operands:
        if type(operand) is not Object:
            continue
        pieces = operand if operand._type_code is ObjectType.array else [operand]  # noqa: SLF001
        for piece in pieces:
            if type(piece) is Object and bytes(piece).strip(b" \t\r\n\0"):
                return True
    return False
