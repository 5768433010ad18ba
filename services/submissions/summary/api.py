"""Frameworks over HTTP, and the summaries of a center: drafts that it alone sees, and what it sent."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Response

from services.submissions import problems as own
from services.submissions.desk import Clock, Code, Desk, Reader, RoundId
from services.submissions.domain import Duty
from services.submissions.refusals import NothingOwed, RoundNotOpen
from services.submissions.standing import counting
from services.submissions.store import key_of
from services.submissions.summary import problems
from services.submissions.summary.answers import CannotSend, DraftChanged, Summary, save, send, strange
from services.submissions.summary.conditions import Condition, etag
from services.submissions.summary.early_childhood import EARLY_CHILDHOOD
from services.submissions.summary.framework import MOST_VERSIONS, Framework, Published, publish
from services.submissions.summary.views import (
    DraftBody,
    DraftView,
    FrameworkView,
    SummaryView,
    draft_view,
    summary_view,
)
from services.submissions.summary_store import SummaryStore, Written
from services.submissions.uploading.sending import takes_reports
from shared.http import Router, requires, route_options
from shared.mongo import Conflict
from shared.security.principals import Principal, Role

Publisher = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.ASSESSOR))]
Center = Annotated[Principal, Depends(requires(Role.CENTER))]
Version = Annotated[int | None, Query(ge=1, le=1_000_000)]
DRAFT_BYTES = 512 * 1024
"""Room for every standard's words in Thai at three bytes a letter, escaped or not."""
FRAMEWORK_BYTES = 1024 * 1024
_RACES = 8
_CONDITIONS: dict[int | str, dict[str, Any]] = {
    412: {"description": "Another device was faster"},
    428: {"description": "Which revision does it follow?"},
}


def summary_routes(desk: Desk, summaries: SummaryStore, clock: Clock) -> Router:
    """The routes of frameworks and of a center's own summary."""
    router = Router(prefix="/v1")
    _frameworks(router, desk, summaries, clock)
    _drafts(router, desk, summaries, clock)
    _sent(router, desk, summaries, clock)
    return router


def _frameworks(router: Router, desk: Desk, summaries: SummaryStore, clock: Clock) -> None:
    @router.get("/frameworks/early-childhood")
    async def framework_to_start_from(principal: Reader) -> Framework:  # noqa: ARG001  signed in is enough
        """A framework to publish as it is, or to change first: the national standard of early childhood centers."""
        return EARLY_CHILDHOOD

    @router.post(
        "/rounds/{round}/frameworks",
        status_code=201,
        responses={200: {"model": FrameworkView, "description": "The newest version says the same already"}},
    )
    @route_options(max_body=FRAMEWORK_BYTES)
    async def publish_framework(
        principal: Publisher,  # noqa: ARG001  its role is enough
        round_: RoundId,
        given: Framework,
        response: Response,
    ) -> FrameworkView:
        """Publish the round's framework, or its next version. What was published before never changes."""
        await desk.round(round_)
        for _ in range(_RACES):
            newest = await summaries.framework(round_)
            published = publish(newest, round_, given, clock())
            if newest and published.version > MOST_VERSIONS:
                raise problems.TOO_MANY_FRAMEWORKS.problem()
            if published is newest or await summaries.add_framework(published):
                response.status_code = 200 if published is newest else 201
                return FrameworkView(**dict(published))
        raise Conflict(round_)

    @router.get("/rounds/{round}/framework")
    async def get_framework(principal: Reader, round_: RoundId, version: Version = None) -> FrameworkView:  # noqa: ARG001
        """The framework by which centers rate themselves in a round: its newest version, or the one asked for."""
        await desk.round(round_)
        return FrameworkView(**dict(await _framework(summaries, round_, version)))


async def _framework(summaries: SummaryStore, round_: str, version: int | None = None) -> Published:
    found = await summaries.framework(round_, version)
    if found is None:
        raise problems.FRAMEWORK_MISSING.problem(where="path.round" if version is None else "version")
    return found


