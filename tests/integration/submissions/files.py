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


def _annotated(**entries: Any) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        note = Dictionary(Type=Name.Annot, Rect=Array([0, 0, 10, 10]), **entries)
        pdf.pages[0].Annots = Array([pdf.make_indirect(note)])

    return change


def _picture_from_elsewhere(pdf: Pdf) -> None:
    image = Stream(pdf, b"", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, F="\\\\host\\a.jpg")
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(I=pdf.make_indirect(image)))


def _wicked_font(pdf: Pdf) -> None:
    matrix = Array([1, 2, 3, 4, 5, pikepdf.String("1); alert('x'")])
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.A, FontMatrix=matrix)
    pdf.pages[0].Resources = Dictionary(Font=Dictionary(F=pdf.make_indirect(font)))


def _wicked_function(pdf: Pdf) -> None:
    code = Stream(pdf, b'{ fetch("https://host") }', FunctionType=4, Domain=Array([0, 1]), Range=Array([0, 1]))
    pdf.Root.F = pdf.make_indirect(code)


def _wicked_metadata(pdf: Pdf) -> None:
    text = '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'.encode("utf-16")
    pdf.Root.Metadata = pdf.make_indirect(Stream(pdf, text, Type=Name.Metadata, Subtype=Name.XML))


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
    "a jump into another file": ("remote_content", lambda: _catalog("/OpenAction", _action("/GoToR", F="a.pdf"))),
    "a form that sends itself": ("remote_content", lambda: _saved(_annotated(A=_action("/SubmitForm", F="http://x")))),
    "data from elsewhere": ("remote_content", lambda: _catalog("/OpenAction", _action("/ImportData", F="a.fdf"))),
    "a link that opens by itself": ("remote_content", lambda: _catalog("/OpenAction", _action("/URI", URI="http://x"))),
    "a link that opens when the page is shown": (
        "remote_content",
        lambda: _saved(lambda pdf: pdf.pages[0].obj.update({"/AA": Dictionary(O=_action("/URI", URI="http://x"))})),
    ),
    "a link to a file share": (
        "remote_content",
        lambda: _saved(_annotated(Subtype=Name.Link, A=_action("/URI", URI="\\\\host\\share"))),
    ),
    "a link that is a script": (
        "javascript",
        lambda: _saved(_annotated(Subtype=Name.Link, A=_action("/URI", URI=" JavaScript:alert(1)"))),
    ),
    "a picture that lies elsewhere": ("remote_content", lambda: _saved(_picture_from_elsewhere)),
    "metadata that fetches a file": ("remote_content", lambda: _saved(_wicked_metadata, fix_metadata_version=False)),
    "a script in a font": ("javascript", lambda: _saved(_wicked_font)),
    "a script in a colour function": ("javascript", lambda: _saved(_wicked_function)),
    "a script in a comment": (
        "javascript",
        lambda: _saved(_annotated(Subtype=Name.Text, T="<img src=x onerror=alert(1)>")),
    ),
    "a film": ("multimedia", lambda: _saved(_annotated(Subtype=Name.RichMedia))),
    "a sound": ("multimedia", lambda: _saved(_annotated(Subtype=Name.Link, A=_action("/Sound")))),
    "the same key twice": (
        "unreadable",
        lambda: _raw(b"<</Type/Catalog/Pages 2 0 R/Lang(th)/Lang(en)>>", *ONE_PAGE),
    ),
    "nothing but blank pages": ("blank", lambda: _raw(b"<</Type/Catalog/Pages 2 0 R>>", *ONE_PAGE)),
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
