"""The copy that is handed out: the same pages, with nothing in them that acts, reaches out or tells about its author.

Only what the first page leads to is written, so whatever is cut off here is gone from the file.
"""

from typing import BinaryIO, Final

from pikepdf import Object, ObjectStreamMode, Pdf, StreamDecodeLevel

from services.submissions.inspecting.inspector.active import CONTAINERS, containers, is_action

_CUT: Final = (
    "/AA",
    "/OpenAction",
    "/JS",
    "/JavaScript",
    "/XFA",
    "/EF",
    "/EmbeddedFiles",
    "/AF",
    "/Collection",
    "/RichMediaContent",
    "/Metadata",
    "/PieceInfo",
    "/LastModified",
    "/Perms",
    "/DSS",
    "/OPI",
    "/PA",
    "/Renditions",
    "/AlternatePresentations",
    "/URLS",
    "/IDS",
    "/Templates",
    "/ByteRange",
)
_OF_THE_CATALOG: Final = ("/URI", "/Threads", "/SpiderInfo", "/NeedsRendering")


def write_copy(pdf: Pdf, out: BinaryIO) -> None:
    """Writes the copy, page by page in reading order for slow lines (linearized). `pdf` is of no other use afterwards.

    Pictures and content are taken over as they lie there, packed as they were. OSError when `out` takes no more.
    """
    for root in pdf.objects:
        if type(root) is Object:
            for container in containers(root):
                _cut(container)
    for key in _OF_THE_CATALOG:
        if key in pdf.Root:
            del pdf.Root[key]
    for key in ("/Info", "/Encrypt"):
        if key in pdf.trailer:
            del pdf.trailer[key]
    pdf.save(
        out,
        linearize=True,
        preserve_pdfa=False,  # it would write metadata
        fix_metadata_version=False,
        compress_streams=False,
        stream_decode_level=StreamDecodeLevel.none,
        object_stream_mode=ObjectStreamMode.preserve,
    )


def _cut(container: Object) -> None:
    keys = container.keys()
    for key in keys.intersection(_CUT):
        del container[key]
    if "/A" in keys and is_action(container.get("/A")):
        del container["/A"]
    if "/Next" in keys and "/S" in keys:
        del container["/Next"]
    if "/FT" in keys and str(container.get("/FT")) == "/Sig" and "/V" in keys:
        del container["/V"]
    destination = container.get("/Dest")
    if type(destination) is Object and destination._type_code in CONTAINERS:  # noqa: SLF001
        del container["/Dest"]
