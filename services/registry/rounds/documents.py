"""The manual and the letters of a round: which files are taken, and how a round lists them. Pure.

A file is what its first bytes say, whatever it is called. Documents are small and read by every center, so they pass
through the service: nobody needs to reach the object store for a letter.
"""

import hashlib
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Final

from services.registry.domain import Round
from services.registry.rounds.parts import DocumentKind, RoundDocument
from shared.security.principals import Principal

LARGEST: Final = 20 * 1024 * 1024
"""Bytes. A scanned manual of two hundred pages takes about twelve."""
MOST: Final = 40
"""Documents of one round; they are listed in its document."""

_OFFICE: Final = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MAGIC: Final = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
MEDIA_TYPES: Final = (*_MAGIC.values(), *_OFFICE.values())
"""What a document may be."""
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]+")
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class NotADocument:
    """Neither PDF nor Word, Excel, PNG or JPEG; or it holds macros."""


@dataclass(frozen=True, slots=True)
class EmptyDocument:
    """There is nothing in it."""


@dataclass(frozen=True, slots=True)
class TooManyDocuments:
    """The round lists as many as it can."""


@dataclass(frozen=True, slots=True)
class RoundOver:
    """A closed round is a record: its documents stay as they are."""


@dataclass(frozen=True, slots=True)
class DocumentUnknown:
    """The round has no such document."""


DocumentRefusal = NotADocument | EmptyDocument | TooManyDocuments | RoundOver | DocumentUnknown


def media_type_of(data: bytes) -> str | NotADocument | EmptyDocument:
    """What a file is, by its bytes."""
    if not data:
        return EmptyDocument()
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    return _office_type(data) if data.startswith(b"PK\x03\x04") else NotADocument()


def _office_type(data: bytes) -> str | NotADocument:
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            names = set(parts.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return NotADocument()
    if any(name.endswith("vbaProject.bin") for name in names):
        return NotADocument()
    return next((kind for part, kind in _OFFICE.items() if part in names), NotADocument())


def safe_name(name: str) -> str:
    """A file name without what a path, a header or a reading direction could be broken with."""
    plain = _FORBIDDEN.sub(" ", name).strip(" .")
    return " ".join(plain.split())[:_LONGEST_NAME] or "document"


def document_of(
    state: Round, kind: DocumentKind, name: str, media_type: str, data: bytes, by: Principal, now: datetime
) -> RoundDocument:
    """The document these bytes make, not yet stored. The same bytes have the same id within a round."""
    digest = hashlib.sha256(data).hexdigest()
    return RoundDocument(
        id=digest[:16],
        kind=kind,
        name=safe_name(name),
        media_type=media_type,
        size=len(data),
        sha256=digest,
        key=f"rounds/{state.round}/documents/{digest}",
        version=None,
        added_at=now,
        added_org=by.org,
    )


def may_add(state: Round, document_id: str | None = None) -> RoundOver | TooManyDocuments | None:
    """Whether the round takes another document; one that it has already, it takes."""
    if state.state == "closed":
        return RoundOver()
    known = any(one.id == document_id for one in state.documents)
    return TooManyDocuments() if not known and len(state.documents) >= MOST else None


def add_document(state: Round, document: RoundDocument) -> Round | RoundOver | TooManyDocuments:
    """The round with the document. One with the same bytes stays as it is."""
    if unfit := may_add(state, document.id):
        return unfit
    if any(one.id == document.id for one in state.documents):
        return state
    return state.model_copy(update={"documents": (*state.documents, document)})


def document_with(state: Round, document_id: str) -> RoundDocument | DocumentUnknown:
    """The document with this id."""
    return next((one for one in state.documents if one.id == document_id), DocumentUnknown())


def remove_document(state: Round, document_id: str) -> Round | RoundOver | DocumentUnknown:
    """The round without the document."""
    if state.state == "closed":
        return RoundOver()
    left = tuple(one for one in state.documents if one.id != document_id)
    return DocumentUnknown() if left == state.documents else state.model_copy(update={"documents": left})
