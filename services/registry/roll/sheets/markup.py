"""The parts of a workbook as they stream out of its archive: bounded, without entities, never whole in memory."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO
from xml.parsers import expat

from services.registry.roll.sheets.grid import LONGEST_CELL, SheetRefused

MOST_INFLATED = 512 * 1024 * 1024
"""Bytes of all parts that are read, unpacked. 100,000 rows take 150 MB."""
MOST_ELEMENTS = 30_000_000
"""Elements of one part. 100,000 rows of 17 columns take 4 to 7 million; more is no roll but work for its own sake."""
MOST_PARTS = 2_000
CHUNK = 64 * 1024
_LONGEST_TEXT = 2 * LONGEST_CELL
"""Characters between two elements. A cell has at most a formula and a value, and those are apart."""

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


class Archive:
    """A workbook's ZIP archive. Each part is unpacked as it is read, within one allowance for all of them."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
            raise SheetRefused("unreadable", "xlsx") from None
        self.names = frozenset(self._zip.namelist())
        self._opened = dict[str, int]()
        if len(self.names) > MOST_PARTS:
            raise SheetRefused("too_large")

    def chunks(self, part: str) -> Iterator[bytes]:
        """The bytes of a part. Raises `SheetRefused`: `locked`, `unreadable` or `too_large`."""
        try:
            info = self._zip.getinfo(part)
            if info.flag_bits & 1:
                raise SheetRefused("locked")
            # What a part says of its size is kept: no more is unpacked, and its checksum is that of all of it.
            self._opened[part] = info.file_size
            if sum(self._opened.values()) > MOST_INFLATED:
                raise SheetRefused("too_large")
            with self._zip.open(info) as opened:
                while chunk := opened.read(CHUNK):
                    yield chunk
        except SheetRefused:
            raise
        except Exception:  # noqa: BLE001  zlib, lzma and zipfile have a dozen ways to say that an archive is torn
            raise SheetRefused("unreadable", "xlsx") from None

    def close(self) -> None:
        """Forget the archive; the file stays open."""
        self._zip.close()


class Parser:
    """An expat parser that takes no document type, so no entities, and no text longer than a cell may hold.

    The text of an element without children is what `take` gives when it ends; whoever begins an element that may hold
    text must `clear` first.
    """

    def __init__(self) -> None:
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = _no_doctype
        self._expat.CharacterDataHandler = self._hear
        self._heard: list[str] = []
        self._length = 0

    def on(self, start: Start, end: End) -> None:
        """Whom to tell of elements, by their names as written."""
        self._expat.StartElementHandler = start
        self._expat.EndElementHandler = end

    def clear(self) -> None:
        """Forget the text that came so far."""
        self._heard.clear()
        self._length = 0

    def take(self) -> str:
        """The text that came since `clear`."""
        heard = self._heard
        return heard[0] if len(heard) == 1 else "".join(heard)

    def feed(self, chunk: bytes, *, last: bool = False) -> None:
        """Parse some more. Raises `SheetRefused`."""
        try:
            self._expat.Parse(chunk, last)
        except expat.ExpatError:
            raise SheetRefused("unreadable", "xlsx") from None

    def _hear(self, text: str) -> None:
        self._length += len(text)
        if self._length > _LONGEST_TEXT:
            raise SheetRefused("too_large")
        self._heard.append(text)


def _no_doctype(*_: object) -> None:
    raise SheetRefused("unreadable", "xlsx")


class Names(dict[str, str]):
    """Element names without their prefix, worked out once each: `x:row` is `row`."""

    def __missing__(self, name: str) -> str:
        local = name.rpartition(":")[2]
        if len(self) < 1_000:  # noqa: PLR2004  no schema has as many
            self[name] = local
        return local


def walk(archive: Archive, part: str, start: Callable[[str, Mapping[str, str]], None]) -> None:
    """Parse a small part, telling each element's local name and attributes (by local names, too)."""
    names, parser = Names(), Parser()
    count = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        parser.clear()
        if count > MOST_ELEMENTS:
            raise SheetRefused("too_large")
        start(names[name], {names[key]: value for key, value in attributes.items()})

    parser.on(begin, _nothing)
    for chunk in archive.chunks(part):
        parser.feed(chunk)
    parser.feed(b"", last=True)


def _nothing(_: str) -> None:
    """Nobody asks where elements end."""
