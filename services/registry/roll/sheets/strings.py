"""A workbook's shared strings, on disk: a sheet of 100,000 rows has half a million of them."""

import json
import tempfile
from array import array
from functools import lru_cache
from typing import Protocol

from services.registry.roll.sheets.grid import LONGEST_CELL, SheetRefused
from services.registry.roll.sheets.markup import MOST_ELEMENTS, Archive, Names, Parser

MOST_STRINGS = 1_000_000
"""More than a roll of as many rows as are read can have."""
BLOCK = 256
"""Strings that are read back together: programs number them as they come, so neighbours are asked for together."""
BLOCKS_KEPT = 256
"""Of the blocks asked for last; some 10 MB at most in Thai rolls."""


class Texts(Protocol):
    """Shared strings by number."""

    def __getitem__(self, number: int) -> str: ...

    def close(self) -> None: ...


class NoStrings:
    """A workbook without shared strings."""

    def __getitem__(self, number: int) -> str:
        raise IndexError(number)

    def close(self) -> None:
        """Nothing is held."""


class SharedStrings:
    """Written once, in order, then read by number. Memory does not grow with the file, save for eight bytes a block."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        self._starts = array("Q", [0])
        self._block: list[str] = []
        self._count = 0
        self._read = lru_cache(BLOCKS_KEPT)(self._read_block)

    def add(self, text: str) -> None:
        """Keep the next string. Raises `SheetRefused` past `MOST_STRINGS`."""
        self._block.append(text)
        self._count += 1
        if self._count > MOST_STRINGS:
            raise SheetRefused("too_large")
        if len(self._block) == BLOCK:
            self._spill()

    def done(self) -> None:
        """No more strings come."""
        if self._block:
            self._spill()

    def __getitem__(self, number: int) -> str:
        """Raises `IndexError` for a number that none has."""
        if not 0 <= number < self._count:
            raise IndexError(number)
        return self._read(number // BLOCK)[number % BLOCK]

    def _spill(self) -> None:
        written = json.dumps(self._block, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._file.write(written)
        self._starts.append(self._starts[-1] + len(written))
        self._block = []

    def _read_block(self, number: int) -> tuple[str, ...]:
        start, end = self._starts[number], self._starts[number + 1]
        self._file.seek(start)
        return tuple(json.loads(self._file.read(end - start).decode("utf-8", "surrogatepass")))

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()


class _StringsParser:
    """Takes the strings of a part's markup into `strings`. Reading aids (`rPh`) are no text."""

    def __init__(self, strings: SharedStrings) -> None:
        self.parser = Parser()
        self.parser.on(self._start, self._end)
        self._strings, self._names = strings, Names()
        self._pieces: list[str] = []
        self._aside = self._seen = 0

    def _start(self, name: str, _: dict[str, str]) -> None:
        self._seen += 1
        if self._seen > MOST_ELEMENTS:
            raise SheetRefused("too_large")
        self.parser.clear()
        if self._names[name] == "rPh":
            self._aside += 1

    def _end(self, name: str) -> None:
        local = self._names[name]
        if local == "t":
            if not self._aside:
                self._pieces.append(self.parser.take())
        elif local == "rPh":
            self._aside -= 1
        elif local == "si":
            text = "".join(self._pieces)
            self._pieces.clear()
            if len(text) > LONGEST_CELL:
                raise SheetRefused("too_large")
            self._strings.add(text)


def read_strings(archive: Archive, part: str) -> SharedStrings:
    """Read a workbook's shared strings. Raises `SheetRefused`."""
    strings = SharedStrings()
    parser = _StringsParser(strings).parser
    try:
        for chunk in archive.chunks(part):
            parser.feed(chunk)
        parser.feed(b"", last=True)
    except BaseException:
        strings.close()
        raise
    strings.done()
    return strings
