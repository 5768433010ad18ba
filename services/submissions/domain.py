"""What a center owes a round and how it is sent: an upload, a receipt, a decision.

Rules on frozen models: (state, command, now) -> (new state, events) or a typed refusal. `now` is the server's clock.
The letters order the report "ภายในวันศุกร์ที่ ๓๑ ตุลาคม ๒๕๖๘" and are silent on late ones, on formats and on receipts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.submissions.forms.form import Form
from services.submissions.reviewing.reviews import Review
from shared.contracts.events import RoundChanged

PART_SIZE: Final = 5 * 1024 * 1024
"""Bytes. The smallest that S3 takes, so that a cut connection costs little."""
MOST_OPEN: Final = 5
"""Uploads of one center under way at once."""
MOST_REPORTS: Final = 50
"""Versions of one center's report in one round."""
KEPT_ENDED: Final = 10
"""Ended uploads without a receipt that are remembered, so that a late question still gets its answer."""
RECONCILE_AFTER: Final = timedelta(seconds=60)
"""An upload that was being completed for this long has lost its process: a sweeper takes over."""

LOOK_WITHIN: Final = timedelta(hours=1)
"""A received report that no event brought to its inspection by then is taken up by a sweeper."""
LOOK_AGAIN: Final = timedelta(seconds=10)
"""When a report is looked into again whose inspection could not be done; twice as long after each time, …"""
LOOK_AGAIN_AT_MOST: Final = timedelta(minutes=10)
"""… and no longer than this."""
MANY_LOOKS: Final = 12
"""A report undecided after so many, which take over an hour, waits for an operator rather than for time to pass."""

UploadState = Literal["open", "completing", "received", "failed", "aborted", "expired"]
ReportState = Literal["received", "accepted", "rejected"]
FailReason = Literal["digest_mismatch", "size_mismatch", "lost"]
Layer = Literal["text", "scan", "mixed", "none"]
Count = Literal["stalls", "kills"]


class State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Upload(State):
    """One attempt to bring one file. Its key in the store is used for that file and never for another.

    `completing_at` stays when the store lost the parts and they are asked for again: the upload is open once more then,
    and `multipart` is another. `joining_at` is when its completion began last.

    `sha256` is what the sender declared of the whole file; `parts` what it declared of each part, or None until it did.
    A part's digest is never changed: the store took only bytes of that digest, so what it has under a number is known.

    With a `form` nothing is declared and there are no parts: `size` is 0 until the file was confirmed, and `sha256`
    None until this service has read it.
    """

    id: str
    state: UploadState
    size: int
    sha256: str | None
    parts: tuple[str | None, ...]
    multipart: str
    opened_at: datetime
    expires_at: datetime
    completing_at: datetime | None = None
    joining_at: datetime | None = None
    reason: FailReason | None = None
    receipt: str | None = None
    form: Form | None = None

    @property
    def received_at(self) -> datetime:
        """When it counts as received: once its parts were whole, not when the service got round to reading them."""
        return self.completing_at or self.opened_at

    @property
    def joined_since(self) -> datetime:
        """Since when the store is joining its parts."""
        return self.joining_at or self.received_at

    def part_size(self, number: int) -> int:
        """Bytes of the part with this number, from 1."""
        return min(PART_SIZE, self.size - (number - 1) * PART_SIZE)


class Seen(State):
    """What an inspection saw in a sound file. Pages are numbered from 1; only the first of many are named.

    `layer`: whether its pages are text, pictures of pages, or both. `blank` and `turned` are told to people, never a
    reason to refuse. `notes` are codes of what was there and is not in the copy that is handed out.
    """

    pages: int
    blank: tuple[int, ...] = ()
    turned: tuple[int, ...] = ()
    layer: Layer = "none"
    notes: tuple[str, ...] = ()


class Copy(State):
    """The copy that is handed out: re-saved without actions, metadata and attachments. `kept` is its version."""

    sha256: str
    size: int
    kept: str | None


class Report(State):
    """One version of a center's report: received for good, then accepted or rejected.

    `quarantined` and `kept` are the versions of its object in the two buckets, where the store has versions. `seen`
    and `clean` stand once it was accepted. `look_at` is when a sweeper inspects it, if no event brought it by then;
    `looks` counts inspections that could not be done, `stalls` those among them that used their time and came to no
    end, `kills` those that the machine killed while no other file's was.
    """

    version: int
    upload: str
    sha256: str
    size: int
    quarantined: str | None
    kept: str | None = None
    receipt: str
    signed: str
    received_at: datetime
    late: bool
    state: ReportState = "received"
    pages: int | None = None
    seen: Seen | None = None
    clean: Copy | None = None
    reason: str | None = None
    decided_at: datetime | None = None
    look_at: datetime | None = None
    looks: int = 0
    stalls: int = 0
    kills: int = 0


