"""Why a center that owes a report is behind, as far as this service knows. Pure.

Whether its account was claimed, and whether any notice ever reached it, other services know.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from services.submissions.domain import Duty, Standing, deadline_of
from services.submissions.standing import USABLE

Cause = Literal["not_begun", "stalled", "rejected", "returned", "extended", "overdue"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
"""Nothing was begun; an upload was begun and not finished; the file was refused; ONESQA sent the report back; it has
longer than others; its time has passed. The last two stand beside one of the others."""

_OF_STANDING: dict[Standing, Cause] = {
    "awaited": "not_begun",
    "uploading": "stalled",
    "rejected": "rejected",
    "returned": "returned",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A center that owes a report in a round, and where it stands with it."""

    center: str
    path: tuple[str, ...]
    standing: Standing
    since: datetime | None
    late: bool
    due_again: datetime | None


def causes_of(place: Place, duty: Duty, now: datetime) -> tuple[Cause, ...]:
    """Every cause that applies; none for a center that has nothing left to do."""
    if place.standing in USABLE:
        return ()
    duty = duty.model_copy(update={"due_again": place.due_again})
    found: list[Cause] = [_OF_STANDING[place.standing]]
    extended = deadline_of(duty.round, duty.line) > duty.round.deadline  # the day of a return is no extension
    if extended and place.standing != "returned":
        found.append("extended")
    if now > duty.deadline + duty.grace:
        found.append("overdue")
    return tuple(found)