async def _duty(desk: Desk, principal: Principal, round_: str, center: str, now: datetime) -> Duty:
    """What the center owes, if it is its own and the round takes it; or the problem."""
    found = await desk.round(round_)
    path = await desk.center(center, principal, act=True)
    duty = await desk.store.duty(found, center, path)
    stored = await desk.store.of_center(round_, center)
    duty = duty.model_copy(update={"due_again": stored.state.due_again if stored else None})
    if not takes_reports(stored.state if stored else None, duty, now):
        raise own.cannot_open(RoundNotOpen(found.state))
    if not duty.owed:
        raise own.cannot_open(NothingOwed())
    return duty


def _drafts(router: Router, desk: Desk, summaries: SummaryStore, clock: Clock) -> None:
    path = "/rounds/{round}/centers/{center}/summary/draft"

    @router.put(path, responses=_CONDITIONS)
    @route_options(max_body=DRAFT_BYTES)
    async def save_draft(
        principal: Center,
        round_: RoundId,
        center: Code,
        body: DraftBody,
        condition: Annotated[Condition, Depends()],
        response: Response,
    ) -> DraftView:
        """Save a draft, as far as it is. Nobody but the center sees it. A draft that stands needs `If-Match`."""
        now = clock()
        duty = await _duty(desk, principal, round_, center, now)
        published = await _framework(summaries, round_, body.framework_version)
        answers = body.answers(published)
        if unknown := strange(published.framework, answers):
            raise problems.unknown_answers(unknown)

        def rule(current: Summary | None) -> Written | DraftChanged:
            stands = current.draft.revision if current and current.draft else 0
            saved = save(current, duty, answers, condition.revision(stands), now)
            return saved if isinstance(saved, DraftChanged) else (saved, None)

        saved: Summary | DraftChanged = await summaries.write(key_of(round_, center), rule)
        if isinstance(saved, DraftChanged):
            raise problems.draft_changed(saved)
        assert saved.draft is not None, "it was saved"
        response.headers["ETag"] = etag(saved.draft.revision)
        return draft_view(saved, saved.draft, published)

    @router.get(path)
    async def get_draft(principal: Center, round_: RoundId, center: Code, response: Response) -> DraftView:
        """The draft, with what it lacks before it can be sent. Only the center itself may see it."""
        await desk.round(round_)
        await desk.center(center, principal, act=True)
        summary = await summaries.of(round_, center)
        if summary is None or summary.draft is None:
            raise problems.DRAFT_MISSING.problem(where="path.center")
        published = await _framework(summaries, round_, summary.draft.answers.framework_version)
        response.headers["ETag"] = etag(summary.draft.revision)
        return draft_view(summary, summary.draft, published)


def _sent(router: Router, desk: Desk, summaries: SummaryStore, clock: Clock) -> None:
    path = "/rounds/{round}/centers/{center}/summary"

    @router.post(path, responses=_CONDITIONS)
    async def send_summary(
        principal: Center, round_: RoundId, center: Code, condition: Annotated[Condition, Depends()]
    ) -> SummaryView:
        """Send the draft for good, with the report or beside it. The same draft again is the same version."""
        now = clock()
        duty = await _duty(desk, principal, round_, center, now)
        published = await _framework(summaries, round_)
        stored = await desk.store.of_center(round_, center)
        counts = counting(stored.state) if stored else None

        def rule(current: Summary | None) -> Written | CannotSend:
            stands = current.draft.revision if current and current.draft else 0
            return send(current, duty, published, condition.revision(stands), counts, now)

        sent: Summary | CannotSend = await summaries.write(key_of(round_, center), rule)
        if not isinstance(sent, Summary):
            raise problems.cannot_send(sent)
        return summary_view(sent, sent.sent[-1])

    @router.get(path)
    async def get_summary(principal: Reader, round_: RoundId, center: Code, version: Version = None) -> SummaryView:
        """What a center sent: the version that counts, or the one asked for. Drafts are not among them."""
        await desk.round(round_)
        summary = await summaries.of(round_, center)
        await desk.sees(principal, center, summary)
        sent = summary and (summary.current if version is None else summary.numbered(version))
        if not summary or not sent:
            raise problems.SUMMARY_MISSING.problem(where="path.center" if version is None else "query.version")
        return summary_view(summary, sent)
