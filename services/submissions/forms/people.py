"""The pages of a form: type the code, choose the file, press the button. No script anywhere.

Looking changes nothing: a link preview that follows every address here neither sends nor confirms. The code comes in
the body of a post; from then on the browser bears it in a cookie that scripts cannot read and no other site can send.
"""

from collections.abc import Awaitable
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.submissions.desk import Clock, Code, Desk
from services.submissions.domain import Submission, Upload
from services.submissions.forms import page
from services.submissions.forms.forms import Forms
from services.submissions.forms.page import Facts
from services.submissions.forms.problems import FORM_OVER, NOT_ARRIVED, OTHER_SITE, unfinished, unknown
from services.submissions.refusals import UploadOver
from services.submissions.uploading.completion import Completed
from services.submissions.uploading.sending import stands
from shared.blobs import Refused
from shared.failures import Unavailable
from shared.http import Problem, Router, route_options
from shared.http import problems as common
from shared.http.routing import template_of
from shared.mongo import UNAVAILABLE, Backpressure, Conflict
from shared.telemetry import get_logger

log = get_logger()

COOKIE: Final = "saraban-form"
_LARGEST_BODY: Final = 4096
_LONGEST_ETAG: Final = 128
_FORM: Final = "application/x-www-form-urlencoded"
_OWN: Final = frozenset({None, "same-origin", "none"})
_PASSING: Final[tuple[type[Exception], ...]] = (*UNAVAILABLE, Unavailable, Backpressure, Conflict, Refused)


def people_routes(router: Router, desk: Desk, forms: Forms, clock: Clock) -> None:
    """Adds the pages."""
    pages = _Pages(desk, forms)

    @router.get("/forms", include_in_schema=False)
    async def code_page() -> HTMLResponse:
        """Where the code is typed in; the same for everybody."""
        return page.answer(page.code_page(forms.largest))

    @router.post("/forms", include_in_schema=False)
    @route_options(max_body=_LARGEST_BODY)
    async def file_page(request: Request) -> Response:
        """Where the file is chosen."""
        return await pages.told(request, pages.choose(request, clock()))

    @router.get("/forms/{upload}", include_in_schema=False)
    async def confirm_page(request: Request, upload: Code) -> Response:
        """Where the store sends the browser: it changes nothing and asks for the last press of a button."""
        return await pages.told(request, pages.ask(request, upload, clock()))

    @router.post("/forms/{upload}", include_in_schema=False)
    @route_options(max_body=_LARGEST_BODY)
    async def confirm(request: Request, upload: Code) -> Response:
        """Hand the file in. Pressed again, after an answer that was lost, it leads to the same receipt."""
        return await pages.told(request, pages.confirm(request, upload, clock()))


class _Pages:
    def __init__(self, desk: Desk, forms: Forms) -> None:
        self._desk, self._forms = desk, forms

    async def told(self, request: Request, work: Awaitable[Response]) -> Response:
        """The answer, or the refusal as a page that says what to do."""
        try:
            return await work
        except Problem as problem:
            return page.answer(page.trouble_page(problem, self._forms.page), status=problem.status_code)
        except _PASSING as error:
            route = template_of(request.scope)
            log.warning("http.request.failed", method=request.method, route=route, status=503, exc_info=error)
            html = page.trouble_page(common.UNAVAILABLE.problem(), self._forms.page)
            return page.answer(html, status=503, more={"Retry-After": "2"})

    async def choose(self, request: Request, now: datetime) -> Response:
        given = (await _fields(request)).get("code", "")
        at = await self._forms.of_code(given)
        if at is None:
            raise unknown(given)
        submission, upload = at
        if upload.receipt:
            return self._receipt(upload.receipt)
        post = self._forms.sign(upload, now)
        # What was posted can be confirmed even when the store takes nothing more: the way back from it may be lost.
        posted = await self._desk.uploads.posted(upload) if upload.state == "open" else None
        if post is None and posted is None:
            raise _over(upload)
        await self._wanted(submission, upload, now)
        facts = await self._facts(submission, upload, now)
        if posted:
            html = page.waiting_page(f"forms/{upload.id}", posted, facts, post)
        else:
            assert post is not None, "one of the two is there"
            html = page.file_page(facts, post)
        places = (*((post.url,) if post else ()), self._forms.public_url)
        return self._remembering(page.answer(html, post_to=places), upload, given, now)

    async def ask(self, request: Request, upload: str, now: datetime) -> Response:
        etag = request.query_params.get("etag", "").strip('"')[:_LONGEST_ETAG]
        at = await self._forms.of_code(request.cookies.get(COOKIE, ""))
        if at is None or at[1].id != upload:
            return page.answer(page.confirm_page(upload, etag))
        if at[1].receipt:
            return self._receipt(at[1].receipt)
        await self._wanted(*at, now)
        posted = await self._desk.uploads.posted(at[1])
        if posted is None:
            raise NOT_ARRIVED.problem(where="path.upload")
        facts = await self._facts(*at, now)
        return page.answer(page.confirm_page(upload, etag, facts, posted.size))

    async def confirm(self, request: Request, upload: str, now: datetime) -> Response:
        if request.headers.get("sec-fetch-site") not in _OWN:
            raise OTHER_SITE.problem()
        given = await _fields(request)
        code = given.get("code") or request.cookies.get(COOKIE)
        etag = given.get("etag", "")[:_LONGEST_ETAG]
        if not code:
            return page.answer(page.code_again_page(upload, etag), status=401)
        at = await self._forms.of_code(code)
        if at is None or at[1].id != upload:
            raise unknown(code)
        done = await self._desk.completion.complete(*at, now, seen=etag or None)
        if not isinstance(done, Completed):
            raise unfinished(done)
        return self._receipt(done.report.receipt)

    async def _wanted(self, submission: Submission, upload: Upload, now: datetime) -> None:
        """Nothing, or the problem: nobody shall send or confirm what the button would refuse."""
        if upload.state != "open":
            return
        if refusal := stands(submission, await self._desk.duty(submission), upload.opened_at, now):
            raise unfinished(refusal)

    async def _facts(self, submission: Submission, upload: Upload, now: datetime) -> Facts:
        assert upload.form is not None, "it has a code"
        name = await self._desk.store.name_of(submission.center)
        duty = await self._desk.duty(submission)
        return Facts.of(name, duty, upload.opened_at, upload.form, now)

    def _receipt(self, code: str) -> Response:
        return RedirectResponse(f"{self._forms.public_url}/r/{code}", status_code=303, headers=page.PRIVATE)

    def _remembering(self, answer: Response, upload: Upload, code: str, now: datetime) -> Response:
        """For the one upload alone, so that two forms in one browser do not get in each other's way."""
        address = urlsplit(self._forms.page_of(upload))
        answer.set_cookie(
            COOKIE,
            "".join(code.split()),
            max_age=int((upload.expires_at - now).total_seconds()),
            path=address.path,
            secure=address.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return answer


def _over(upload: Upload) -> Problem:
    """Why there is no form to post with any more, as the upload stands."""
    if upload.state in {"open", "expired"}:
        return FORM_OVER.problem(where="body.code")
    return unfinished(UploadOver(upload))


async def _fields(request: Request) -> dict[str, str]:
    """The fields that a plain form sent; the last one counts where a name comes twice."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _FORM:
        raise common.WRONG_MEDIA_TYPE.problem(f"ต้องส่งเป็น {_FORM}", f"Send {_FORM}.", where="header.Content-Type")
    text = (await request.body()).decode("utf-8", "replace")
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
