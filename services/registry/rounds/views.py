"""What rounds look like to those who ask."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.registry.domain import Round
from services.registry.rounds.deadlines import remarks
from services.registry.rounds.parts import DocumentKind, ExtensionRequest, RoundDocument, Snapshot
from shared.security.approval import RequestState, has_expired
from shared.thai.calendar import BANGKOK, format_moment, in_bangkok

RoundId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", examples=["2569"])]
BuddhistYear = Annotated[int, Field(ge=2500, le=2699, description="Buddhist Era", examples=[2569])]
_FIRST, _LAST = (datetime(year, 1, 1, tzinfo=BANGKOK) for year in (2500 - 543, 2700 - 543))
Deadline = Annotated[AwareDatetime, Field(ge=_FIRST, lt=_LAST, examples=["2025-10-31T23:59:59+07:00"])]
"""In the years that a round may have: JSON can say days that no clock shows, and to which no grace can be added."""
Grace = Annotated[int, Field(ge=0, le=7 * 24 * 60, description="minutes, for uploads begun before the deadline")]
Reason = Annotated[str, Field(min_length=3, max_length=500)]
DeadlineText = Annotated[
    str,
    Field(
        min_length=4,
        max_length=120,
        examples=["วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๑๖.๓๐ น."],
        description="as a letter writes it; without an hour, the day's last second",
    ),
]
Weekday = Annotated[
    str, Field(max_length=20, examples=["วันศุกร์", "Friday"], description="refused where it is not the deadline's")
]

REMARKS: Final = {
    "deadline_outside_fiscal_year": "กำหนดส่งอยู่นอกปีงบประมาณ / the deadline lies outside the fiscal year",
    "deadline_on_weekend": "กำหนดส่งตรงกับวันหยุดสุดสัปดาห์ / the deadline falls on a weekend",
    "academic_year_not_over": "ปีการศึกษายังไม่สิ้นสุด / the academic year is not over",
}


class NewRound(BaseModel):
    """A round to create. Its id is the fiscal year unless another is given."""

    round: RoundId | None = None
    fiscal_year: BuddhistYear
    academic_year: BuddhistYear
    deadline: Deadline | None = None
    deadline_text: DeadlineText | None = None
    weekday: Weekday | None = None
    grace_minutes: Grace = 0


class RoundCorrection(BaseModel):
    """What of a draft was mistyped. What is not given stays."""

    model_config = ConfigDict(extra="forbid")

    fiscal_year: BuddhistYear | None = None
    academic_year: BuddhistYear | None = None
    deadline: Deadline | None = None
    deadline_text: DeadlineText | None = None
    weekday: Weekday | None = None
    grace_minutes: Grace | None = None


class RoundClosing(BaseModel):
    reason: Reason


class DocumentView(BaseModel):
    """A document of a round; its bytes are at `…/documents/{id}`."""

    id: str
    kind: DocumentKind
    name: str
    media_type: str
    size: int = Field(description="bytes")
    sha256: str
    added_at: datetime

    @classmethod
    def of(cls, document: RoundDocument) -> "DocumentView":
        said = document.model_dump(include={"id", "kind", "name", "media_type", "size", "sha256"})
        return cls(**said, added_at=in_bangkok(document.added_at))


class SnapshotView(BaseModel):
    """The tree and obligations as they were at the opening; their lines are at `…/snapshot`."""

    sha256: str
    size: int = Field(description="bytes")
    organizations: int
    centers: int
    taken_at: datetime

    @classmethod
    def of(cls, snapshot: Snapshot) -> "SnapshotView":
        said = snapshot.model_dump(include={"sha256", "size", "organizations", "centers"})
        return cls(**said, taken_at=in_bangkok(snapshot.taken_at))


class ExtensionHolds(BaseModel):
    """A later deadline that holds for an organization's subtree or for one center."""

    organization: str
    deadline: datetime


class RoundView(BaseModel):
    round: str
    fiscal_year: int
    academic_year: int
    deadline: datetime
    deadline_th: str = Field(examples=["วันศุกร์ที่ ๓๑ ตุลาคม พ.ศ. ๒๕๖๘ เวลา ๒๓.๕๙ น."])
    grace_minutes: int
    state: Literal["draft", "open", "closed"]
    listed: int = Field(description="centers on the roll")
    obligations: int = Field(description="centers that owe a report")
    extensions: list[ExtensionHolds]
    documents: list[DocumentView]
    snapshot: SnapshotView | None
    remarks: list[str] = Field(description="what to look at twice before opening")
    created_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    closed_reason: str | None

    @classmethod
    def of(cls, state: Round) -> "RoundView":
        return cls(
            round=state.round,
            fiscal_year=state.fiscal_year,
            academic_year=state.academic_year,
            deadline=in_bangkok(state.deadline),
            deadline_th=format_moment(state.deadline),
            grace_minutes=state.grace_minutes,
            state=state.state,
            listed=state.listed,
            obligations=state.obligations,
            extensions=[
                ExtensionHolds(organization=one.organization, deadline=in_bangkok(one.deadline))
                for one in state.extensions
            ],
            documents=[DocumentView.of(document) for document in state.documents],
            snapshot=SnapshotView.of(state.snapshot) if state.snapshot else None,
            remarks=[REMARKS[code] for code in remarks(state)],
            created_at=in_bangkok(state.created_at),
            opened_at=_local(state.opened_at),
            closed_at=_local(state.closed_at),
            closed_reason=state.closed_reason,
        )


class NewExtension(BaseModel):
    """More time for an organization's subtree, or for one center."""

    model_config = ConfigDict(extra="forbid")

    organization: str = Field(max_length=64, description="an organization's code, or a center's")
    deadline: Deadline | None = None
    deadline_text: DeadlineText | None = None
    weekday: Weekday | None = None
    reason: Reason


class Undoing(BaseModel):
    reason: Reason


class ExtensionView(BaseModel):
    """A request for more time. `*_by` are offices, never persons."""

    id: str
    organization: str
    deadline: datetime
    deadline_th: str
    reason: str
    state: RequestState
    expired: bool = Field(description="nobody decided in time")
    asked_by: str = Field(examples=["province/58"])
    asked_at: datetime
    expires_at: datetime
    decided_by: str | None = Field(description="the office that approved or refused it, or withdrew it")
    decided_at: datetime | None
    undone_at: datetime | None
    undone_reason: str | None

    @classmethod
    def of(cls, request: ExtensionRequest, now: datetime) -> "ExtensionView":
        return cls(
            id=request.id,
            organization=request.organization,
            deadline=in_bangkok(request.deadline),
            deadline_th=format_moment(request.deadline),
            reason=request.reason,
            state=request.state,
            expired=has_expired(request, now),
            asked_by=f"{request.asked_role.value}/{request.asked_org}",
            asked_at=in_bangkok(request.asked_at),
            expires_at=in_bangkok(request.expires_at),
            decided_by=request.decided_org,
            decided_at=_local(request.decided_at),
            undone_at=_local(request.undone_at),
            undone_reason=request.undone_reason,
        )


def _local(instant: datetime | None) -> datetime | None:
    return in_bangkok(instant) if instant else None
