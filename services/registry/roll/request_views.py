"""A roll that waits for a second person, as an officer sees it."""

from datetime import datetime

from pydantic import BaseModel, Field

from services.registry.roll.loss import RollRequest
from shared.security.approval import RequestState, has_expired
from shared.security.principals import Principal
from shared.thai.calendar import in_bangkok


class LostCenter(BaseModel):
    code: str
    name: str


class RequestView(BaseModel):
    """A roll that waits for a second person, or what became of it."""

    id: str
    round: str
    state: RequestState
    expired: bool
    yours: bool = Field(description="whether you asked: then somebody else decides")
    asked_role: str
    asked_at: datetime
    expires_at: datetime
    reason: str
    listed: int = Field(description="centers on the round's roll when it was asked")
    gone: int = Field(description="of those, how many the file does not name")
    share: float = Field(description="gone / listed")
    rows: int
    rejected: int
    lost: list[LostCenter] = Field(description="the first of those that are gone")
    decided_at: datetime | None
    applied_at: datetime | None = Field(description="when the roll took effect")

    @classmethod
    def of(cls, request: RollRequest, asks: Principal, now: datetime) -> "RequestView":
        return cls(
            id=request.id,
            round=request.round,
            state=request.state,
            expired=has_expired(request, now),
            yours=request.asked_by == asks.subject,
            asked_role=request.asked_role.value,
            asked_at=in_bangkok(request.asked_at),
            expires_at=in_bangkok(request.expires_at),
            reason=request.reason,
            listed=request.listed,
            gone=request.gone,
            share=round(request.loss.share, 4),
            rows=request.rows,
            rejected=request.rejected,
            lost=[LostCenter(code=code, name=name) for code, name in request.sample],
            decided_at=in_bangkok(request.decided_at) if request.decided_at else None,
            applied_at=in_bangkok(request.applied_at) if request.applied_at else None,
        )
