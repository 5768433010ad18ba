"""A center's own rating: a draft that it alone sees, and what it sent, version by version. Pure."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.submissions.domain import Duty, State, is_late
from services.submissions.refusals import AlreadyApproved, ResendingOver, Stands
from services.submissions.standing import Counting
from services.submissions.summary.framework import Framework, Published
from shared.contracts.events import RatedIndicator, SummarySent

MOST_SENT: Final = 50
"""Versions of one center's summary in one round."""


class Rating(State):
    """The level a center gives itself in an indicator; None where it has not decided yet."""

    indicator: str
    level: str | None = None


class Remarks(State):
    """What a center writes of a standard."""

    standard: str
    strengths: str | None = None
    needs: str | None = None


class Answers(State):
    """A center's answers to one version of the round's framework; a draft's may be incomplete."""

    framework: str
    framework_version: int
    ratings: tuple[Rating, ...] = ()
    remarks: tuple[Remarks, ...] = ()


class Draft(State):
    """What a center has written so far. `revision` counts every save, so that two devices see each other's."""

    revision: int
    began_at: datetime
    saved_at: datetime
    answers: Answers


class Sent(State):
    """A summary as it was sent; it never changes. `receipt` is of the report that it lies beside, if there was one."""

    version: int
    revision: int
    answers: Answers
    sent_at: datetime
    late: bool
    receipt: str | None


class CarriedSummary(State):
    """What a center that was merged into this one had sent."""

    center: str
    sent: tuple[Sent, ...]


class Summary(State):
    """All that a center wrote beside its reports in a round."""

    round: str
    center: str
    path: tuple[str, ...]
    draft: Draft | None = None
    sent: tuple[Sent, ...] = ()
    successor: str | None = None
    carried: tuple[CarriedSummary, ...] = ()

    @property
    def current(self) -> Sent | None:
        """The version that counts: the last of its own, else the last that a merge carried."""
        if self.sent:
            return self.sent[-1]
        inherited = [one for each in self.carried for one in each.sent]
        return max(inherited, key=lambda one: one.sent_at, default=None)

    def numbered(self, version: int) -> Sent | None:
        """The version of this number that the center itself sent."""
        return next((one for one in self.sent if one.version == version), None)


@dataclass(frozen=True, slots=True)
class Places:
    """What is wrong with answers, by place: `ratings.3.level`."""

    faults: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DraftChanged:
    """The draft is not the one that was read: another device has saved it since. `revision` stands, 0 if none does."""

    revision: int


@dataclass(frozen=True, slots=True)
class FrameworkChanged:
    """Another version of the framework counts by now."""

    version: int


@dataclass(frozen=True, slots=True)
class NoDraft:
    """There is nothing to send."""


@dataclass(frozen=True, slots=True)
class TooManySent:
    """The center has sent more versions than any need explains."""


CannotSend = Places | DraftChanged | FrameworkChanged | NoDraft | Stands | TooManySent


def strange(framework: Framework, answers: Answers) -> Places | None:
    """What in a draft the framework does not know, or stands twice; None if all is known. Gaps are no fault."""
    indicators = {one.code for one in framework.indicators}
    levels = {one.code for one in framework.levels}
    standards = {one.code for one in framework.standards}
    rated = Counter(one.indicator for one in answers.ratings)
    remarked = Counter(one.standard for one in answers.remarks)
    faults: list[tuple[str, str]] = []
    for at, rating in enumerate(answers.ratings):
        if rating.indicator not in indicators or rated[rating.indicator] > 1:
            faults.append((f"ratings.{at}.indicator", "twice" if rated[rating.indicator] > 1 else "unknown"))
        if rating.level is not None and rating.level not in levels:
            faults.append((f"ratings.{at}.level", "unknown"))
    for at, words in enumerate(answers.remarks):
        if words.standard not in standards or remarked[words.standard] > 1:
            faults.append((f"remarks.{at}.standard", "twice" if remarked[words.standard] > 1 else "unknown"))
    return Places(tuple(faults)) if faults else None


def missing(framework: Framework, answers: Answers) -> tuple[tuple[str, str], ...]:
    """What a draft still lacks before it can be sent: places by code (`1.3`, `2 strengths`), and what."""
    rated = {one.indicator for one in answers.ratings if one.level is not None}
    remarks = {one.standard: one for one in answers.remarks}
    lacking = [(one.code, "level") for one in framework.indicators if one.code not in rated]
    for standard in framework.standards:
        words = remarks.get(standard.code, Remarks(standard=standard.code))
        lacking += [(standard.code, "strengths")] if not words.strengths else []
        lacking += [(standard.code, "needs")] if not words.needs else []
    return tuple(lacking)


def save(summary: Summary | None, duty: Duty, answers: Answers, expected: int, now: datetime) -> Summary | DraftChanged:
    """Keep a draft. `expected` is the revision that was read before, 0 for none. The same again changes nothing."""
    before = summary or Summary(round=duty.round.round, center=duty.center, path=duty.path)
    draft = before.draft
    stands = draft.revision if draft else 0
    if draft and draft.answers == answers and expected in {stands, stands - 1}:
        return before
    if expected != stands:
        return DraftChanged(stands)
    began = draft.began_at if draft else now
    new = Draft(revision=stands + 1, began_at=began, saved_at=now, answers=answers)
    return before.model_copy(update={"draft": new, "path": duty.path})


def send(
    summary: Summary | None,
    duty: Duty,
    published: Published,
    expected: int,
    counts: Counting | None,
    now: datetime,
) -> tuple[Summary, SummarySent | None] | CannotSend:
    """Send the draft for good. The same draft again gives the version that it was sent as, and tells nothing.

    The rule of reports holds: a first one is taken late, and called so; another replaces it until the deadline, or
    when the report was returned, and never once ONESQA has accepted that. `counts` is the report that it lies beside.
    """
    if summary is None or summary.draft is None:
        return NoDraft()
    draft = summary.draft
    if draft.revision != expected:
        return DraftChanged(draft.revision)
    if summary.sent and summary.sent[-1].revision == draft.revision:
        return summary, None
    if refusal := _unfit(summary, draft, duty, published, counts, now):
        return refusal
    late = is_late(duty.round, duty.line, draft.began_at, now, duty.due_again)
    new = Sent(
        version=len(summary.sent) + 1,
        revision=draft.revision,
        answers=draft.answers,
        sent_at=now,
        late=late,
        receipt=counts.report.receipt if counts else None,
    )
    after = summary.model_copy(update={"sent": (*summary.sent, new), "path": duty.path})
    return after, _told(after, new)


def _unfit(
    summary: Summary, draft: Draft, duty: Duty, published: Published, counts: Counting | None, now: datetime
) -> CannotSend | None:
    if summary.sent and counts and counts.standing == "approved":
        return AlreadyApproved()
    if draft.answers.framework_version != published.version:
        return FrameworkChanged(published.version)
    if lacking := missing(published.framework, draft.answers):
        return Places(tuple((f"{code} {what}", "missing") for code, what in lacking))
    if summary.sent and now > duty.deadline + duty.grace:
        return ResendingOver(duty.deadline)
    return TooManySent() if len(summary.sent) >= MOST_SENT else None


def _told(summary: Summary, sent: Sent) -> SummarySent:
    return SummarySent(
        **summary.model_dump(include={"round", "center", "path"}),
        **sent.model_dump(include={"version", "sent_at", "late", "receipt"}),
        framework=sent.answers.framework,
        framework_version=sent.answers.framework_version,
        levels=tuple(
            RatedIndicator(indicator=one.indicator, level=one.level) for one in sent.answers.ratings if one.level
        ),
    )
