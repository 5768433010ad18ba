"""Activation sheets over HTTP."""

import io
import zipfile
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from fastapi.responses import Response, StreamingResponse

from services.credentials import problems
from services.credentials.activating.desk import Printed, SheetDesk
from services.credentials.activating.views import SheetAsked, SheetsAsked
from services.credentials.domain import Refusal
from services.credentials.journal import Journal
from services.credentials.overseeing.api import HolderCode, RoundId, not_seen, seen
from services.credentials.overseeing.sight import Sight
from services.credentials.overseeing.store import TreeStore
from services.credentials.store import CredentialsStore
from shared.http import Router, requires, route_options
from shared.http.problems import FORBIDDEN, ROUND_CLOSED
from shared.security.principals import Principal, Role

PDF = "application/pdf"
ZIP = "application/zip"
Printer = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.LAO))]


def sheet_routes(store: CredentialsStore, tree: TreeStore, sight: Sight, desk: SheetDesk, journal: Journal) -> Router:
    """A sheet for one holder; sheets for an LAO, a district, a province or the country."""
    router = Router(prefix="/v1")

    @router.post(
        "/holders/{code}/credential/sheet",
        tags=["sheets"],
        response_class=Response,
        responses={200: {"content": {PDF: {}}, "description": "ใบรับสิทธิ / the sheet"}},
    )
    @route_options(remember=False)
    async def sheet(code: HolderCode, asked: SheetAsked, who: Printer) -> Response:
        """Print a holder's activation sheet. The code on any earlier one opens nothing from then on."""
        credential = await seen(store, who, code, asked.round, asked.kind)
        if credential is None:
            await journal.declined(who, "holder", code, "sheet.make", "out_of_scope", asked.round or "")
            raise not_seen()
        printed = await desk.for_holder(who, credential)
        if printed == "forbidden":
            raise FORBIDDEN.problem(
                "อปท. พิมพ์ใบของตนเองไม่ได้ ใช้โทเคนของท่าน หรือขอจากกรม",
                "An LAO does not print its own: claim with your token, or ask the department.",
            )
        if isinstance(printed, Refusal):
            raise problems.of(printed)
        return Response(printed.pdf, media_type=PDF, headers=_as_file(f"sheet-{credential.round}.pdf"))

    @router.post(
        "/rounds/{round}/sheets",
        tags=["sheets"],
        response_class=Response,
        responses={200: {"content": {ZIP: {}}, "description": "PDF ราย อปท. / a PDF for each LAO"}},
    )
    @route_options(remember=False)
    async def sheets(round: RoundId, asked: SheetsAsked, who: Printer) -> Response:  # noqa: A002
        """Print the sheets of every holder below an organization that still waits to claim: a PDF for each LAO.

        They come as they are made; the codes on earlier sheets of these holders open nothing from then on.
        """
        part = await sight.part(who, asked.within, "sheet.make", round, where="body.within")
        known = await store.round(round)
        if known is not None and known["state"] == "closed":
            raise ROUND_CLOSED.problem(where="path.round")
        laos = await tree.laos_with_unclaimed(round, part)
        if not laos:
            raise problems.NOTHING_WAITS.problem(where="body.within")
        stream = await _begun(zipped(desk.for_part(who, round, laos)))
        return StreamingResponse(stream, media_type=ZIP, headers=_as_file(f"sheets-{round}-{part}.zip"))

    return router


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


async def zipped(documents: AsyncIterator[Printed]) -> AsyncIterator[bytes]:
    """Documents as a ZIP archive, given out as it grows: no more than one of them is held."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        async for each in documents:
            if each.sheets:
                archive.writestr(f"{each.name}{f'-{each.part}' if each.part > 1 else ''}.pdf", each.pdf)
                yield sink.taken()
    yield sink.taken()


async def _begun(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, with its first part made already: what fails there is answered as a failure, and not by half a file."""
    first = await anext(stream)

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for part in stream:
            yield part

    return whole()


class _Sink(io.RawIOBase):
    """Takes what is written and gives it on; it cannot go back, so the archive is written straight through."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        held, self._held = bytes(self._held), bytearray()
        return held
