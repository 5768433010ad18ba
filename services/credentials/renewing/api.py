"""Renewals over HTTP. None of these routes shows a secret, to anybody."""

from typing import Annotated, Literal

from fastapi import Depends, Path

from services.credentials import problems
from services.credentials.domain import Refusal
from services.credentials.journal import Journal
from services.credentials.overseeing.api import HolderCode, Within, not_seen, seen
from services.credentials.overseeing.sight import Sight
from services.credentials.renewing import rules
from services.credentials.renewing.desk import RenewalDesk, Settled, Step
from services.credentials.renewing.rules import Wish
from services.credentials.renewing.store import RenewalStore
from services.credentials.renewing.views import RenewalAnswer, RenewalShown, RotationGiven, WishGiven, shown
from services.credentials.store import CredentialsStore
from services.credentials.views import metadata_of
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.approvals import REQUEST_UNKNOWN, of_approval
from shared.http.problems import FORBIDDEN
from shared.security.approval import ApprovalRefusal, RequestState
from shared.security.principals import Principal, Role

RequestId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
Asker = Annotated[
    Principal,
    Depends(requires(Role.CENTER, Role.LAO, Role.DISTRICT, Role.PROVINCE, Role.DEPARTMENT, Role.OPERATOR)),
]
Officer = Annotated[
    Principal, Depends(requires(Role.LAO, Role.DISTRICT, Role.PROVINCE, Role.DEPARTMENT, Role.OPERATOR, Role.AUDITOR))
]
Decider = Annotated[Principal, Depends(requires(*sorted(rules.DECIDERS)))]


def wish_routes(store: CredentialsStore, desk: RenewalDesk, journal: Journal) -> Router:
    """Rotate, revoke, reissue: done at once by who may, asked for by everybody else."""
    router = Router(prefix="/v1")

    async def wished(who: Principal, code: str, given: WishGiven, wish: Wish) -> RenewalAnswer:
        credential = await seen(store, who, code, given.round, given.kind)
        if credential is None:
            await journal.declined(who, "holder", code, f"credential.{wish.kind}", "out_of_scope", given.round or "")
            raise not_seen()
        return _answer(await desk.wish(who, credential, wish))

    @router.post("/holders/{code}/credential/rotate", tags=["renewals"])
    async def rotate(code: HolderCode, given: RotationGiven, who: Asker) -> RenewalAnswer:
        """Give the holder another secret. The department and operators do it; others ask."""
        return await wished(who, code, given, Wish("rotate", given.reason, given.source))

    @router.post("/holders/{code}/credential/revoke", tags=["renewals"])
    async def revoke(code: HolderCode, given: WishGiven, who: Asker) -> RenewalAnswer:
        """Take the credential back: nobody can claim it any more. The department and operators do it; others ask."""
        return await wished(who, code, given, Wish("revoke", given.reason))

    @router.post("/holders/{code}/credential/reissue", tags=["renewals"])
    async def reissue(code: HolderCode, given: WishGiven, who: Asker) -> RenewalAnswer:
        """Ask that a secret which was shown and never confirmed may be claimed once more. A second person approves."""
        return await wished(who, code, given, Wish("reissue", given.reason))

    return router


def request_routes(renewals: RenewalStore, sight: Sight, desk: RenewalDesk, journal: Journal) -> Router:
    """Requests that wait, and their decision."""
    router = Router(prefix="/v1")

    @router.get("/renewals", tags=["renewals"])
    async def requests(
        who: Officer, page: Annotated[PageQuery, Depends()], within: Within = None, state: RequestState = "asked"
    ) -> Page[RenewalShown]:
        """Requests about credentials below an organization; those that wait for a decision, unless asked otherwise."""
        part = await sight.part(who, within, "renewal.look")
        found = await renewals.within(part, state, page.after(), page.limit)
        await journal.listed(who, "renewal.look", part, state)
        following = write_cursor(found[-1][0]) if len(found) == page.limit else None
        return Page(items=[each for _, credential in found if (each := shown(credential))], next=following)

    @router.post("/renewals/{request}/approve", tags=["renewals"])
    async def approve(request: RequestId, who: Decider) -> RenewalAnswer:
        """Approve a request, as a second person. It is done in the same moment."""
        return await settled(who, request, "approved")

    @router.post("/renewals/{request}/refuse", tags=["renewals"])
    async def refuse(request: RequestId, who: Decider) -> RenewalAnswer:
        """Refuse a request."""
        return await settled(who, request, "refused")

    @router.post("/renewals/{request}/withdraw", tags=["renewals"])
    async def withdraw(request: RequestId, who: Asker) -> RenewalAnswer:
        """Take one's own request back."""
        return await settled(who, request, "withdrawn")

    async def settled(who: Principal, request: str, step: Step) -> RenewalAnswer:
        found = await desk.settle(who, request, step)
        if found == "unknown":
            raise REQUEST_UNKNOWN.problem(where="path.request")
        return _answer(found)

    return router


def _answer(found: Settled | Refusal | ApprovalRefusal | Literal["forbidden"]) -> RenewalAnswer:
    if found == "forbidden":
        raise FORBIDDEN.problem()
    if isinstance(found, Refusal):
        raise problems.of(found)
    if isinstance(found, Settled):
        return RenewalAnswer(
            outcome=found.outcome, credential=metadata_of(found.credential), renewal=shown(found.credential)
        )
    raise of_approval(found, "path.request")
