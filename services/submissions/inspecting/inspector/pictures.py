"""Whether a scanned page has anything on it: told from a thumbnail, or from how small its picture is packed.

Measured on A4 sheets at 150 to 300 dpi with paper noise: at an eighth of its size an empty sheet has no point much
darker than its middle tone, one line of writing has six in ten thousand. The thumbnail of a JPEG takes 1 to 15 ms.
"""

import io
import warnings
from typing import Any, Final

from pikepdf import Object, ObjectType
from PIL import Image

MOST_POINTS: Final = 400_000_000
"""Points of pictures looked at in one file: about a hundred pages at 200 dpi. What comes after counts as filled."""
_LARGEST: Final = 50_000_000
"""Points of one picture: some kinds of JPEG are held in memory whole."""
_SCALE: Final = 8
_MARGIN: Final = 0.05
"""Share of each side that is not looked at: shadows of the lid, punched holes."""
_DARKER: Final = 32
"""Tones below the middle one that count as ink."""
_INK: Final = 0.0003
"""Share of points with ink up to which a sheet is empty: specks."""
_FAX_BYTES_A_ROW: Final = 0.4
"""A fax row without ink takes one bit, one line of writing on the page four times as much on average."""


class Pictures:
    """Looks at the pictures of one file within one budget."""

    def __init__(self) -> None:
        self._points = MOST_POINTS

    def filled(self, image: Object) -> bool:
        """Whether there is something on it, as far as can be told; in doubt there is."""
        points = int(image.get("/Width", 0)) * int(image.get("/Height", 0))
        kind = _last_filter(image)
        if kind == "/CCITTFaxDecode":
            return int(image.get("/Length", 0)) > _FAX_BYTES_A_ROW * int(image.get("/Height", 0)) + 16
        if kind != "/DCTDecode" or points > _LARGEST or image.get("/ImageMask"):
            return True
        self._points -= points
        return self._points < 0 or _has_ink(image.read_raw_bytes())


def _has_ink(jpeg: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
                if image.width * image.height > _LARGEST:
                    return True
                image.draft("L", (max(1, image.width // _SCALE), max(1, image.height // _SCALE)))
                sheet = image.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # what Pillow raises on a broken JPEG
        return True
    aside, above = int(sheet.width * _MARGIN), int(sheet.height * _MARGIN)
    tones = sheet.crop((aside, above, sheet.width - aside, sheet.height - above)).histogram()
    every = sum(tones)
    if not every:
        return True
    middle = _median(tones, every)
    return sum(tones[: max(0, middle - _DARKER)]) > _INK * every or middle < 128  # noqa: PLR2004 (a dark picture)


def _median(tones: list[int], every: int) -> int:
    so_far = 0
    for tone, count in enumerate(tones):
        so_far += count
        if so_far * 2 >= every:
            return tone
    return len(tones)


def _last_filter(image: Object) -> str:
    filters: Any = image.get("/Filter")
    if type(filters) is not Object:
        return ""
    if filters._type_code is ObjectType.name_:  # noqa: SLF001
        return str(filters)
    # More than one filter: what lies in the file is not the JPEG itself.
    return str(filters[0]) if filters._type_code is ObjectType.array and len(filters) == 1 else ""  # noqa: SLF001
