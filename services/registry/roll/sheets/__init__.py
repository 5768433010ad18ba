"""Turns the bytes of a roll into rows of cells, without evaluating, following or trusting anything in them.

XLSX and CSV. The kind is decided by the bytes, never by a name or a header. Rows stream from the file: what is held in
memory does not grow with it. No clock; the only output is to temporary files of its own. Runs in a thread.
"""

from typing import BinaryIO, Final

from services.registry.roll.sheets.delimited import Delimited
from services.registry.roll.sheets.grid import (
    HEAD,
    MOST_COLUMNS,
    MOST_ROWS,
    Book,
    Cell,
    Derived,
    Fault,
    Kind,
    Origin,
    Plain,
    Row,
    Sheet,
    SheetRefused,
    Span,
    is_merged,
    plain,
)
from services.registry.roll.sheets.workbook import Workbook

__all__ = [
    "HEAD",
    "MOST_COLUMNS",
    "MOST_ROWS",
    "Book",
    "Cell",
    "Derived",
    "Fault",
    "Kind",
    "Origin",
    "Plain",
    "Row",
    "Sheet",
    "SheetRefused",
    "Span",
    "is_merged",
    "open_book",
    "plain",
]

_ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP: Final = b"PK\x05\x06"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_NAMED: Final = {b"%PDF": "pdf", b"{\\rtf": "rtf", b"\x1f\x8b": "gz", b"Rar!": "rar", b"7z\xbc\xaf": "7z"}
_MARKUP: Final = (b"<?xml", b"<!doctype", b"<html", b"<table")
_LOOK: Final = 4096
_SPACE: Final = b" \t\r\n\x0b\x0c"


def open_book(file: BinaryIO) -> Book:
    """Open a file for reading its sheets. Raises `SheetRefused`."""
    file.seek(0)
    head = file.read(_LOOK)
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return Workbook(file)
    if head.startswith(_OLE):
        raise _refused_ole(file)
    for begins, kind in _NAMED.items():
        if head.startswith(begins):
            raise SheetRefused("wrong_type", kind)
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)
    if bare[:16].lower().startswith(_MARKUP):
        raise SheetRefused("wrong_type", "html/xml")
    if not bare and not _says_something(file):
        raise SheetRefused("empty")
    return Delimited(file)


def _says_something(file: BinaryIO) -> bool:
    while chunk := file.read(1 << 16):
        if chunk.strip(_SPACE):
            return True
    return False


def _refused_ole(file: BinaryIO) -> SheetRefused:
    """A compound file is a workbook with a password, a workbook of Excel 97–2003, or something else."""
    seen, before = set[str](), b""
    kinds = {"EncryptedPackage": "locked", "Workbook": "xls", "Book": "xls", "WordDocument": "doc"}
    marks = {name.encode("utf-16-le") + b"\0\0": kind for name, kind in kinds.items()}
    file.seek(0)
    while chunk := file.read(1 << 20):
        seen.update(kind for mark, kind in marks.items() if mark in before + chunk)
        before = chunk[-64:]
    if "locked" in seen or not seen:
        return SheetRefused("locked")
    return SheetRefused("wrong_type", "xls" if "xls" in seen else "doc")
