"""Any list of this service as a file that people and maps open: XLSX, CSV, GeoJSON.

    made = await export(table, "xlsx", batches)       # a `Table` says what a row shows; rows come in batches
    return answer(made, FileName("ศูนย์พัฒนาเด็กเล็ก", "centers"))

A file is written to disk as its rows come, and is sent when it is whole: memory stays flat, a reader far away holds
nothing open, and a failure half-way is an honest error instead of a file that looks complete.
"""

import asyncio
import io
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any, Final, TypeVar
from urllib.parse import quote

from starlette.responses import StreamingResponse

from services.registry.reading.filters import Filter
from services.registry.reading.sheets import Format, Table, writer_of
from shared.failures import Unavailable
from shared.thai.calendar import buddhist_year

R = TypeVar("R")

MEDIA_TYPES: Final[dict[Format, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "geojson": "application/geo+json",
}
_BYTES: Final = {"type": "string", "format": "binary"}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            MEDIA_TYPES["xlsx"]: {"schema": _BYTES},
            MEDIA_TYPES["csv"]: {"schema": _BYTES},
            MEDIA_TYPES["geojson"]: {"schema": {"type": "object", "description": "a FeatureCollection (RFC 7946)"}},
        },
    }
}
"""How a route that exports documents its answer: `responses=ANSWERS, response_class=Response`."""
_ODD: Final = re.compile(r"[^0-9A-Za-z._-]+")
_PIECE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file is called, without its ending: in Thai, and for what knows ASCII alone."""

    thai: str
    plain: str


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is whole; `answer` gives it away."""

    format: Format
    content: IO[bytes]
    size: int
    rows: int


async def export(table: Table[R], kind: Format, batches: AsyncIterator[Sequence[R]]) -> Made:
    """Write a file of these rows; in threads, so that others are answered meanwhile.

    Raises what `batches` raises, and `Unavailable` when the disk has no room.
    """
    content = tempfile.TemporaryFile()  # noqa: SIM115  given to the response, which closes it
    rows = 0
    try:
        writer = await asyncio.to_thread(writer_of, kind, table, content)
        async for batch in batches:
            await asyncio.to_thread(writer.write, batch)
            rows += len(batch)
        await asyncio.to_thread(writer.close)
    except BaseException as error:
        content.close()
        if isinstance(error, OSError):
            raise Unavailable("no room for an export") from None
        raise
    return Made(kind, content, content.seek(0, io.SEEK_END), rows)


def answer(made: Made, name: FileName) -> StreamingResponse:
    """The response that hands a file to its reader, to be saved under its name."""
    headers = {"Content-Length": str(made.size), "Content-Disposition": disposition(name, made.format)}
    kind = MEDIA_TYPES[made.format]
    return StreamingResponse(_pieces(made.content), media_type=kind, headers=headers)


def file_name(thai: str, plain: str, wanted: Filter, root: str | None, today: date) -> FileName:
    """`ศูนย์พัฒนาเด็กเล็ก จังหวัดแม่ฮ่องสอน 2569-11-24`: what, of which round, whose (`root` is a name), which day (B.E.)."""
    day = f"{buddhist_year(today)}-{today:%m-%d}"
    about = [wanted.round] if wanted.round else []
    whose = wanted.itself or (root and wanted.root)
    return FileName(
        " ".join([thai, *about, *filter(None, [root or whose]), day]),
        _ODD.sub("_", "-".join([plain, *about, *filter(None, [whose]), day])),
    )


def disposition(name: FileName, ending: str) -> str:
    """The header that names a file in Thai (RFC 6266, RFC 8187), with a plain name for old programs."""
    return f"attachment; filename=\"{name.plain}.{ending}\"; filename*=UTF-8''{quote(f'{name.thai}.{ending}', safe='')}"


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        content.seek(0)
        while piece := content.read(_PIECE):
            yield piece
