"""What a file that cannot be read as it is would do if a reader mended it: enough to call it by its name.

It is sent back either way. Files made to attack somebody often have broken tables, which most readers mend without a
word; to tell their sender "damaged, save it anew" would say the lesser half. Nothing here can make a file pass.
"""

import re
from contextlib import suppress
from typing import BinaryIO, Final

import pikepdf
from pikepdf import Object, PdfError

from services.submissions.inspecting.inspector.active import containers, refused

LARGEST_MENDED: Final = 4 * 1024 * 1024
"""Bytes. Mending reads a file several times, and a large one is a torn scan."""
LARGEST_SEARCHED: Final = 64 * 1024 * 1024
"""Bytes: 50 MB take two seconds at most."""

_BROKEN: Final = (PdfError, ValueError, TypeError, RuntimeError, LookupError, ArithmeticError)
_STREAM: Final = re.compile(rb"\bstream\r?\n.*?(?:endstream|\Z)", re.DOTALL)
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_NAMES: Final = {
    b"/Launch": "launch_action",
    b"/JavaScript": "javascript",
    b"/JS": "javascript",
    b"/GoToE": "embedded_file",
    b"/EmbeddedFile": "embedded_file",
    b"/EmbeddedFiles": "embedded_file",
    b"/FileAttachment": "embedded_file",
    b"/XFA": "xfa_form",
    b"/GoToR": "remote_content",
    b"/SubmitForm": "remote_content",
    b"/ImportData": "remote_content",
    b"/RichMedia": "multimedia",
    b"/Rendition": "multimedia",
}
_ANY: Final = re.compile(rb"(?:" + b"|".join(sorted(_NAMES, reverse=True)) + rb")(?![^\s()<>\[\]{}/%])")


def named(file: BinaryIO) -> set[str]:
    """Codes of findings: of the objects of the file as it would be mended, and of names that lie in it openly."""
    file.seek(0)
    data = file.read(LARGEST_SEARCHED)
    # Without its streams: in packed bytes three letters in a row mean nothing.
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), _STREAM.sub(b"", data))
    found = {_NAMES[name] for name in _ANY.findall(plain)}
    if len(data) <= LARGEST_MENDED:
        file.seek(0)
        with suppress(*_BROKEN), pikepdf.open(file, inherit_page_attributes=False) as pdf:
            for root in pdf.objects:
                for container in containers(root) if type(root) is Object else ():
                    with suppress(*_BROKEN):
                        found.update(refused(container))
    return found
