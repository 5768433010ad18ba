"""Looks at printed sheets as a reader does: renders the pages, reads the codes and the text on them."""

from typing import Any

import numpy as np
import pypdfium2
import zxingcpp


def codes_on(pdf: bytes) -> list[str]:
    """What the QR codes on the pages say, in the order of pages."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        image = page.render(scale=2.5, grayscale=True).to_numpy()
        found += [code.text for code in zxingcpp.read_barcodes(image)]
    return found


def text_of(pdf: bytes) -> str:
    """The text that can be selected on the pages."""
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def pages_of(pdf: bytes) -> int:
    return len(pypdfium2.PdfDocument(pdf))


def ink(pdf: bytes) -> np.ndarray[Any, Any]:
    """The first page as grey pixels: 0 is black. The footer is not in it."""
    pixels = np.asarray(pypdfium2.PdfDocument(pdf)[0].render(scale=2.5, grayscale=True).to_numpy()).squeeze()
    return pixels[: int(len(pixels) * 0.9)]