class Carried(State):
    """What a center that was merged into this one had sent, as it stood when it was last carried over."""

    center: str
    reports: tuple[Report, ...]
    reviews: tuple[Review, ...]


Standing = Literal["awaited", "uploading", "received", "accepted", "rejected", "returned", "approved"]


class Submission(State):
    """All that one center sent for one round.

    `standing` is what counts (see `standing.py`). `since` and `late` belong to it. `due` is when a sweeper must look
    next, if ever. `due_again` is when a returned report must be back; `overdue` the time, grace included, that was
    announced as passed without a report. `overdue_told` is that time once a report came: if that is refused, it is not
    announced again. `successor` is the center that this one was merged into, `carried` what others that were merged
    into this one had sent, and `moves` counts either.
    """

    round: str
    center: str
    path: tuple[str, ...]
    uploads: tuple[Upload, ...] = ()
    reports: tuple[Report, ...] = ()
    standing: Standing = "uploading"
    since: datetime
    late: bool = False
    due: datetime | None = None
    reviews: tuple[Review, ...] = ()
    due_again: datetime | None = None
    overdue: datetime | None = None
    overdue_told: datetime | None = None
    successor: str | None = None
    carried: tuple[Carried, ...] = ()
    moves: int = 0

    @property
    def delivered(self) -> bool:
        """Whether the center has nothing left to send: a report stands that was neither refused nor returned."""
        return self.standing in {"received", "accepted", "approved"}

    def upload(self, upload: str) -> Upload | None:
        """The upload with this id."""
        return next((one for one in self.uploads if one.id == upload), None)

    def report_of(self, upload: str) -> Report | None:
        """The report that this upload brought, or that had brought the same bytes before it."""
        receipt = next((one.receipt for one in self.uploads if one.id == upload), None)
        return next((one for one in self.reports if receipt and one.receipt == receipt), None)

    def report_with(self, sha256: str) -> Report | None:
        """The report with these bytes."""
        return next((one for one in self.reports if one.sha256 == sha256), None)


@dataclass(frozen=True, slots=True)
class Sound:
    """An inspection found nothing wrong, and the report was copied to where accepted ones are kept."""

    seen: Seen
    kept: str | None
    clean: Copy | None


class Duty(State):
    """What is known of a center in a round when it wants to send: the round's rules, and whether it owes a report.

    `due_again` is when a report that was returned must be back.
    """

    round: RoundChanged
    center: str
    path: tuple[str, ...]
    owed: bool
    due_again: datetime | None = None

    @property
    def line(self) -> tuple[str, ...]:
        """Its path, down to the center itself."""
        return (*self.path, self.center)

    @property
    def deadline(self) -> datetime:
        """By when its report is due."""
        deadline = deadline_of(self.round, self.line)
        return max(deadline, self.due_again) if self.due_again else deadline

    @property
    def grace(self) -> timedelta:
        """How long after the deadline an upload that was begun in time may finish."""
        return timedelta(minutes=self.round.grace_minutes)


class Declared(State):
    """What a sender says about its file before the first byte."""

    size: int = Field(gt=0)
    sha256: str


def deadline_of(round_: RoundChanged, path: tuple[str, ...]) -> datetime:
    """The latest of the round's own deadline and the extensions of those on a path.

    For a center the path ends with the center itself: an extension may be for one center alone.
    """
    return round_.deadline_for(path)


def on_time_until(duty: Duty, opened_at: datetime) -> datetime:
    """Until when an upload that was opened then is on time: its deadline, and the grace if it was begun by then."""
    return duty.deadline + (duty.grace if opened_at <= duty.deadline else timedelta())


def is_late(
    round_: RoundChanged,
    path: tuple[str, ...],
    opened_at: datetime,
    received_at: datetime,
    due_again: datetime | None = None,
) -> bool:
    """Whether a report missed its deadline.

    On time is what was whole in the store by the deadline, and also what was begun by the deadline and whole within the
    round's grace after it: a slow line is no fault of the center's. A report that was returned is measured by the day
    by which it must be back.
    """
    duty = Duty(round=round_, center="", path=path, owed=True, due_again=due_again)
    return received_at > on_time_until(duty, opened_at)
