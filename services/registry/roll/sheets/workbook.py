"""XLSX workbooks, read as they stream: nothing is evaluated, followed or trusted, and memory stays flat."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

from services.registry.roll.sheets.cells import rows_of
from services.registry.roll.sheets.grid import MOST_SHEETS, Kind, Row, SheetRefused, Span
from services.registry.roll.sheets.markup import Archive, walk
from services.registry.roll.sheets.spans import Spans, filled_down, read_spans
from services.registry.roll.sheets.strings import NoStrings, Texts, read_strings
from services.registry.roll.sheets.styles import Style, read_styles

_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_WORKSHEET, _STRINGS, _STYLES = "/worksheet", "/sharedStrings", "/styles"
_OTHERS = {
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.bin": "xlsb",
    "content.xml": "ods",
}


class Worksheet:
    """One visible sheet of a workbook."""

    def __init__(self, book: "Workbook", name: str, part: str) -> None:
        self._book, self._name, self._part = book, name, part
        self._spans: Spans | None = None

    @property
    def name(self) -> str:
        return self._name

    def rows(self) -> Iterator[Row]:
        """As `Sheet.rows`."""
        book = self._book
        rows = rows_of(book.archive, self._part, book.strings, book.styles, since_1904=book.since_1904)
        return filled_down(rows, self._merged())

    def spans(self) -> Sequence[Span]:
        """As `Sheet.spans`."""
        return self._merged().in_head()

    def _merged(self) -> Spans:
        if self._spans is None:
            self._spans = read_spans(self._book.archive, self._part)
        return self._spans


class Workbook:
    """An XLSX file. Raises `SheetRefused` when it is none, or not one this service reads."""

    kind: Kind = "xlsx"

    def __init__(self, file: BinaryIO) -> None:
        self.archive = Archive(file)
        if _WORKBOOK not in self.archive.names or _RELATIONS not in self.archive.names:
            raise SheetRefused("wrong_type", _office_kind(self.archive.names))
        parts = _parts(self.archive)
        listed, self.since_1904 = _listed(self.archive)
        self.sheets = tuple(
            Worksheet(self, name, parts[link][1])
            for name, link in listed
            if link in parts and parts[link][0].endswith(_WORKSHEET) and parts[link][1] in self.archive.names
        )
        self.styles: tuple[Style, ...] = ()
        self.strings: Texts = NoStrings()
        for kind, part in parts.values():
            if part not in self.archive.names:
                continue
            if kind.endswith(_STYLES):
                self.styles = read_styles(self.archive, part)
            elif kind.endswith(_STRINGS) and type(self.strings) is NoStrings:
                self.strings = read_strings(self.archive, part)

    def close(self) -> None:
        """Give back what was spilled to disk."""
        self.strings.close()
        self.archive.close()


def _parts(archive: Archive) -> dict[str, tuple[str, str]]:
    """What the workbook links to: by the link's id, the kind of part and its name in the archive."""
    found: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            found[attributes.get("Id", "")] = attributes.get("Type", ""), part

    walk(archive, _RELATIONS, start)
    return found


def _listed(archive: Archive) -> tuple[list[tuple[str, str]], bool]:
    """The visible sheets in their order, each with its link, and whether days count from 1904."""
    found: list[tuple[str, str]] = []
    since_1904 = False

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal since_1904
        if name == "workbookPr":
            since_1904 = attributes.get("date1904") in {"1", "true"}
        elif name == "sheet" and attributes.get("state", "visible") == "visible":
            if len(found) >= MOST_SHEETS:
                raise SheetRefused("too_large")
            found.append((attributes.get("name", ""), attributes.get("id", "")))

    walk(archive, _WORKBOOK, start)
    return found, since_1904


def _office_kind(names: Iterable[str]) -> str:
    there = set(names)
    return next((kind for part, kind in _OTHERS.items() if part in there), "zip")
