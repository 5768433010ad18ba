"""Looking into one PDF: is it whole, is it open, does it hold anything but pages, and what are its pages like?

Nothing is guessed from the bytes: qpdf resolves every object, compressed or not, and each is looked at.
Recovery is off, because a reader that repairs a file may find other objects in it than we did. What is refused as
damaged is looked through once more with it, to tell a broken file from one that would attack somebody.
"""

from typing import Any, BinaryIO

import pikepdf
from pikepdf import Object, ObjectType, PasswordError, Pdf, PdfError
from pikepdf.settings import qpdf_limit_errors, set_qpdf_limits

from services.submissions.inspecting.inspector.active import LOSSLESS, containers, refused, taken_out
from services.submissions.inspecting.inspector.copying import write_copy
from services.submissions.inspecting.inspector.damaged import named
from services.submissions.inspecting.inspector.pages import describe

MAGIC = b"%PDF-"
LARGEST_IMAGE = 200_000_000
"""Pixels: an A0 sheet at 300 dpi in colour has 140 million."""
LARGEST_TEXT = 256 * 1024 * 1024
"""Bytes, decoded, of everything in a file that is not an image."""

_DECODED_HERE = frozenset({"/FlateDecode", "/LZWDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode"})
_WORST_FIRST = (
    "launch_action",
    "javascript",
    "embedded_file",
    "xfa_form",
    "remote_content",
    "multimedia",
    "too_complex",
)


def set_limits() -> None:
    """Qpdf's own limits, for the life of the process; most of them are off by default."""
    set_qpdf_limits(
        flate_max_memory=64 * 1024 * 1024,
        run_length_max_memory=64 * 1024 * 1024,
        png_max_memory=64 * 1024 * 1024,
        tiff_max_memory=64 * 1024 * 1024,
        dct_max_memory=64 * 1024 * 1024,
        max_stream_filters=4,
        parser_max_container_size=50_000,
        doc_max_warnings=50,
    )


def examine(file: BinaryIO, copy: BinaryIO | None = None) -> dict[str, Any]:
    """What was seen in a file with nothing wrong, else `{"finding": code}`; then `copy` holds what may be handed out.

    Raises only `MemoryError`.
    """
    if file.read(len(MAGIC)) != MAGIC:
        return {"finding": "not_pdf"}
    file.seek(0)
    before = qpdf_limit_errors()
    try:
        with pikepdf.open(file, attempt_recovery=False, inherit_page_attributes=False) as pdf:
            result = _examine(pdf)
            if copy is not None and "finding" not in result:
                write_copy(pdf, copy)
                copy.flush()
    except PasswordError:
        return {"finding": "encrypted"}
    except OSError:  # the copy grew past its limit
        result = {"finding": "too_complex"}
    except (PdfError, ValueError, TypeError, RuntimeError, LookupError, ArithmeticError) as error:
        # pikepdf raises the last five on objects that are not what their place asks for.
        if qpdf_limit_errors() == before:  # else it is refused for that, and mending would run into it again
            return {"finding": _named_if_active(file, _meaning(str(error)))}
        result = {"finding": "too_complex"}
    # Past a limit qpdf often goes on with a piece missing, so its count decides, not what came out.
    return {"finding": "too_complex"} if qpdf_limit_errors() > before else result


def _meaning(message: str) -> str:
    """One class of qpdf's covers most of its errors; words tell those apart that a center should know apart."""
    if "no pages found" in message:
        return "no_pages"
    return "too_complex" if "memory limit" in message else "unreadable"


def _named_if_active(file: BinaryIO, meaning: str) -> str:
    """The worst that a damaged file holds, as far as can be told; else what was found at first."""
    if meaning == "too_complex":
        return meaning
    found = named(file) - {"too_complex"}
    return next((code for code in _WORST_FIRST if code in found), meaning)


def _examine(pdf: Pdf) -> dict[str, Any]:
    if pdf.is_encrypted:
        return {"finding": "encrypted"}
    found, notes = _walk(pdf)
    for code in _WORST_FIRST:
        if code in found:
            return {"finding": code}
    warnings = pdf.get_warnings()
    if any("duplicated key" in warning for warning in warnings):
        return {"finding": "unreadable"}  # another reader would see the other one
    pages = len(pdf.pages)
    if not pages:
        return {"finding": "no_pages"}
    seen = describe(pdf)
    if seen.pop("bare"):
        damaged = any(": kid " not in warning for warning in (*warnings, *pdf.get_warnings()))
        return {"finding": "unreadable" if damaged else "blank"}  # what a page was to inherit is no damage
    if "/Info" in pdf.trailer:
        notes.add("metadata")
    return {"pages": pages, "notes": sorted(notes), **seen}


def _walk(pdf: Pdf) -> tuple[set[str], set[str]]:
    found: set[str] = set()
    notes: set[str] = set()
    budget = LARGEST_TEXT
    for root in pdf.objects:
        if type(root) is not Object:
            continue
        for container in containers(root):
            found.update(refused(container))
            notes.update(taken_out(container))
        if root._type_code is ObjectType.stream:  # noqa: SLF001 (isinstance costs five times as much)
            budget -= _decoded_size(root, found)
            if budget < 0:
                return found | {"too_complex"}, notes
    return found, notes


def _decoded_size(stream: Object, found: set[str]) -> int:
    if stream.get("/Subtype") == "/Image":
        if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > LARGEST_IMAGE:
            found.add("too_complex")
        return 0
    filters = stream.get("/Filter")
    names = [filters] if isinstance(filters, pikepdf.Name) else list(filters or ())
    if not {str(name) for name in names} <= _DECODED_HERE:
        return 0
    return len(stream.read_bytes(LOSSLESS))
