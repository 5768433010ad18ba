"""Reports over HTTP, outwards: a link to one, an archive of many."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Response
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from services.submissions import problems as own
from services.submissions.audit.journal import Action, Journal
from services.submissions.cluster_store import ClusterStore
from services.submissions.desk import Clock, Code, Desk, RoundId, Within
from services.submissions.domain import Submission
from services.submissions.downloads import problems
from services.submissions.downloads.archive import Archives, NoPlaceError, Wanted
from services.submissions.downloads.rules import File, Which, Why, file_name, file_of, harmless
from services.submissions.downloads.views import DownloadBody, DownloadView
from shared.blobs import Blobs, Place
from shared.http import Problem, Router, requires, route_options
from shared.http import problems as common
from shared.security.principals import Principal, Role
from shared.security.scope import may_see
from shared.telemetry import get_logger
from shared.thai.calendar import in_bangkok

log = get_logger()

READ_WITHIN_S: Final = 120.0
"""A reader that takes nothing of an archive for so long has gone, though its line still stands."""
_OVER = (Role.DEPARTMENT, Role.PROVINCE, Role.DISTRICT, Role.LAO, Role.AUDITOR, Role.ASSESSOR)
Looker = Annotated[Principal, Depends(requires(*_OVER, Role.CENTER))]
Collector = Annotated[Principal, Depends(requires(*_OVER))]
_PDF = "application/pdf"
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "An archive", "content": {"application/zip": {"schema": {"type": "string"}}}}
}


class Links:
    """Signs links to accepted files, for `lifetime`."""

    def __init__(self, blobs: Blobs, bucket: str, lifetime: timedelta) -> None:
        self._blobs, self._bucket, self._lifetime = blobs, bucket, lifetime

    def sign(self, file: File, name: str, clock: Clock) -> DownloadView:
        """A link under which the store gives the file as an attachment of this name, and as nothing else."""
        answer = {
            "response-content-disposition": f'attachment; filename="{name}"',
            "response-content-type": _PDF,
            "response-cache-control": "no-store",
        }
        place = Place(self._bucket, file.key, file.version)
        signed = self._blobs.sign_get(place, now=clock(), lifetime=self._lifetime, answer=answer)
        return DownloadView(
            url=signed.url,
            expires_at=signed.expires_at,
            name=name,
            file=file.which,
            sha256=file.sha256,
            size=file.size,
        )


def download_routes(
    desk: Desk, clusters: ClusterStore, archives: Archives, links: Links, journal: Journal, clock: Clock
) -> Router:
    """The routes by which reports leave."""
    router = Router(prefix="/v1")
    _one(router, desk, links, journal, clock)
    _many(router, desk, clusters, archives, clock)
    return router


def _one(router: Router, desk: Desk, links: Links, journal: Journal, clock: Clock) -> None:
    @router.post("/rounds/{round}/centers/{center}/reports/{version}/downloads")
    @route_options(remember=False)  # a link opens what it leads to: it is no one's to keep
    async def get_link(
        principal: Looker, round_: RoundId, center: Code, version: int, body: DownloadBody, response: Response
    ) -> DownloadView:
        """A link to one version of a report, good for minutes. The look stands in the audit trail before it leaves."""
        submission = await _seen(desk, journal, round_, center, principal, body)
        report = next((one for one in submission.reports if one.version == version), None)
        if report is None:
            raise problems.REPORT_UNKNOWN.problem(where="path.version")
        found = file_of(report, body.file, body.why, principal)
        detail = " ".join(filter(None, (round_, report.receipt, body.file, body.why)))
        action = _action(body)
        if not isinstance(found, File):
            await journal.refused(principal, action, center, detail)
            raise problems.no_file(found)
        await journal.allowed(principal, action, center, detail)
        response.headers["Cache-Control"] = "no-store"
        return links.sign(found, file_name(center, report), clock)


async def _seen(
    desk: Desk, journal: Journal, round_: str, center: str, principal: Principal, body: DownloadBody
) -> Submission:
    """What the center sent, if the principal may look at it. Who may not is in the trail for having tried."""
    try:
        found = await desk.submission(round_, center, principal)
    except Problem as refused:
        if refused.kind is common.OUT_OF_SCOPE:
            await journal.refused(principal, _action(body), center, f"{round_} {body.file}")
        raise
    if found is None:
        raise own.NOTHING_SENT.problem(where="path.center")
    return found


def _action(body: DownloadBody) -> Action:
    return "report.download.original" if body.file == "original" else "report.download"


def _many(router: Router, desk: Desk, clusters: ClusterStore, archives: Archives, clock: Clock) -> None:
    @router.get("/rounds/{round}/archive", response_class=Response, responses=_ZIP | {429: {"description": "Busy"}})
    async def get_archive(
        principal: Collector,
        round_: RoundId,
        within: Within = None,
        cluster: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
        after: Annotated[str | None, Query(min_length=1, max_length=64, description="a center's code")] = None,
        file: Which = "copy",
        why: Why | None = None,
    ) -> StreamingResponse:
        """The reports that count of the centers under an organization, or of a cluster, as a ZIP with a manifest.

        `manifest.json` and `manifest.csv` name every center that owes a report: the digest of its file, or why there is
        none. What broke off is not resumed: ask again `after` the last center that arrived.
        """
        await desk.round(round_)
        if file == "original" and (refused := problems.no_originals(principal, why)):
            raise refused
        sight, only = await _sight(desk, clusters, principal, round_, within, cluster)
        now = clock()
        about = {
            "round": round_,
            "within": sight[-1],
            "cluster": cluster,
            "after": after,
            "file": file,
            "why": why,
            "made_at": in_bangkok(now).isoformat(timespec="milliseconds"),
            "made_for": f"{principal.role.value} {principal.org}",
        }
        wanted = Wanted(round_, sight, only, after, file, why, about)
        stream = archives.stream(wanted, principal, await desk.receipt_keys(), now)
        try:
            first = await anext(stream)  # what fails now fails with a problem, and not in the middle of an archive
        except NoPlaceError:
            raise common.TOO_MANY.problem(headers={"Retry-After": "30"}) from None
        name = f"reports-{harmless(round_)}-{harmless(cluster or sight[-1])}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return _Archive(first, stream, media_type="application/zip", headers=headers)


async def _sight(
    desk: Desk, clusters: ClusterStore, principal: Principal, round_: str, within: str | None, cluster: str | None
) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The organizations over all wanted centers, and which of the centers there; or the problem."""
    if cluster is None:
        return await desk.within(principal, within), None
    found = await clusters.find(round_, cluster)
    if found is None:
        raise problems.CLUSTER_UNKNOWN.problem(where="query.cluster")
    if not may_see(principal, found.path):
        raise common.OUT_OF_SCOPE.problem(where="query.cluster")
    return (*await desk.within(principal, within), found.path[-1]), found.members


class _Archive(StreamingResponse):
    """Closes its stream however the answer ends: left to the collector, that of who hung up would keep its place. Who
    stops reading without hanging up is left after a while: the answer breaks off, before its directory.
    """

    def __init__(self, first: bytes, stream: AsyncGenerator[bytes], **more: Any) -> None:
        super().__init__(_from(first, stream), **more)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(READ_WITHIN_S):
                    await send(message)
            except TimeoutError:
                log.warning("submissions.archive.unread")
                raise

        async with aclosing(self._stream):
            await super().__call__(scope, receive, in_time)


async def _from(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    if first:
        yield first
    async for data in rest:
        yield data
