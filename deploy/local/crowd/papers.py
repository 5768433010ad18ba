"""Self-assessment reports made up for rehearsals: valid PDFs of any size, each with bytes of its own.

The same seed gives the same bytes (an encrypted paper apart: its keys are random). The bulk is an uncompressed grey
image, as a scanned page would be, so a paper of 5 MB takes milliseconds to make.
"""

import io
import random
from typing import Final, Literal

import pikepdf

Kind = Literal["good", "encrypted", "torn"]

SMALLEST: Final = 2_000
"""Bytes; what the pages themselves need."""
USUAL: Final = (200_000, 5_000_000)
"""Bytes, from and to: what centers were seen to send."""
_WIDTH: Final = 600
_BLOCK: Final = 65_536


def usual_size(chance: random.Random) -> int:
    """A size in bytes within `USUAL`; small ones are more frequent, as they are in life."""
    low, high = USUAL
    return int(low * (high / low) ** chance.random())


def paper(seed: int | str, size: int, *, kind: Kind = "good", title: str = "Self-Assessment Report") -> bytes:
    """A report of about `size` bytes (within a few hundred). `title` is ASCII and shown on each page."""
    whole = _report(f"paper:{seed}", max(size, SMALLEST), title)
    if kind == "encrypted":
        return _encrypted(whole)
    if kind == "torn":
        return whole[: len(whole) * 2 // 3]
    return whole


def _report(seed: str, size: int, title: str) -> bytes:
    pages = 1 + min(30, size // 100_000)
    rows = max(1, (size - 700 - pages * 330) // _WIDTH)
    text = title.encode("ascii", "replace").translate(None, b"()\\")
    kids = b" ".join(b"%d 0 R" % (5 + 2 * number) for number in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        _stream(
            b"/Type/XObject/Subtype/Image/ColorSpace/DeviceGray/BitsPerComponent 8/Width %d/Height %d" % (_WIDTH, rows),
            _noise(seed, _WIDTH * rows),
        ),
    ]
    for number in range(pages):
        picture = b"/XObject<</I 4 0 R>>" if number == 0 else b""
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>%s>>/Contents %d 0 R>>"
            % (picture, 6 + 2 * number)
        )
        shown = b"q 500 0 0 600 50 60 cm /I Do Q " if number == 0 else b""
        line = b"BT /F 14 Tf 50 780 Td (%s, page %d of %d) Tj ET" % (text, number + 1, pages)
        objects.append(_stream(b"", shown + line))
    return assemble(objects)


def _noise(seed: str, size: int) -> bytes:
    """One random block over and over: unlike any other paper's, and a thousand of them in a second."""
    block = random.Random(seed).randbytes(min(size, _BLOCK))  # noqa: S311
    return (block * (size // _BLOCK + 1))[:size]


def _stream(entries: bytes, data: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)


def assemble(objects: list[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1, of which the first is the catalog."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def _encrypted(plain: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(plain)) as pdf:
        pdf.save(out, compress_streams=False, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()
