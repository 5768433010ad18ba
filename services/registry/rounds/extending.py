"""Extensions over HTTP: one person asks, a second approves, and what was approved can be undone."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query, status

from services.registry.domain import Center, Organization, Round
from services.registry.rounds import extensions, problems
from services.registry.rounds.api import Step, deadline_of, entered, there
from services.registry.rounds.extensions import Refused
from services.registry.rounds.journal import Journal
from services.registry.rounds.keeping import RoundKeeper
from services.registry.rounds.parts import ExtensionRequest
from services.registry.rounds.views import ExtensionView, NewExtension, Undoing
from services.registry.store import RegistryStore
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.approvals import REQUEST_UNKNOWN
from shared.http.problems import ORGANIZATION_UNKNOWN, OUT_OF_SCOPE
from shared.security.approval import RequestState
from shared.security.principals import Principal, Role
from shared.security.scope import may_act, may_see
from shared.telemetry import get_logger
from shared.thai.text import normalise

log = get_logger()

Clock = Callable[[], datetime]
Asker = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.PROVINCE, Role.DISTRICT))]
Decider = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR, Role.PROVINCE))]
Anybody = Annotated[Principal, Depends(requires())]
InPath = Annotated[str, Path(alias="round", max_length=64)]
Numbered = Annotated[str, Path(alias="id", max_length=64)]


class Extensions:
    """The steps of a request. Each reads the round, asks the rule and writes, again when another was first."""

    def __init__(self, store: RegistryStore, keeper: RoundKeeper, journal: Journal, clock: Clock) -> None:
        self._store, self._keeper, self._journal, self._clock = store, keeper, journal, clock

    async def ask(self, round_id: str, body: NewExtension, by: Principal) -> ExtensionView:
        """Put a request for what lies in the asker's part of the tree."""
        node = await self._node(body.organization)
        center = node.code if isinstance(node, Center) else None
        if not may_act(by, node.path, center):
            raise OUT_OF_SCOPE.problem(where="body.organization")
        deadline, reason, now = deadline_of(body), normalise(body.reason).text, self._clock()
        put: list[ExtensionRequest] = []

        def asked(state: Round) -> Round | Refused:
            answer = extensions.ask(state, body.organization, node.path, deadline, reason, by, now)
            if not isinstance(answer, tuple):
                return answer
            put[:] = [answer[1]]
            return answer[0]

        step = Step(self._store, self._keeper, self._journal, by, "extension.ask", body.organization)
        after = await entered(step, round_id, asked)
        if not isinstance(after, Round):
            raise problems.of_extension(after)
        log.info("registry.extension", round=round_id, step="asked")
        return ExtensionView.of(put[0], now)

    async def step(
        self, round_id: str, request_id: str, by: Principal, what: str, rule: Callable[[Round], Round | Refused]
    ) -> ExtensionView:
        """Decide, withdraw or undo a request about what lies in one's part of the tree."""
        request = extensions.request_of(await there(self._store, round_id), request_id)
        if request is None or not may_see(by, request.path):
            raise REQUEST_UNKNOWN.problem(where="path.id")
        if not may_act(by, request.path):
            raise OUT_OF_SCOPE.problem(where="path.id")
        step = Step(self._store, self._keeper, self._journal, by, f"extension.{what}", request_id)
        state = await entered(step, round_id, rule)
        if not isinstance(state, Round):
            raise problems.of_extension(state)
        log.info("registry.extension", round=round_id, step=what)
        after = extensions.request_of(state, request_id)
        if after is None:
            raise REQUEST_UNKNOWN.problem(where="path.id")
        return ExtensionView.of(after, self._clock())

    async def page(
        self, round_id: str, by: Principal, state: RequestState | None, after: str | None, limit: int
    ) -> Page[ExtensionView]:
        """The requests in sight, in the order they were asked."""
        seen = extensions.in_sight(await there(self._store, round_id), by, state)
        behind = [one for one in seen if after is None or _place(one) > after]
        shown = behind[:limit]
        return Page(
            items=[ExtensionView.of(one, self._clock()) for one in shown],
            next=write_cursor(_place(shown[-1])) if len(behind) > limit else None,
        )

    async def _node(self, code: str) -> Organization | Center:
        found = await self._store.organization(code) or await self._store.center(code)
        if found is None:
            raise ORGANIZATION_UNKNOWN.problem(where="body.organization")
        return found


def router(store: RegistryStore, keeper: RoundKeeper, journal: Journal, clock: Clock) -> Router:
    """`/v1/rounds/{round}/extensions`."""
    routes = Router(prefix="/v1/rounds/{round}/extensions", tags=["extensions"])
    desk = Extensions(store, keeper, journal, clock)

    @routes.post("", status_code=status.HTTP_201_CREATED)
    async def ask(round_id: InPath, body: NewExtension, by: Asker) -> ExtensionView:
        """Ask for more time; it holds once a second person has approved it."""
        return await desk.ask(round_id, body, by)

    @routes.get("")
    async def read_all(
        round_id: InPath,
        page: Annotated[PageQuery, Depends()],
        who: Anybody,
        state: Annotated[RequestState | None, Query()] = None,
    ) -> Page[ExtensionView]:
        """The requests about what lies in one's part of the tree."""
        return await desk.page(round_id, who, state, page.after(), page.limit)

    @routes.post("/{id}/approve")
    async def approve(round_id: InPath, request_id: Numbered, by: Decider) -> ExtensionView:
        """Approve as a second person of the asker's tier or a higher one: the extension holds from now on."""
        return await desk.step(
            round_id, request_id, by, "approve", lambda state: extensions.approve(state, request_id, by, clock())
        )

    @routes.post("/{id}/refuse")
    async def refuse(round_id: InPath, request_id: Numbered, by: Decider) -> ExtensionView:
        """Refuse as a second person."""
        return await desk.step(
            round_id, request_id, by, "refuse", lambda state: extensions.refuse(state, request_id, by, clock())
        )

    @routes.post("/{id}/withdraw")
    async def withdraw(round_id: InPath, request_id: Numbered, by: Asker) -> ExtensionView:
        """Take one's own request back before anybody decided."""
        return await desk.step(
            round_id, request_id, by, "withdraw", lambda state: extensions.take_back(state, request_id, by, clock())
        )

    @routes.post("/{id}/undo")
    async def undo(round_id: InPath, request_id: Numbered, body: Undoing, by: Decider) -> ExtensionView:
        """Take an approved extension back. What was sent while it held keeps its receipt."""
        reason = normalise(body.reason).text
        return await desk.step(
            round_id, request_id, by, "undo", lambda state: extensions.reverse(state, request_id, by, reason, clock())
        )

    return routes


def _place(request: ExtensionRequest) -> str:
    return f"{request.asked_at.isoformat()}|{request.id}"
