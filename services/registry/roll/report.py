"""The roll as it came, with what was said of each row: the user's sheets, rows and cells, colours, and three columns.

Written row by row: what is held does not grow with the file. No cell becomes a formula, whatever stands in it, and what
is text stays text, so that a spreadsheet keeps the zeros of a code.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import xlsxwriter

from services.registry.roll.pages import UNWRITABLE, Fact, Pages
from services.registry.roll.reading import Reading, tables_of
from services.registry.roll.sheets import open_book
from services.registry.roll.spool import Spool

_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\]|^'|'$")
_LONGEST_NAME: Final = 31


def write_report(file: BinaryIO, out: Path, spool: Spool, reading: Reading, facts: Sequence[Fact]) -> None:
    """Write the report of a file that was read into a spool. Takes about as long as reading it."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(out.parent),
    }
    source = open_book(file)
    try:
        with xlsxwriter.Workbook(str(out), options) as book:
            pages, names = Pages(book, spool), _Names()
            for number, (sheet, table) in enumerate(zip(source.sheets, tables_of(source), strict=True)):
                page = book.add_worksheet(names.free(sheet.name or "บัญชีรายชื่อ"))
                if table is None:
                    pages.copied(page, sheet)
                else:
                    pages.judged(page, number, sheet, table, reading.sheets[number])
            pages.gone(book.add_worksheet(names.free("หายจากบัญชี - gone")), spool.changed("gone"))
            pages.summary(book.add_worksheet(names.free("สรุปผล - summary")), facts)
    finally:
        source.close()


class _Names:
    """Names of sheets as they were, made fit where a spreadsheet would refuse them, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, name: str) -> str:
        fit = _FORBIDDEN_IN_NAMES.sub("_", UNWRITABLE.sub("", name))[:_LONGEST_NAME] or "sheet"
        free, number = fit, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{fit[: _LONGEST_NAME - 5]} ({number})"
        self._taken.add(free.casefold())
        return free
