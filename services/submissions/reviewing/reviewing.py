"""A verdict from its giver to the submission: found, entered in the audit trail, written, told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.submissions.audit.journal import Journal
from services.submissions.domain import Submission, deadline_of
from services.submissions.reviewing.reviews import Review
from services.submissions.reviewing.rules import CannotReview, Judgement, NoSuchReport, refuse, review
from services.submissions.standing import verdicts
from services.submissions.store import LONGEST_CHAIN, Store, key_of
from services.submissions.uploading.sending import Change
from shared.security.principals import Principal
from shared.thai.calendar import end_of_day, in_bangkok


@dataclass(frozen=True, slots=True)
class Given:
    """The verdict that counts now for the version, and the submission with it."""

    submission: Submission
    review: Review


class Reviews:
    """Takes verdicts by either way. `days` is how long a center has for a report that is returned without a day."""

    def __init__(self, store: Store, journal: Journal, *, days: int) -> None:
        self._store, self._journal, self._days = store, journal, days

    async def give(
        self, submission: Submission, given: Judgement, who: Principal, now: datetime
    ) -> Given | CannotReview | NoSuchReport:
        """Take a verdict; again, it changes nothing. Whoever is refused is in the trail as well."""
        due = await self._due(submission, now)
        foreseen = review(submission, given, due, now)
        if isinstance(foreseen, Change) and foreseen.state == submission:
            return _given(submission, given)
        # The trail first: a verdict that nobody can account for must not stand.
        await self._enter(submission, given, who, foreseen)
        if not isinstance(foreseen, Change):
            return foreseen

        def rule(current: Submission | None) -> Change | CannotReview | NoSuchReport:
            return review(current, given, due, now) if current else NoSuchReport()

        written: Submission | CannotReview | NoSuchReport = await self._store.write(_key(submission), rule)
        if not isinstance(written, Submission):  # another verdict or a new version was faster
            await self._enter(submission, given, who, written)
            return written
        return _given(written, given)

    async def publish(
        self, submission: Submission, given: Judgement, who: Principal, now: datetime, traceparent: str | None
    ) -> NoSuchReport | None:
        """Take a verdict that was published to us; one that does not count is noted, and its publisher told."""
        due = await self._due(submission, now)
        foreseen = review(submission, given, due, now)
        if isinstance(foreseen, NoSuchReport):
            return foreseen
        if isinstance(foreseen, CannotReview) or foreseen.state != submission:
            await self._enter(submission, given, who, foreseen)

        def rule(current: Submission | None) -> Change | NoSuchReport:
            if current is None:
                return NoSuchReport()
            found = review(current, given, due, now)
            return refuse(current, given, found, now) if isinstance(found, CannotReview) else found

        written: Submission | NoSuchReport = await self._store.write(_key(submission), rule, traceparent=traceparent)
        return written if isinstance(written, NoSuchReport) else None

    async def of(self, round_: str, center: str) -> Submission | None:
        """The submission in which a verdict about a center falls: after a merge, the survivor's."""
        for _ in range(LONGEST_CHAIN):
            stored = await self._store.of_center(round_, center)
            if stored is None or stored.state.successor is None:
                return stored.state if stored else None
            center = stored.state.successor
        return None

    async def _due(self, submission: Submission, now: datetime) -> datetime:
        """By when a report that is returned today must be back: never before the deadline."""
        round_ = await self._store.round(submission.round)
        day = end_of_day(in_bangkok(now + timedelta(days=self._days)).date()).replace(microsecond=0)
        return max(day, deadline_of(round_, (*submission.path, submission.center))) if round_ else day

    async def _enter(
        self,
        submission: Submission,
        given: Judgement,
        who: Principal,
        outcome: Change | CannotReview | NoSuchReport,
    ) -> None:
        detail = f"{submission.round} {given.verdict} {given.receipt}"
        if isinstance(outcome, Change):
            await self._journal.allowed(who, "report.review", submission.center, detail)
        else:
            code = outcome.code if isinstance(outcome, CannotReview) else "unknown"
            await self._journal.refused(who, "report.review", submission.center, f"{detail} {code}")


def _given(submission: Submission, given: Judgement) -> Given | NoSuchReport:
    stands = verdicts(submission).get(given.receipt)
    return Given(submission, stands) if stands else NoSuchReport()


def _key(submission: Submission) -> str:
    return key_of(submission.round, submission.center)
