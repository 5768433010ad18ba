"""More time for a subtree or one center: asked for by one person, approved by another, and reversible. Pure.

An extension never shortens anything, and neither does the tree: what was promised to an office holds for it after it
moved or was merged (`keep_promises`), until the extension itself is undone.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.registry.domain import Round
from services.registry.rounds.deadlines import deadline_for
from services.registry.rounds.parts import CarriedExtension, ExtensionRequest
from services.registry.rounds.rules import NotOpen
from shared.contracts.events import Extension
from shared.security.approval import LIFE, ApprovalRefusal, RequestState, decide, undo, withdraw
from shared.security.principals import Principal
from shared.security.scope import may_see
from shared.thai.calendar import in_bangkok

LONGEST: Final = timedelta(days=366)
"""How long after the round's deadline an extension may end: beyond, the year was mistyped."""
MOST_REQUESTS: Final = 2_000
"""Of one round. They lie in its document; every district of the country asking twice stays below it."""


@dataclass(frozen=True, slots=True)
class NotLater:
    """It would give no more time than there is; `deadline` holds already."""

    deadline: datetime


@dataclass(frozen=True, slots=True)
class TooFar:
    """It ends later than any extension may."""

    latest: datetime


@dataclass(frozen=True, slots=True)
class AlreadyPast:
    """It would have ended before anybody could use it."""

    deadline: datetime


@dataclass(frozen=True, slots=True)
class TooManyRequests:
    """The round holds as many requests as it can."""


@dataclass(frozen=True, slots=True)
class RequestUnknown:
    """The round has no such request."""


Refused = NotOpen | NotLater | TooFar | AlreadyPast | TooManyRequests | RequestUnknown | ApprovalRefusal


def request_of(state: Round, request_id: str) -> ExtensionRequest | None:
    """The request with this id."""
    return next((one for one in state.requests if one.id == request_id), None)


def ask(
    state: Round, organization: str, path: Sequence[str], deadline: datetime, reason: str, by: Principal, now: datetime
) -> tuple[Round, ExtensionRequest] | Refused:
    """Put a request. The same person asking the same while it is undecided gets the request that stands.

    `path` ends with the organization; for a center, with its LAO.
    """
    deadline = in_bangkok(deadline).replace(microsecond=0)
    standing = next((one for one in state.requests if _same(one, organization, deadline, by, now)), None)
    if standing is not None:
        return state, standing
    if unfit := _unfit(state, organization, path, deadline, now):
        return unfit
    if len(state.requests) >= MOST_REQUESTS:
        return TooManyRequests()
    request = ExtensionRequest(
        id=_number(state, organization, deadline, by),
        kind="extension",
        subject=f"{state.round}/{organization}",
        asked_by=by.subject,
        asked_role=by.role,
        asked_org=by.org,
        asked_at=now,
        expires_at=now + LIFE,
        reason=reason,
        organization=organization,
        path=tuple(path),
        deadline=deadline,
    )
    return state.model_copy(update={"requests": (*state.requests, request)}), request


def approve(state: Round, request_id: str, by: Principal, now: datetime) -> Round | Refused:
    """Approve as a second person: from now on the extension holds."""

    def approved(request: ExtensionRequest) -> ExtensionRequest | Refused:
        unfit = _unfit(state, request.organization, request.path, request.deadline, now)
        if request.state == "asked" and unfit:
            return unfit
        return _by_office(decide(request, "approved", by, now), by)

    return _changed(state, request_id, approved)


def refuse(state: Round, request_id: str, by: Principal, now: datetime) -> Round | Refused:
    """Refuse as a second person."""
    return _changed(state, request_id, lambda request: _by_office(decide(request, "refused", by, now), by))


def take_back(state: Round, request_id: str, by: Principal, now: datetime) -> Round | Refused:
    """Withdraw one's own request before anybody decided."""
    return _changed(state, request_id, lambda request: _by_office(withdraw(request, by, now), by))


