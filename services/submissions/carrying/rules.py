"""What a merge of centers means for what they sent. Pure.

The survivor keeps what the closed center had sent beside its own, with its origin; the closed center's own record
stays, so that its receipts are found under the old code. The survivor's own usable report counts before one that was
carried. Each rule gives None where there is nothing to change.
"""

from datetime import datetime

from services.submissions.domain import Carried, Submission
from services.submissions.standing import USABLE, counting, settled
from services.submissions.uploading.sending import Change
from shared.contracts.events import OverdueLifted, ReportCarried


def hand_over(origin: Submission | None, *, successor: str, path: tuple[str, ...], now: datetime) -> Change | None:
    """The closed center: what it sent is looked after by `successor` from now on, and by the offices over that."""
    if origin is None or (origin.successor, origin.path) == (successor, path):
        return None
    after = origin.model_copy(update={"successor": successor, "path": path, "moves": origin.moves + 1})
    return _no_longer_due(origin, after, now)


def take_back(origin: Submission | None, *, path: tuple[str, ...], now: datetime) -> Change | None:
    """A merge was undone: the center looks after its own again."""
    if origin is None or origin.successor is None:
        return None
    after = origin.model_copy(update={"successor": None, "path": path, "moves": origin.moves + 1})
    return _no_longer_due(origin, after, now)


def take_over(
    survivor: Submission | None, *, center: str, path: tuple[str, ...], origin: Submission, now: datetime
) -> Change | None:
    """The survivor: what `origin` sent, and what had been carried to that, stands beside its own.

    Verdicts on what was carried before lie with `origin`, which may have sent nothing itself.
    """
    before = survivor or Submission(round=origin.round, center=center, path=path, standing="awaited", since=now)
    brought = (Carried(center=origin.center, reports=origin.reports, reviews=origin.reviews), *origin.carried)
    brought = tuple(one for one in brought if (one.reports or one.reviews) and one.center != center)
    return _with(before, origin.center, brought, origin.due_again, now)


def give_up(survivor: Submission | None, *, origin: Submission, now: datetime) -> Change | None:
    """A merge was undone: what `origin` had sent does not stand here any more."""
    if survivor is None:
        return None
    return _with(survivor, origin.center, (), None, now, gone=origin.carried)


def _with(
    before: Submission,
    origin: str,
    brought: tuple[Carried, ...],
    due_again: datetime | None,
    now: datetime,
    gone: tuple[Carried, ...] = (),
) -> Change | None:
    replaced = {origin, *(one.center for one in (*brought, *gone))}
    carried = (*(one for one in before.carried if one.center not in replaced), *brought)
    if sorted(carried, key=_center) == sorted(before.carried, key=_center):
        return None
    again = before.due_again if before.reports else due_again
    after = before.model_copy(update={"carried": carried, "moves": before.moves + 1, "due_again": again})
    counts = counting(after)
    told = ReportCarried(
        **after.model_dump(include={"round", "center", "path"}),
        origin=origin,
        number=after.moves,
        delivered=counts is not None and counts.standing in USABLE,
        receipt=counts.report.receipt if counts else None,
        carried_at=now,
    )
    return settled(before, after, told)


def follow(submission: Submission | None, *, path: tuple[str, ...]) -> Change | None:
    """The center hangs under other offices now: they see what it sent."""
    if submission is None or submission.path == path:
        return None
    return settled(submission, submission.model_copy(update={"path": path}))


def _no_longer_due(before: Submission, after: Submission, now: datetime) -> Change:
    if before.overdue is None:
        return settled(before, after)
    told = OverdueLifted(
        **after.model_dump(include={"round", "center", "path"}),
        reason="released",
        deadline=before.overdue,
        lifted_at=now,
    )
    on_time = {"overdue": None, "overdue_told": None, "late": False}
    return settled(before, after.model_copy(update=on_time), told)


def _center(one: Carried) -> str:
    return one.center
