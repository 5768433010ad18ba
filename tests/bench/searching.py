"""Looks for names of what acts in a PDF, as no part of the inspector does."""

import io
import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pikepdf

AGAIN = 30.0
"""Seconds for one file."""
ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|EF|RichMedia\w*|XFA|SubmitForm|ImportData|GoToR|GoToE|FileAttachment"
    rb"|Movie|Sound|Screen|Rendition|3D)\b"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


class Search:
    """Names of what acts, anywhere in a file, found as no part of the inspector finds them; in a process of its own,
    since nothing holds the file back here.
    """

    def __init__(self) -> None:
        self._process = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def names(self, data: bytes) -> tuple[str, ...]:
        """What was found, in the bytes alone where qpdf cannot open the file or does not come back from it."""
        try:
            inside = self._process.submit(names_inside, data).result(timeout=AGAIN)
        except (BrokenProcessPool, TimeoutError):
            self.close()
            self._process, inside = self._start(), frozenset()
        plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), data)
        return tuple(sorted(name.decode() for name in inside | set(ACTIVE.findall(plain))))

    def close(self) -> None:
        for process in list(self._process._processes.values()):
            process.kill()
        self._process.shutdown(wait=True, cancel_futures=True)


def names_inside(data: bytes) -> frozenset[bytes]:
    """Names in the objects of a file, unpacked, mended where need be."""
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            return frozenset(name for one in pdf.objects for name in ACTIVE.findall(_text(one)))
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, RuntimeError):
        return frozenset()


def _text(one: object) -> bytes:
    return one.unparse(resolved=True) if isinstance(one, pikepdf.Object) else b""
