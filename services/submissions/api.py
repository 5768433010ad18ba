"""Submissions over HTTP: open an upload, send its parts to the store, complete it, find its receipt."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Response

from services.submissions import problems
from services.submissions.domain import Declared, Submission, Upload, read_receipt_code
from services.submissions.receipts import ReceiptSigner
from services.submissions.refusals import PartUnknown, UploadOver
from services.submissions.store import Sight, Store, Written, key_of
from services.submissions.uploading.completion import Completed, Completion
from services.submissions.uploading.uploads import PDF, Opened, Uploads
from services.submissions.views import (
    CompletedView,
    FileDeclared,
    PartRequest,
    PartRequests,
    PartsDeclared,
    ReceiptView,
    SubmissionView,
    UploadView,
    part_request,
    receipt_view,
    submission_view,
    upload_view,
)
from shared.contracts.events import RoundChanged
from shared.http import Page, PageQuery, Router, requires, route_options, write_cursor
from shared.http import problems as common
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE, may_act, may_see

_TIERS = (Role.DEPARTMENT, Role.PROVINCE, Role.DISTRICT, Role.LAO)
Sender = Annotated[Principal, Depends(requires(Role.CENTER, Role.LAO))]
Reader = Annotated[Principal, Depends(requires(*_TIERS, Role.CENTER, Role.OPERATOR, Role.AUDITOR, Role.ASSESSOR))]
Overseer = Annotated[Principal, Depends(requires(*_TIERS, Role.OPERATOR, Role.AUDITOR, Role.ASSESSOR))]

RoundId = Annotated[str, Path(alias="round", min_length=1, max_length=64)]
Clock = Callable[[], datetime]
Code = Annotated[str, Path(min_length=1, max_length=64)]
_OVER: dict[int | str, dict[str, Any]] = {410: {"description": "The upload has ended"}}
_LOCAL = frozenset({Role.PROVINCE, Role.DISTRICT, Role.LAO})


class Desk:
    """What the routes need, and the questions that several of them ask."""

    def __init__(
        self, store: Store, uploads: Uploads, completion: Completion, signer: ReceiptSigner, *, largest: int
    ) -> None:
        self.store, self.uploads, self.completion, self.signer, self.largest = (
            store,
            uploads,
            completion,
            signer,
            largest,
        )

    async def round(self, round_: str) -> RoundChanged:
        """The round, or its problem."""
        found = await self.store.round(round_)
        if found is None:
            raise common.ROUND_UNKNOWN.problem(where="path.round")
        return found

    async def center(self, center: str, principal: Principal, *, act: bool) -> tuple[str, ...]:
        """The path of a center on which the principal may act (or look), or the problem."""
        path = await self.store.path_of(center)
        if path is None:
            raise common.CENTER_UNKNOWN.problem(where="path.center")
        allowed = may_act if act else may_see
        if not allowed(principal, path, center):
            raise common.OUT_OF_SCOPE.problem(where="path.center")
        return path

    async def upload(self, upload: str, principal: Principal, *, act: bool) -> tuple[Submission, Upload]:
        """An upload on which the principal may act (or look), or the problem."""
        stored = await self.store.of_upload(upload)
        found = stored.state.upload(upload) if stored else None
        if stored is None or found is None:
            raise problems.UPLOAD_UNKNOWN.problem(where="path.upload")
        allowed = may_act if act else may_see
        if not allowed(principal, stored.state.path, stored.state.center):
            raise common.OUT_OF_SCOPE.problem(where="path.upload")
        return stored.state, found

    async def view(self, submission: Submission, upload: Upload) -> UploadView:
        """An upload with what the store has of it."""
        there = await self.uploads.parts_there(upload)
        return upload_view(
            submission, upload, {one.number for one in there if one.size == upload.part_size(one.number)}
        )


def routes(desk: Desk, clock: Clock) -> Router:
    """The routes of the service."""
    router = Router(prefix="/v1")
    _uploads(router, desk, clock)
    _parts(router, desk, clock)
    _reading(router, desk)
    _receipts(router, desk)
    return router


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
        if file.type.split(";")[0].strip().lower() != PDF:
            raise problems.WRONG_FILE_TYPE.problem(where="body.type")
        if file.size > desk.largest:
            raise problems.file_too_large(desk.largest)
        duty = await desk.store.duty(found, center, path)
        opened = await desk.uploads.open(duty, Declared(size=file.size, sha256=file.sha256), clock())
        if not isinstance(opened, Opened):
            raise problems.cannot_open(opened)
        response.status_code = 200 if opened.again else 201
        response.headers["Location"] = f"/v1/uploads/{opened.upload.id}"
        return await desk.view(opened.submission, opened.upload)

    @router.get("/uploads/{upload}")
    async def get_upload(principal: Reader, upload: Code) -> UploadView:
        """An upload and what has arrived of it: where to go on after a cut."""
        return await desk.view(*await desk.upload(upload, principal, act=False))

    @router.post("/uploads/{upload}/complete", responses=_OVER)
    async def complete_upload(principal: Sender, upload: Code) -> CompletedView:
        """Hand the file in. The answer comes when the report is durable, and is the same however often it is asked."""
        done = await desk.completion.complete(*await desk.upload(upload, principal, act=True), clock())
        if not isinstance(done, Completed):
            raise problems.of_upload(done)
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


def _reading(router: Router, desk: Desk) -> None:
    @router.get("/rounds/{round}/centers/{center}/submission")
    async def get_submission(principal: Reader, round_: RoundId, center: Code) -> SubmissionView:
        """Where a center stands in a round, with every version of its report."""
        await desk.round(round_)
        await desk.center(center, principal, act=False)
        stored = await desk.store.of_center(round_, center)
        if stored is None:
            raise problems.NOTHING_SENT.problem(where="path.center")
        return submission_view(stored.state)

    @router.get("/rounds/{round}/submissions")
    async def list_submissions(
        principal: Overseer,
        round_: RoundId,
        page: Annotated[PageQuery, Depends()],
        within: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
        state: Literal["uploading", "received", "accepted", "rejected"] | None = None,
    ) -> Page[SubmissionView]:
        """The submissions of the centers under an organization (by default the caller's own), by center code."""
        await desk.round(round_)
        sight = Sight(round_, await _within(desk.store, principal, within), state)
        found = await desk.store.listed(sight, page.after(), page.limit + 1)
        items = [submission_view(stored.state) for stored in found[: page.limit]]
        last = items[-1] if len(found) > page.limit else None
        return Page(items=items, next=write_cursor(key_of(last.round, last.center)) if last else None)


async def _within(store: Store, principal: Principal, within: str | None) -> tuple[str, ...]:
    """The organizations that all listed submissions must lie under, or the problem."""
    own = principal.org if principal.role in _LOCAL else DEPARTMENT_CODE
    if principal.role in _LOCAL and own == DEPARTMENT_CODE:  # it would see the country
        raise common.OUT_OF_SCOPE.problem(where="query.within")
    if within is None or within == own:
        return (own,)
    if await store.sample_path(within) is None:
        raise common.ORGANIZATION_UNKNOWN.problem(where="query.within")
    path = await store.sample_path(own, within)
    if path is None or path.index(within) < path.index(own):
        raise common.OUT_OF_SCOPE.problem(where="query.within")
    return (own, within)


def _receipts(router: Router, desk: Desk) -> None:
    @router.get("/receipts/{code}")
    async def get_receipt(principal: Reader, code: Code) -> ReceiptView:
        """A receipt by its short code, as people write it down."""
        wanted = read_receipt_code(code)
        stored = await desk.store.of_receipt(wanted)
        report = next((one for one in stored.state.reports if one.receipt == wanted), None) if stored else None
        if stored is None or report is None:
            raise problems.RECEIPT_UNKNOWN.problem(where="path.code")
        if not may_see(principal, stored.state.path, stored.state.center):
            raise common.OUT_OF_SCOPE.problem(where="path.code")
        return receipt_view(stored.state, report)

    @router.get("/receipt-keys")
    async def receipt_keys() -> dict[str, Any]:
        """The public keys (JWK set) with which anybody checks the signature of a receipt."""
        return desk.signer.public_keys()