def reverse(state: Round, request_id: str, by: Principal, reason: str, now: datetime) -> Round | Refused:
    """Undo an approved extension, with all that it was carried to. What was sent meanwhile keeps its receipt."""
    return _changed(state, request_id, lambda request: undo(request, by, reason, now))


def keep_promises(state: Round, before: Sequence[str], after: Sequence[str], target: str) -> Round:
    """The round after offices whose codes above and of themselves were `before` came to stand under `after`.

    Extensions that hold for the first and not for the second are carried to `target`, an organization or a center.
    """
    approved = {one.id: one for one in state.requests if one.state == "approved"}
    holds_after = _latest(state, after)
    owing = [
        CarriedExtension(organization=target, request=number)
        for number, organization in _holding(state, approved)
        if organization in before and approved[number].deadline > holds_after
    ]
    carried = tuple(dict.fromkeys((*state.carried, *owing)))
    return _told(state.model_copy(update={"carried": carried}))


def in_sight(state: Round, who: Principal, wanted: RequestState | None = None) -> list[ExtensionRequest]:
    """The requests about what lies in one's part of the tree, in the order they were asked."""
    return [one for one in state.requests if may_see(who, one.path) and wanted in {None, one.state}]


def _latest(state: Round, codes: Sequence[str]) -> datetime:
    return max([state.deadline, *(one.deadline for one in state.extensions if one.organization in codes)])


def _holding(state: Round, approved: dict[str, ExtensionRequest]) -> list[tuple[str, str]]:
    """Which request holds for which code: where it was asked for, and where it was carried."""
    asked = [(one.id, one.organization) for one in approved.values()]
    return [*asked, *((one.request, one.organization) for one in state.carried if one.request in approved)]


def _told(state: Round) -> Round:
    """The round with its extensions as the world is to know them, in the order they were given."""
    approved = {one.id: one for one in state.requests if one.state == "approved"}
    told = [
        Extension(organization=organization, deadline=approved[number].deadline)
        for number, organization in _holding(state, approved)
    ]
    return state.model_copy(update={"extensions": tuple(dict.fromkeys(told))})


def _changed(
    state: Round, request_id: str, step: Callable[[ExtensionRequest], ExtensionRequest | Refused]
) -> Round | Refused:
    request = request_of(state, request_id)
    if request is None:
        return RequestUnknown()
    after = step(request)
    if not isinstance(after, ExtensionRequest):
        return after
    if after == request:
        return state
    requests = tuple(after if one.id == request_id else one for one in state.requests)
    return _told(state.model_copy(update={"requests": requests}))


def _by_office(after: ExtensionRequest | ApprovalRefusal, by: Principal) -> ExtensionRequest | ApprovalRefusal:
    if isinstance(after, ExtensionRequest) and after.decided_org is None:
        return after.model_copy(update={"decided_org": by.org})
    return after


def _unfit(
    state: Round, organization: str, path: Sequence[str], deadline: datetime, now: datetime
) -> NotOpen | NotLater | TooFar | AlreadyPast | None:
    if state.state != "open":
        return NotOpen(state.state)
    if deadline <= now:
        return AlreadyPast(deadline)
    if deadline > state.deadline + LONGEST:
        return TooFar(state.deadline + LONGEST)
    standing = deadline_for(state, path, organization)
    return NotLater(standing) if deadline <= standing else None


def _same(one: ExtensionRequest, organization: str, deadline: datetime, by: Principal, now: datetime) -> bool:
    undecided = one.state == "asked" and now < one.expires_at
    return undecided and (one.organization, one.deadline, one.asked_by) == (organization, deadline, by.subject)


def _number(state: Round, organization: str, deadline: datetime, by: Principal) -> str:
    """Sixteen hex digits; asked again after a refusal it is another."""
    said = f"{state.round}\n{organization}\n{deadline.isoformat()}\n{by.subject}\n{len(state.requests)}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]
