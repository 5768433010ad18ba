"""ONESQA's verdict on a version of a report: whether it counts, and what it changes. Pure.

The letters are silent on reports that do not suffice. What stands here: a verdict names the version it judged by its
receipt, so it never falls on another one; the last verdict on a version counts, but only who names the one before may
change it; a return says why and gives a day by which the corrected report must be back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.submissions.domain import Report, Submission
from services.submissions.reviewing.reasons import REASONS
from services.submissions.reviewing.refusals import WORDS, Code
from services.submissions.reviewing.reviews import Review
from services.submissions.standing import settled, told_of, verdicts
from services.submissions.uploading.sending import Change
from shared.contracts.events import (
    OverdueLifted,
    ReportReturned,
    ReviewAccepted,
    ReviewReason,
    ReviewRefused,
    Verdict,
)

MOST_REVIEWS: Final = 100
"""Verdicts that counted on one center in one round: more than any correspondence explains."""
KEPT_REFUSED: Final = 50
"""Refused verdicts on one center that are remembered, the newest. The audit trail has them all."""
LONGEST_DUE: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict as it was given. `by` is an office or a system."""

    id: str
    receipt: str
    verdict: Verdict
    reasons: tuple[ReviewReason, ...]
    due: datetime | None
    replaces: str | None
    by: str


@dataclass(frozen=True, slots=True)
class NoSuchReport:
    """The center has no version with this receipt."""


@dataclass(frozen=True, slots=True)
class CannotReview:
    """The verdict does not count. `current` is the receipt of the version that stands, or the review that does."""

    code: Code
    current: str | None = None


def review(
    submission: Submission, given: Judgement, usual_due: datetime, now: datetime
) -> Change | CannotReview | NoSuchReport:
    """Take a verdict. Given again, whether under its id or in the same words, it changes nothing, and one that was
    refused under an id stays refused under it.

    `usual_due` is when a report that is returned without a day must be back.
    """
    if _known(submission, given):
        return Change(submission)
    found = _report(submission, given.receipt)
    if found is None:
        return NoSuchReport()
    report, newest = found
    stands = verdicts(submission).get(report.receipt)
    if stands and newest.receipt == report.receipt and _same(stands, given):
        return Change(submission)
    due = given.due or usual_due
    if refusal := _unfit(submission, report, newest, stands, given, due, now):
        return refusal
    return _taken(submission, report, given, due if given.verdict == "returned" else None, now)


def refuse(submission: Submission, given: Judgement, refusal: CannotReview, now: datetime) -> Change:
    """Note that a published verdict did not count and say so, once for each id: its publisher must learn of it.

    The oldest notes make room for new ones, so that whoever tries again and again is still told why.
    """
    if _known(submission, given):
        return Change(submission)
    # Some times that JSON can say no calendar holds: only a day that could be used is kept.
    due = given.due if given.due and _usable(given.due, now) else None
    noted = _noted(submission, given, due, now).model_copy(update={"refused": refusal.code})
    told = ReviewRefused(
        round=submission.round,
        center=submission.center,
        path=submission.path,
        review=given.id,
        receipt=given.receipt,
        code=refusal.code,
        current=refusal.current,
        sentence=WORDS[refusal.code].sentence,
        sentence_en=WORDS[refusal.code].sentence_en,
        refused_at=now,
    )
    refused = [one.id for one in submission.reviews if one.refused]
    forgotten = set(refused[: 1 - KEPT_REFUSED])
    kept = (one for one in submission.reviews if one.id not in forgotten)
    return Change(submission.model_copy(update={"reviews": (*kept, noted)}), (told,))


def _known(submission: Submission, given: Judgement) -> bool:
    """Whether it was taken or refused before, be it by a center that was merged into this one since."""
    every = (*submission.reviews, *(review for one in submission.carried for review in one.reviews))
    return any(one.id == given.id for one in every)


def _report(submission: Submission, receipt: str) -> tuple[Report, Report] | None:
    """The version with this receipt, and the newest one that its inspection did not refuse (or the newest of all)."""
    inherited = [report for one in submission.carried for report in one.reports]
    every = [*sorted(inherited, key=lambda report: report.received_at), *submission.reports]
    found = next((one for one in every if one.receipt == receipt), None)
    return (found, [*every, *(one for one in every if one.state != "rejected")][-1]) if found else None


def _same(stands: Review, given: Judgement) -> bool:
    return (stands.verdict, stands.reasons) == (given.verdict, given.reasons) and given.due in {None, stands.due}


def _unfit(
    submission: Submission,
    report: Report,
    newest: Report,
    stands: Review | None,
    given: Judgement,
    due: datetime,
    now: datetime,
) -> CannotReview | None:
    checks: tuple[tuple[bool, CannotReview], ...] = (
        (newest.receipt != report.receipt, CannotReview("overtaken", newest.receipt)),
        (report.state == "received", CannotReview("not_inspected", report.receipt)),
        (report.state == "rejected", CannotReview("not_accepted", report.receipt)),
        (
            stands is not None and given.replaces != stands.id,
            CannotReview("reviewed_already", stands.id if stands else None),
        ),
        (given.verdict == "returned" and not given.reasons, CannotReview("no_reasons")),
        (given.verdict == "returned" and not _usable(due, now), CannotReview("due_unusable")),
        (sum(one.refused is None for one in submission.reviews) >= MOST_REVIEWS, CannotReview("too_many")),
    )
    return next((refusal for applies, refusal in checks if applies), None)


def _usable(due: datetime, now: datetime) -> bool:
    """Whether a report may be asked back by then."""
    return now < due <= now + LONGEST_DUE


def _noted(submission: Submission, given: Judgement, due: datetime | None, now: datetime) -> Review:
    return Review(
        id=given.id,
        number=max((one.number for one in submission.reviews), default=0) + 1,
        receipt=given.receipt,
        verdict=given.verdict,
        reasons=given.reasons,
        due=due,
        replaces=given.replaces,
        by=given.by,
        at=now,
    )


def _taken(submission: Submission, report: Report, given: Judgement, due: datetime | None, now: datetime) -> Change:
    new = _noted(submission, given, due, now)
    after = submission.model_copy(update={"reviews": (*submission.reviews, new), "due_again": due})
    told = {**told_of(after, report), "review": new.id, "number": new.number, "reviewed_at": now}
    if due is None:
        return settled(submission, after, ReviewAccepted(**told))
    reasons = tuple(REASONS[one.code].told for one in given.reasons)
    returned = ReportReturned(**told, reasons=reasons, due=due)
    if submission.overdue is None:
        return settled(submission, after, returned)
    # Its day had passed, and is a later one now.
    lifted = OverdueLifted(
        **submission.model_dump(include={"round", "center", "path"}),
        reason="extended",
        deadline=submission.overdue,
        lifted_at=now,
    )
    return settled(submission, after.model_copy(update={"overdue": None, "overdue_told": None}), returned, lifted)
