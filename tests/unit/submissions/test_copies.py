"""The copy that is handed out: all that one reads of a report, and nothing that acts or tells about its author."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, Stream

from deploy.local.crowd.papers import paper
from services.submissions.inspecting.inspector.examine import examine


def copy_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    out = io.BytesIO()
    return examine(io.BytesIO(data), out), out.getvalue()


def saved(pdf: Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def busy() -> bytes:
    """A report as an office program makes it: links, an outline, a form, a signature, its author's name."""
    with pikepdf.new() as pdf:
        for number in range(3):
            page = pdf.add_blank_page()
            page.Contents = pdf.make_stream(b"BT /F 12 Tf (page %d) Tj ET" % number)
            page.obj.PieceInfo = Dictionary(App=Dictionary(Private="where it was made"))
        there = Array([pdf.pages[2].obj, Name.Fit])
        away = Dictionary(S=Name.URI, URI="https://www.example.go.th")
        inside = Dictionary(S=Name.GoTo, D=there, Next=Dictionary(S=Name.Named, N=Name.Print))
        pdf.pages[0].Annots = Array([_link(pdf, away), _link(pdf, inside)])
        pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.Named, N=Name.NextPage))
        pdf.Root.OpenAction = Dictionary(S=Name.GoTo, D=there)
        pdf.Root.URI = Dictionary(Base="https://www.example.go.th")
        with pdf.open_outline() as outline:
            outline.root.append(OutlineItem("three", 2))
        seal = Dictionary(Type=Name.Sig, ByteRange=Array([0, 1, 2, 3]), Contents=b"signed", Reason="secret reason")
        field = Dictionary(FT=Name.Sig, T="f", V=pdf.make_indirect(seal))
        pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.make_indirect(field)]))
        pdf.docinfo["/Author"] = "the name of the author"
        with pdf.open_metadata() as metadata:
            metadata["dc:creator"] = ["the name of the author"]
        return saved(pdf)


def _link(pdf: Pdf, action: Dictionary) -> Any:
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=action)
    return pdf.make_indirect(link)


def test_what_acts_or_tells_is_noted_of_the_original_and_gone_from_the_copy() -> None:
    seen, copy = copy_of(busy())
    assert seen["notes"] == ["actions", "form", "links", "metadata", "signature"]
    again, _ = copy_of(copy)
    assert again == {**seen, "notes": ["form"]}
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        everything = b"".join(
            one.unparse(resolved=True) + (one.read_bytes() if isinstance(one, Stream) else b"") for one in pdf.objects
        )
    for gone in (b"author", b"example.go.th", b"secret reason", b"Print", b"NextPage", b"where it was made"):
        assert gone not in everything


def test_pages_outline_and_jumps_within_the_file_stay() -> None:
    _, copy = copy_of(busy())
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        assert [b"page %d" % number in page.Contents.read_bytes() for number, page in enumerate(pdf.pages)] == [
            True
        ] * 3
        assert pdf.pages[0].Annots[1].A.D[0].objgen == pdf.pages[2].obj.objgen
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root] == ["three"]


def test_pictures_are_taken_over_to_the_byte_and_the_copy_is_linearized() -> None:
    data = paper("a", 400_000)
    _, copy = copy_of(data)
    with pikepdf.open(io.BytesIO(data)) as before, pikepdf.open(io.BytesIO(copy)) as after:
        assert after.is_linearized
        pictures = [pdf.pages[0].Resources.XObject.I.read_raw_bytes() for pdf in (before, after)]
        assert pictures[0] == pictures[1]


def test_of_a_file_that_is_sent_back_there_is_no_copy() -> None:
    seen, copy = copy_of(paper("a", 20_000, kind="torn"))
    assert (seen, copy) == ({"finding": "unreadable"}, b"")


def test_a_copy_that_finds_no_room_is_a_finding() -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(27, "File too large")

    assert examine(io.BytesIO(paper("a", 20_000)), Full()) == {"finding": "too_complex"}
