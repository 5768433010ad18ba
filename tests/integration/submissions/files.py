"""PDFs, each with one thing wrong, built object by object so that nothing else is."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from deploy.local.crowd.papers import assemble, paper


def good(pages: int = 3) -> bytes:
    return _saved(lambda _: None, pages)


def _saved(change: Callable[[Pdf], None], pages: int = 1, **options: Any) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        for number in range(pages):
            page = pdf.add_blank_page()
            page.Contents = pdf.make_stream(b"BT (page %d) Tj ET" % number)
        change(pdf)
        pdf.save(out, **options)
    return out.getvalue()


def _catalog(name: str, value: object, **options: Any) -> bytes:
    def change(pdf: Pdf) -> None:
        pdf.Root[name] = value

    return _saved(change, **options)


def _action(kind: str, **entries: Any) -> Dictionary:
    return Dictionary(S=Name(kind), **entries)


def _deep_in_a_form_field(pdf: Pdf) -> None:
    script = pdf.make_indirect(_action("/JavaScript", JS=pdf.make_stream(b"app.alert(1)")))
    field = pdf.make_indirect(Dictionary(FT=Name.Tx, T="f", AA=Dictionary(K=Array([script, Dictionary(N=script)]))))
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))


def _attached(pdf: Pdf) -> None:
    pdf.attachments["list.xlsx"] = pikepdf.AttachedFileSpec(pdf, b"PK\x03\x04")


def _clip(pdf: Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([0, 0, 10, 10]))
    pdf.pages[0].Annots = Array([pdf.make_indirect(note)])


def _bomb(pdf: Pdf) -> None:
    packed = zlib.compress(zlib.compress(bytes(200_000_000), 9), 9)
    filters = Array([Name.FlateDecode, Name.FlateDecode])
    pdf.pages[0].Contents = Stream(pdf, packed, Filter=filters)


def _many_filters(pdf: Pdf) -> None:
    data = b"BT ET"
    for _ in range(6):
        data = zlib.compress(data)
    pdf.pages[0].Contents = Stream(pdf, data, Filter=Array([Name.FlateDecode] * 6))


def _vast_image(pdf: Pdf) -> None:
    image = Stream(pdf, b"x", Type=Name.XObject, Subtype=Name.Image, Width=100_000, Height=100_000)
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(I=pdf.make_indirect(image)))


ONE_PAGE = (b"<</Type/Pages/Count 1/Kids[3 0 R]>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>")
"""Objects 2 and 3."""


def _raw(*bodies: bytes) -> bytes:
    """Objects as given, numbered from 1, the first one the catalog, with a sound table."""
    return assemble(list(bodies))


BROKEN: dict[str, tuple[str, Callable[[], bytes]]] = {
    "an empty file": ("not_pdf", lambda: b""),
    "a picture": ("not_pdf", lambda: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "a page of the web": ("not_pdf", lambda: b"<html>%PDF-1.7</html>"),
    "a PDF behind other bytes": ("not_pdf", lambda: b"\n" + good()),
    "a word document": ("not_pdf", lambda: b"PK\x03\x04" + bytes(1000)),
    "one that asks for a password": ("encrypted", lambda: paper("x", 5_000, kind="encrypted")),
    "one that only forbids printing": (
        "encrypted",
        lambda: _saved(lambda _: None, encryption=pikepdf.Encryption(owner="o", user="")),
    ),
    "a torn one": ("unreadable", lambda: paper("x", 300_000, kind="torn")),
    "the first bytes of one": ("unreadable", lambda: good()[:9]),
    "one whose only page is a hole": ("no_pages", lambda: _with_a_hole(paper("x", 20_000))),
    "one whose pages are missing": ("unreadable", lambda: _raw(b"<</Type/Catalog/Pages 9 0 R>>")),
    "one with no pages": (
        "no_pages",
        lambda: _raw(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 0/Kids[]>>"),
    ),
    "a script on opening": (
        "javascript",
        lambda: _catalog("/OpenAction", _action("/JavaScript", JS="app.alert(1)")),
    ),
    "a script deep in a form field": ("javascript", lambda: _saved(_deep_in_a_form_field)),
    "a script in a compressed object": (
        "javascript",
        lambda: _saved(_deep_in_a_form_field, object_stream_mode=pikepdf.ObjectStreamMode.generate),
    ),
    "a script under an escaped name": (
        "javascript",
        lambda: _raw(b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/J#61v#61Script/J#53(1)>>>>", *ONE_PAGE),
    ),
    "a named script": (
        "javascript",
        lambda: _catalog(
            "/Names", Dictionary(JavaScript=Dictionary(Names=Array(["a", _action("/JavaScript", JS="1")])))
        ),
    ),
    "a program to start": (
        "launch_action",
        lambda: _catalog("/OpenAction", _action("/Launch", F="cmd.exe")),
    ),
    "a program after a harmless step": (
        "launch_action",
        lambda: _catalog("/OpenAction", _action("/URI", URI="http://x", Next=_action("/Launch", F="cmd.exe"))),
    ),
    "a form of the XFA kind": (
        "xfa_form",
        lambda: _catalog("/AcroForm", Dictionary(XFA="<xdp/>", Fields=Array([]))),
    ),
    "a file inside": ("embedded_file", lambda: _saved(_attached)),
    "a file as a paper clip": ("embedded_file", lambda: _saved(_clip)),
    "a jump into a file inside": ("embedded_file", lambda: _catalog("/OpenAction", _action("/GoToE"))),
    "a bomb of zeros": ("too_complex", lambda: _saved(_bomb, compress_streams=False)),
    "a stream packed six times": ("too_complex", lambda: _saved(_many_filters, compress_streams=False)),
    "an image of ten billion points": ("too_complex", lambda: _saved(_vast_image)),
    "a table of pages that bites its tail": (
        "unreadable",
        lambda: _raw(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[2 0 R]>>"),
    ),
    "brackets in brackets, ten thousand deep": (
        "too_complex",
        lambda: _raw(b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 10_000 + b"]" * 10_000 + b">>", *ONE_PAGE),
    ),
    "a list of a million": (
        "no_pages",
        lambda: _raw(b"<</Type/Catalog/Pages 2 0 R/X[" + b"0 " * 1_000_000 + b"]>>", b"<</Type/Pages/Count 0/Kids[]>>"),
    ),
}


def _with_a_hole(whole: bytes) -> bytes:
    """A page's own object overwritten with zeros, as when a part of a download never came."""
    at = whole.index(b"<</Type/Page/Parent")
    return whole[:at] + bytes(60) + whole[at + 60 :]
