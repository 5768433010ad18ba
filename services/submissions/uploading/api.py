"""Uploads over HTTP: open one, send its parts to the store, complete it or give it up."""

from datetime import datetime
from typing import Any

from fastapi import Response

from services.submissions import problems
from services.submissions.desk import Clock, Code, Desk, Reader, RoundId, Sender
from services.submissions.domain import Declared, Upload
from services.submissions.forms.problems import unfinished
from services.submissions.receipts.views import CompletedView, receipt_view
from services.submissions.refusals import PartUnknown, UploadOver
from services.submissions.store import Written
from services.submissions.uploading.completion import Completed
from services.submissions.uploading.preflight import declared_wrong, foretell
from services.submissions.uploading.sending import resumable_until
from services.submissions.uploading.uploads import Opened
from services.submissions.uploading.views import FileTold, PreflightView, Terms, preflight_view
from services.submissions.views import (
    FileDeclared,
    PartRequest,
    PartRequests,
    PartsDeclared,
    UploadView,
    part_request,
)
from shared.http import Router, route_options

_OVER: dict[int | str, dict[str, Any]] = {410: {"description": "The upload has ended"}}


def upload_routes(router: Router, desk: Desk, clock: Clock) -> None:
    """Adds the routes of uploads."""
    _preflight(router, desk, clock)
    _uploads(router, desk, clock)
    _parts(router, desk, clock)


def _preflight(router: Router, desk: Desk, clock: Clock) -> None:
    @router.post("/rounds/{round}/centers/{center}/uploads/preflight")
    @route_options(remember=False)  # it changes nothing, and its answer holds for this moment
    async def preflight(principal: Sender, round_: RoundId, center: Code, file: FileTold) -> PreflightView:
        """Whether a file would be taken, before its bytes are spent. Changes nothing; a refusal is an answer here."""
        now = clock()
        found = await desk.round(round_)
        path = await desk.center(center, principal, act=True)
        stored = await desk.store.of_center(round_, center)
        submission = stored.state if stored else None
        duty = await desk.store.duty(found, center, path)
        if submission:
            duty = duty.model_copy(update={"due_again": submission.due_again})
        forecast = foretell(file.told(), submission, duty, desk.largest, now)
        standing = forecast.standing
        until = standing.expires_at if standing else resumable_until(submission, duty, desk.uploads.lifetime, now)
        return preflight_view(forecast, duty, submission, Terms(file.size, desk.largest, until))


def _uploads(router: Router, desk: Desk, clock: Clock) -> None:
    @router.post(
        "/rounds/{round}/centers/{center}/uploads",
        status_code=201,
        responses={200: {"model": UploadView, "description": "These very bytes had an upload already: go on with it"}},
    )
    async def open_upload(
        principal: Sender,
        round_: RoundId,
        center: Code,
        file: FileDeclared,
        response: Response,
    ) -> UploadView:
        """Open an upload of a report. A file that was begun before goes on where it stopped; one that was received
        before comes back with its receipt, and nothing needs to be sent.
        """
        found = await desk.round(round_)
        path = await desk.center(center, principal, act=True)
        if refusal := declared_wrong(file.size, file.type, desk.largest):
            raise problems.of_file(refusal)
        duty = await desk.store.duty(found, center, path)
        now = clock()
        opened = await desk.uploads.open(duty, Declared(size=file.size, sha256=file.sha256), now)
        if not isinstance(opened, Opened):
            raise problems.cannot_open(opened)
        response.status_code = 200 if opened.again else 201
        response.headers["Location"] = f"/v1/uploads/{opened.upload.id}"
        return await desk.view(opened.submission, opened.upload, now, new=not opened.again)

    @router.get("/uploads/{upload}")
    async def get_upload(principal: Reader, upload: Code) -> UploadView:
        """An upload and what has arrived of it: where to go on after a cut."""
        return await desk.view(*await desk.upload(upload, principal, act=False), clock())

    @router.post("/uploads/{upload}/complete", responses=_OVER)
    async def complete_upload(principal: Sender, upload: Code) -> CompletedView:
        """Hand the file in. The answer comes when the report is durable, and is the same however often it is asked."""
        done = await desk.completion.complete(*await desk.upload(upload, principal, act=True), clock())
        if not isinstance(done, Completed):
            raise unfinished(done)
        return CompletedView(upload=done.upload.id, receipt=receipt_view(done.submission, done.report))

    @router.delete("/uploads/{upload}", status_code=204, responses=_OVER)
    async def delete_upload(principal: Sender, upload: Code) -> None:
        """Give an upload up. What was received stays received."""
        ended = await desk.uploads.abort(*await desk.upload(upload, principal, act=True))
        if isinstance(ended, UploadOver):
            raise problems.of_upload(ended)


def _parts(router: Router, desk: Desk, clock: Clock) -> None:
    @router.post("/uploads/{upload}/parts", responses=_OVER)
    @route_options(remember=False)  # addresses are short-lived and are no one's to keep; asking again is harmless
    async def sign_parts(principal: Sender, upload: Code, wanted: PartsDeclared, response: Response) -> PartRequests:
        """Get the requests that send parts. Ask again, at any time, for fresh ones."""
        now = clock()
        submission, found = await desk.upload(upload, principal, act=True)
        digests = {part.number: part.sha256 for part in wanted.parts if part.sha256 is not None}
        declared = await desk.uploads.declare(submission, found, digests)
        if not isinstance(declared, Written):
            raise problems.of_upload(declared)
        response.headers["Cache-Control"] = "no-store"
        return PartRequests(parts=[_sign(desk, declared.upload, part.number, now) for part in wanted.parts])


def _sign(desk: Desk, upload: Upload, number: int, now: datetime) -> PartRequest:
    if number > len(upload.parts):
        raise problems.of_upload(PartUnknown(number))
    request = desk.uploads.sign(upload, number, now)
    if request is None:
        raise problems.PART_DIGEST_MISSING.problem(f"ส่วนที่ {number}", f"Part {number}.", where="body.parts")
    return part_request(number, upload.part_size(number), request)
