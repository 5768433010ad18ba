"""What is told of the pages of a report: turned, blank, scanned or written."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image, ImageDraw

from services.submissions.inspecting.inspector.examine import examine

A4_AT_150 = (1240, 1754)


def document(*pages: Callable[[Pdf, pikepdf.Page], None]) -> dict[str, Any]:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        for fill in pages:
            fill(pdf, pdf.add_blank_page(page_size=(595, 842)))
        pdf.save(out)
    return examine(io.BytesIO(out.getvalue()))


def blank(_pdf: Pdf, _page: pikepdf.Page) -> None:
    """As it is."""


def written(pdf: Pdf, page: pikepdf.Page) -> None:
    page.Contents = pdf.make_stream(b"BT /F 12 Tf (text) Tj ET")


def spaces(pdf: Pdf, page: pikepdf.Page) -> None:
    page.Contents = pdf.make_stream(b"BT /F 12 Tf (   ) Tj [( ) 20 (\t)] TJ ET")


def drawn(pdf: Pdf, page: pikepdf.Page) -> None:
    page.Contents = pdf.make_stream(b"0 0 m 100 100 l S")


def in_a_form(pdf: Pdf, page: pikepdf.Page) -> None:
    form = Stream(pdf, b"BT (text) Tj ET", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    page.Resources = Dictionary(XObject=Dictionary(F=pdf.make_indirect(form)))
    page.Contents = pdf.make_stream(b"/F Do")


def turned(pdf: Pdf, page: pikepdf.Page) -> None:
    written(pdf, page)
    page.obj.Rotate = 90


def scan(lines: int, place: bytes = b"595 0 0 842 0 0", text: bytes = b"", kind: str = "JPEG") -> Any:
    """A page with a picture of so many lines of writing on paper that is not quite white."""

    def fill(pdf: Pdf, page: pikepdf.Page) -> None:
        sheet = Image.effect_noise(A4_AT_150, 4).point(lambda tone: min(255, tone + 110))
        pen = ImageDraw.Draw(sheet)
        for line in range(lines):
            pen.text((100, 100 + 24 * line), f"self-assessment of the center, line {line}, with all its words", 40)
        packed = io.BytesIO()
        if kind == "TIFF":
            sheet = sheet.convert("1", dither=Image.Dither.NONE)
            sheet.save(packed, kind, compression="group4", strip_size=1 << 30)
            data, options = strip(packed.getvalue()), {"Filter": Name.CCITTFaxDecode, "BitsPerComponent": 1}
        else:
            sheet.save(packed, kind, quality=75)
            data, options = packed.getvalue(), {"Filter": Name.DCTDecode, "BitsPerComponent": 8}
        image = Stream(
            pdf,
            data,
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=A4_AT_150[0],
            Height=A4_AT_150[1],
            ColorSpace=Name.DeviceGray,
            **options,
        )
        page.Resources = Dictionary(XObject=Dictionary(I=pdf.make_indirect(image)))
        page.Contents = pdf.make_stream(b"q %s cm /I Do Q %s" % (place, text))

    return fill


def strip(tiff: bytes) -> bytes:
    """The packed rows of a TIFF with one strip."""
    with Image.open(io.BytesIO(tiff)) as image:
        (start,), (size,) = image.tag_v2[273], image.tag_v2[279]  # type: ignore[attr-defined]
    return tiff[start : start + size]


def test_pages_that_were_turned_are_named() -> None:
    assert document(written, turned, written, turned)["turned"] == [2, 4]


def test_pages_with_nothing_or_nothing_but_spaces_are_blank() -> None:
    seen = document(written, blank, spaces, drawn, in_a_form)
    assert seen["blank"] == [2, 3]


def test_a_file_of_blank_pages_is_sent_back() -> None:
    assert document(blank, spaces) == {"finding": "blank"}


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_scan_of_writing_is_a_scan_and_not_blank(kind: str) -> None:
    seen = document(scan(30, kind=kind), scan(6, kind=kind))
    assert (seen["layer"], seen["blank"]) == ("scan", [])


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_scan_of_an_empty_sheet_is_told_as_blank_and_never_a_reason_to_refuse(kind: str) -> None:
    seen = document(scan(0, kind=kind))
    assert (seen["layer"], seen["blank"]) == ("scan", [1])


def test_a_scan_with_a_text_layer_can_be_searched_and_counts_as_text() -> None:
    assert document(scan(30, text=b"BT 3 Tr (recognised) Tj ET"))["layer"] == "text"


def test_a_picture_beside_text_is_an_illustration() -> None:
    assert document(scan(30, b"200 0 0 200 10 10", b"BT (text) Tj ET"))["layer"] == "text"


def test_text_and_scans_are_mixed() -> None:
    assert document(written, scan(30))["layer"] == "mixed"


def test_only_the_first_hundred_are_named() -> None:
    seen = document(written, *[blank] * 150)
    assert seen["pages"] == 151
    assert seen["blank"] == list(range(2, 102))
