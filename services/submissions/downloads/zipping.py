"""A ZIP archive written as it is sent: no byte of it is held longer than it takes to pass on.

Files are stored, not deflated: a PDF is compressed already. Their sizes and sums follow them (APPNOTE 4.3.9), since
they are known only once the last byte went by. Past four gigabytes, or 65,535 files, the format's wide fields serve.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO

from shared.thai.calendar import in_bangkok

_REGULAR_FILE = 0o100644 << 16
_UNIX = 3


class _Outlet:
    """What `zipfile` writes to: a pipe that cannot seek nor tell."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """All is passed on when it is taken."""

    def close(self) -> None:
        """Nothing is held."""

    def take(self) -> bytes:
        """What was written since."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


class Zip:
    """`with zip.file(...) as file: file.write(...)`, `take()` between writes; at the end `close()` and `take()`."""

    def __init__(self) -> None:
        self._outlet = _Outlet()
        self._zip = zipfile.ZipFile(self._outlet, "w", zipfile.ZIP_STORED, allowZip64=True)

    @contextmanager
    def file(self, name: str, at: datetime, size: int) -> Iterator[IO[bytes]]:
        """A file of about this size, as it was at this time. Once begun it stands in the archive, however it ends."""
        local = in_bangkok(at)
        info = zipfile.ZipInfo(name, (local.year, local.month, local.day, local.hour, local.minute, local.second))
        info.external_attr, info.create_system, info.file_size = _REGULAR_FILE, _UNIX, size
        with self._zip.open(info, "w") as file:
            yield file

    def take(self) -> bytes:
        """The bytes of the archive that were made since."""
        return self._outlet.take()

    def close(self) -> None:
        """Write the directory that ends the archive. Without it no reader takes the archive for whole."""
        self._zip.close()
