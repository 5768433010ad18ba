"""Notices over HTTP: order a reminder or rehearse it, see what became of it, acknowledge it, and see who is behind."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Response

from services.notifier.chase import ChaseList
from services.notifier.domain import Delivery, identity
from services.notifier.knowledge import Knowledge
from services.notifier.notices import Notice, Recipient, RoundNotOpen, recipients_of
from services.notifier.outcomes import NotSentYet, acknowledge
from services.notifier.standings import Cause
from services.notifier.store import Sight, Store
from services.notifier.views import (
    Acknowledgement,
    BehindView,
    DeliveryView,
    NoticeOrder,
    NoticeView,
    Rehearsal,
)
from shared.contracts.events import OrganizationChanged, RoundChanged
from shared.http import Page, PageQuery, ProblemKind, Router, requires, write_cursor
from shared.http import problems as common
from shared.mongo import AlreadyThere, Conflict
from shared.security.principals import Principal, Role
from shared.security.scope import DEPARTMENT_CODE, may_act, may_see
from shared.telemetry import current_traceparent

NOTICE_UNKNOWN = ProblemKind(
    "notice-unknown", 404, "ไม่พบหนังสือแจ้งนี้ในส่วนที่ท่านเห็นได้",
    "There is no such notice among those you may see",
    "ตรวจเลขหนังสือแจ้ง หรือดูรายการหนังสือแจ้งของท่าน", "Check its id, or look at your list of notices.",
)  # fmt: skip
NOTICE_NOT_SENT = ProblemKind(
    "notice-not-sent", 409, "หนังสือแจ้งนี้ยังไม่ได้ส่งถึงท่าน", "This notice has not been sent to you",
    "รอให้ได้รับหนังสือแจ้งก่อน", "Wait until it reaches you.",
)  # fmt: skip

TIERS = (Role.DEPARTMENT, Role.PROVINCE, Role.DISTRICT, Role.LAO)
Officer = Annotated[Principal, Depends(requires(*TIERS, Role.OPERATOR))]
Overseer = Annotated[Principal, Depends(requires(*TIERS, Role.OPERATOR, Role.AUDITOR, Role.ASSESSOR))]
Reader = Annotated[Principal, Depends(requires(*TIERS, Role.CENTER, Role.OPERATOR, Role.AUDITOR, Role.ASSESSOR))]
Addressee = Annotated[Principal, Depends(requires(Role.LAO, Role.CENTER))]

Code = Annotated[str, Path(min_length=1, max_length=64)]
RACES = 8


def router(knowledge: Knowledge, store: Store) -> Router:
    """The routes of the notifier."""
    routes = Router(prefix="/v1")
    _orders(routes, knowledge, store)
    _answers(routes, store)
    _chase(routes, knowledge, ChaseList(knowledge, store))
    return routes


def _orders(routes: Router, knowledge: Knowledge, store: Store) -> None:
    rehearsed: dict[str, Any] = {"model": Rehearsal, "description": "A rehearsal"}

    @routes.post("/notices", status_code=201, responses={200: rehearsed, 404: {}})
    async def order(
        principal: Officer,
        wanted: NoticeOrder,
        response: Response,
        rehearse: Annotated[bool, Query(description="tell exactly who would be told, and send nothing")] = False,
        idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
    ) -> NoticeView | Rehearsal:
        """Remind the centers of a round, under an organization, that have not sent their report."""
        round_ = await _round(knowledge, wanted.round, "body.round")
        node = await _organization(knowledge, wanted.within or principal.org, "body.within")
        if not may_act(principal, node.path):
            raise common.OUT_OF_SCOPE.problem(where="body.within")
        owing = await knowledge.owing(wanted.round, node.code)
        reports = await knowledge.reports(wanted.round, [one.center for one in owing])
        match recipients_of(round_, owing, reports):
            case RoundNotOpen():
                raise common.ROUND_NOT_OPEN.problem(where="body.round")
            case recipients:
                pass
        if rehearse:
            response.status_code = 200
            offices = await knowledge.offices([one.center for one in recipients])
            return Rehearsal.of(wanted, node.code, recipients, offices)
        now = _now()
        number = _number(principal, idempotency_key)
        notice = Notice(
            kind=wanted.kind,
            round=wanted.round,
            within=node.code,
            path=node.path,
            ordered_by=principal.org,
            created_at=now,
            recipients=tuple(Recipient(center=one.center, path=one.path) for one in recipients),
            traceparent=current_traceparent(),
        )
        try:
            await store.order(number, notice, now)
        except AlreadyThere:  # ordered before, and the answer was lost
            notice = await store.notice(number) or notice
        response.headers["Location"] = f"/v1/notices/{number}"
        return NoticeView.of(number, notice, await store.tally(number, Sight()))

    @routes.get("/notices/{notice}")
    async def shown(principal: Reader, notice: Code) -> NoticeView:
        """A notice, and what became of those of its deliveries that you may see."""
        sight = _sight(principal)
        found = await store.notice(notice) or await _caused(store, notice)
        tally = await store.tally(notice, sight) if found else []
        if found is None or not (tally or may_see(principal, found.path)):
            raise NOTICE_UNKNOWN.problem(where="path.notice")
        return NoticeView.of(notice, found, tally)


def _answers(routes: Router, store: Store) -> None:
    @routes.post("/notices/{notice}/acknowledgements")
    async def acknowledged(principal: Addressee, notice: Code) -> Acknowledgement:
        """รับทราบ: say that your office has taken note. The first time counts; again gives the same answer."""
        for _ in range(RACES):
            found = await store.addressed(notice, principal.org, principal.role.value)
            if found is None:
                raise NOTICE_UNKNOWN.problem(where="path.notice")
            now = _now()
            after = acknowledge(found.state, now)
            if isinstance(after, NotSentYet):
                raise NOTICE_NOT_SENT.problem(where="path.notice")
            if after is found.state or not await store.save([(found, after)], now):
                assert after.acknowledged_at is not None
                return Acknowledgement(notice=notice, recipient=after.recipient, acknowledged_at=after.acknowledged_at)
        raise Conflict(notice)

    @routes.get("/deliveries")
    async def deliveries(
        principal: Reader,
        page: Annotated[PageQuery, Depends()],
        notice: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
        recipient: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    ) -> Page[DeliveryView]:
        """Deliveries of a notice or to a recipient; give one of the two."""
        if notice is None and recipient is None:
            raise common.INVALID.problem(
                "ระบุ notice หรือ recipient", "Give a notice or a recipient.", where="query.notice"
            )
        found = await store.deliveries(notice, recipient, _sight(principal), page.after(), page.limit + 1)
        shown = found[: page.limit]
        return Page(
            items=[DeliveryView.of(number, one) for number, one in shown],
            next=write_cursor(shown[-1][0]) if len(found) > page.limit else None,
        )


def _chase(routes: Router, knowledge: Knowledge, chase: ChaseList) -> None:
    @routes.get("/rounds/{round}/chase")
    async def behind(
        principal: Overseer,
        page: Annotated[PageQuery, Depends()],
        round_: Annotated[str, Path(alias="round", min_length=1, max_length=64)],
        within: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
        cause: Annotated[Cause | None, Query()] = None,
    ) -> Page[BehindView]:
        """Who owes a report and has not sent it, and why."""
        known = await _round(knowledge, round_, "path.round")
        root = principal.org if principal.role in TIERS else DEPARTMENT_CODE
        node = await _organization(knowledge, within or root, "query.within")
        if not may_see(principal, node.path):
            raise common.OUT_OF_SCOPE.problem(where="query.within")
        found, further = await chase.page(known, node.code, cause, page.after(), page.limit)
        return Page(items=[BehindView.of(one) for one in found], next=write_cursor(further) if further else None)


async def _round(knowledge: Knowledge, code: str, where: str) -> RoundChanged:
    found = await knowledge.round(code)
    if found is None:
        raise common.ROUND_UNKNOWN.problem(where=where)
    return found


async def _organization(knowledge: Knowledge, code: str, where: str) -> OrganizationChanged:
    found = await knowledge.organization(code)
    if found is None:
        raise common.ORGANIZATION_UNKNOWN.problem(where=where)
    return found


async def _caused(store: Store, notice: str) -> Delivery | None:
    """The delivery that is a notice by itself: one that an event caused."""
    found = (await store.load([notice])).get(notice)
    return found.state if found and found.state.notice == notice else None


def _sight(principal: Principal) -> Sight:
    """Which deliveries a principal may see: all, its subtree's, or its own."""
    if may_see(principal, ()):
        return Sight()
    if principal.role is Role.CENTER:
        return Sight(center=principal.org)
    # A lower tier whose token names the root sees nothing rather than the country.
    return Sight(path=principal.org if principal.org != DEPARTMENT_CODE else "")


def _now() -> datetime:
    """The time as the database keeps it, so that the first answer and a later one show the same."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _number(principal: Principal, key: str | None) -> str:
    """The id of a new notice: the same for the same caller and Idempotency-Key, even if its answer was lost."""
    if key is None:
        return secrets.token_hex(16)
    return identity("reminder", f"order:{principal.subject}", key)
