"""The two-person rule: what would harm many is asked for by one person and approved by another.

A request is `asked`, and becomes `approved`, `refused` or `withdrawn` once; what was approved may be `undone` once.
The approver is another person (token subject) than the asker, of the same tier of the chain or a higher one. A request
nobody decided in time has expired and can only be asked anew. Saying the same thing twice changes nothing.

Pure: the caller checks that either person's organization covers the subject (`may_act`), stores the request beside what
it decides, and tells both by event and audit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.security.principals import Principal, Role

RequestState = Literal["asked", "approved", "refused", "withdrawn", "undone"]
LIFE: Final = timedelta(days=7)
"""How long a request may be decided: a working week and its weekend, so that one person's leave does not end it."""

_TIER: Final = {
    Role.CENTER: 0,
    Role.LAO: 1,
    Role.DISTRICT: 2,
    Role.PROVINCE: 3,
    Role.DEPARTMENT: 4,
    Role.OPERATOR: 4,
}


class TwoPersonRequest(BaseModel):
    """What one person asks for and another decides. A service's own request adds what it is about.

    `kind` and `subject` say what to what (`extension`, `2569/5801`); `reason` is the asker's words. `decided_*` name
    who approved, refused or withdrew it, `undone_*` who took an approval back.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    kind: str
    subject: str
    asked_by: str
    asked_role: Role
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    reason: str
    state: RequestState = "asked"
    decided_by: str | None = None
    decided_at: AwareDatetime | None = None
    undone_by: str | None = None
    undone_at: AwareDatetime | None = None
    undone_reason: str | None = None


R = TypeVar("R", bound=TwoPersonRequest)


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Whoever asked cannot approve or refuse: that takes a second person. The asker withdraws instead."""


@dataclass(frozen=True, slots=True)
class NotTheAsker:
    """Only who asked withdraws; anybody else refuses."""


@dataclass(frozen=True, slots=True)
class TierTooLow:
    """The decision is for a tier no lower than the asker's."""

    asked_role: Role


@dataclass(frozen=True, slots=True)
class RequestExpired:
    """Nobody decided in time."""

    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AlreadySettled:
    """It is decided already, or otherwise than this step needs; `state` says how."""

    state: RequestState


ApprovalRefusal = SamePerson | NotTheAsker | TierTooLow | RequestExpired | AlreadySettled


def tier(role: Role) -> int | None:
    """How high a role stands in the chain, from a center (0) to the department (4); None for who stands outside it."""
    return _TIER.get(role)


def has_expired(request: TwoPersonRequest, now: datetime) -> bool:
    """Whether nobody decided in time. What is decided never expires."""
    return request.state == "asked" and now >= request.expires_at


def decide(request: R, verdict: Literal["approved", "refused"], by: Principal, now: datetime) -> R | ApprovalRefusal:
    """Approve or refuse, as a second person. The same person's same verdict again leaves the request as it is."""
    if request.state != "asked":
        said_before = request.state == verdict and request.decided_by == by.subject
        return request if said_before else AlreadySettled(request.state)
    if by.subject == request.asked_by:
        return SamePerson()
    if not _reaches(by, request):
        return TierTooLow(request.asked_role)
    if has_expired(request, now):
        return RequestExpired(request.expires_at)
    return request.model_copy(update={"state": verdict, "decided_by": by.subject, "decided_at": now})


def withdraw(request: R, by: Principal, now: datetime) -> R | ApprovalRefusal:
    """Take one's own request back before anybody decided; also when it has expired."""
    if by.subject != request.asked_by:
        return NotTheAsker()
    if request.state == "withdrawn":
        return request
    if request.state != "asked":
        return AlreadySettled(request.state)
    return request.model_copy(update={"state": "withdrawn", "decided_by": by.subject, "decided_at": now})


def undo(request: R, by: Principal, reason: str, now: datetime) -> R | ApprovalRefusal:
    """Take an approval back. One person suffices, of the asker's tier or a higher one: a mistake is stopped at once."""
    if not _reaches(by, request):
        return TierTooLow(request.asked_role)
    if request.state == "undone" and request.undone_by == by.subject:
        return request
    if request.state != "approved":
        return AlreadySettled(request.state)
    return request.model_copy(
        update={"state": "undone", "undone_by": by.subject, "undone_at": now, "undone_reason": reason}
    )


def _reaches(by: Principal, request: TwoPersonRequest) -> bool:
    height, needed = tier(by.role), tier(request.asked_role)
    return height is not None and needed is not None and height >= needed
