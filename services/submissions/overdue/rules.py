"""Who is overdue, and who is not any more. Pure.

The letters give a day and are silent on what follows it. What stands here: a center is overdue once its time has
passed, with the grace of the round, the extension of its subtree and the day of a return, and nothing usable of it
stands. It is told once for each such time, unless that was lifted: when what came afterwards is refused, the center is
overdue again without a word. A deadline that is extended afterwards takes it back, and the lateness of what had come in
the meantime; one that is brought forward again never makes late what was on time. What a merge carried is measured by
the offices over its survivor, there and in the closed center's own record.
"""

from datetime import datetime

from services.submissions.domain import Duty, Report, Submission, is_late
from services.submissions.standing import settled
from services.submissions.uploading.receiving import late_for
from services.submissions.uploading.sending import Change, stage_of
from shared.contracts.events import OverdueLifted, ReportOverdue


def due_of(submission: Submission | None, duty: Duty) -> datetime:
    """The time after which a center is overdue, grace included."""
    again = submission.due_again if submission else None
    return duty.model_copy(update={"due_again": again}).deadline + duty.grace


def at_deadline(submission: Submission | None, duty: Duty, now: datetime) -> Change | None:
    """What the passing of time, or a change of a deadline, means for a center; None if it means nothing new."""
    due = due_of(submission, duty)
    if submission is None:
        return _first(duty, due, now) if duty.owed and now > due else None
    if submission.successor is not None:  # nothing is owed here any more, but its receipts are still looked at
        corrected = _corrected(submission, duty)
        return settled(submission, corrected) if corrected else None
    if submission.overdue and (now <= due or not duty.owed):
        return _lifted(submission, duty, submission.overdue, now)
    if corrected := _corrected(submission, duty):
        return settled(submission, corrected)
    waits = submission.delivered or submission.overdue is not None or _arriving(submission, duty)
    if not duty.owed or now <= due or waits:
        return None
    after = submission.model_copy(update={"overdue": due, "late": True})
    told = () if due == submission.overdue_told else (_overdue(after, due, now),)
    return settled(submission, after, *told)


def _first(duty: Duty, due: datetime, now: datetime) -> Change:
    new = Submission(
        round=duty.round.round,
        center=duty.center,
        path=duty.path,
        standing="awaited",
        since=due,
        late=True,
        overdue=due,
    )
    return Change(new, (_overdue(new, due, now), stage_of(new)))


def _overdue(submission: Submission, due: datetime, now: datetime) -> ReportOverdue:
    told = submission.model_dump(include={"round", "center", "path"})
    return ReportOverdue(**told, deadline=due, announced_at=now)


def _arriving(submission: Submission, duty: Duty) -> bool:
    """Whether something was whole in the store in time and is only being read, or was lost by the store and asked for
    again.
    """
    duty = duty.model_copy(update={"due_again": submission.due_again})
    came = [one for one in submission.uploads if one.state in {"open", "completing"} and one.completing_at]
    return any(not late_for(duty, one) for one in came)


def _lifted(submission: Submission, duty: Duty, announced: datetime, now: datetime) -> Change:
    told = OverdueLifted(
        **submission.model_dump(include={"round", "center", "path"}),
        reason="extended" if duty.owed else "released",
        deadline=announced,
        lifted_at=now,
    )
    after = _corrected(submission, duty) or submission
    on_time = {"overdue": None, "overdue_told": None, "late": False}
    return settled(submission, after.model_copy(update=on_time), told)


def _corrected(submission: Submission, duty: Duty) -> Submission | None:
    """The submission with those reports on time that an extension has put on time; None if there are none."""
    opened = {one.id: one.opened_at for one in submission.uploads}
    over = (*duty.line, submission.successor) if submission.successor else duty.line

    def correct(report: Report, *, origin: str | None = None) -> Report:
        began = opened.get(report.upload, report.received_at)
        line = (*over, origin) if origin else over
        still = report.late and is_late(duty.round, line, began, report.received_at)
        return report if still == report.late else report.model_copy(update={"late": still})

    reports = tuple(map(correct, submission.reports))
    carried = tuple(
        one.model_copy(update={"reports": tuple(correct(report, origin=one.center) for report in one.reports)})
        for one in submission.carried
    )
    if (reports, carried) == (submission.reports, submission.carried):
        return None
    return submission.model_copy(update={"reports": reports, "carried": carried})
