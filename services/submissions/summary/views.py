"""Frameworks and summaries as they go in and out over HTTP."""

from typing import Annotated

from pydantic import Field

from services.submissions.summary.answers import Answers, Draft, Rating, Remarks, Sent, Summary, missing
from services.submissions.summary.framework import Framework, Published, Symbol
from services.submissions.views import Body, Moment
from services.submissions.words import Words
from shared.http import View

Long = Annotated[Words, Field(min_length=1, max_length=4000)]


class FrameworkView(View):
    """A version of the round's framework."""

    round: str
    version: int
    published_at: Moment
    framework: Framework


class RatingBody(Body):
    """The level of an indicator, lowest to highest as the framework lists them; none while it is undecided."""

    indicator: Symbol
    level: Symbol | None = None


class RemarksBody(Body):
    """What is strong and what is needed in a standard. Names no child and no person."""

    standard: Symbol
    strengths: Long | None = None
    needs: Long | None = None


class DraftBody(Body):
    """A draft as a whole; what it leaves out is left out. `framework_version` is the version that it answers."""

    framework_version: int = Field(ge=1, le=1_000_000)
    ratings: list[RatingBody] = Field(default=[], max_length=500)
    remarks: list[RemarksBody] = Field(default=[], max_length=20)

    def answers(self, published: Published) -> Answers:
        """As the rules take it."""
        return Answers(
            framework=published.framework.id,
            framework_version=published.version,
            ratings=tuple(Rating(**one.model_dump()) for one in self.ratings),
            remarks=tuple(Remarks(**one.model_dump()) for one in self.remarks),
        )


class MissingView(View):
    """What a draft lacks before it can be sent: the code of an indicator or standard, and what of it."""

    code: str
    what: str


class DraftView(View):
    """A draft. Its ETag is its revision: send it back in `If-Match`, so that no device overwrites another's."""

    revision: int
    framework: str
    framework_version: int
    saved_at: Moment
    ratings: list[Rating]
    remarks: list[Remarks]
    missing: list[MissingView]
    sent_as: int | None = Field(description="version under which exactly this was sent")


class SummaryView(View):
    """A summary as it was sent. `origin` is the center that had sent it, where a merge carried it."""

    round: str
    center: str
    origin: str | None
    version: int
    versions: list[int]
    framework: str
    framework_version: int
    sent_at: Moment
    late: bool
    receipt: str | None
    ratings: list[Rating]
    remarks: list[Remarks]


class LevelCount(View):
    level: str
    centers: int


class IndicatorCount(View):
    """How many centers gave themselves which level in an indicator, by version of the framework."""

    framework_version: int
    indicator: str
    levels: list[LevelCount]


class LevelsView(View):
    """How the centers under an organization rate themselves."""

    round: str
    within: str
    centers: int
    indicators: list[IndicatorCount]


def draft_view(summary: Summary, draft: Draft, published: Published) -> DraftView:
    """A draft with what it lacks by the version of the framework that it answers."""
    last = summary.sent[-1] if summary.sent else None
    return DraftView(
        revision=draft.revision,
        saved_at=draft.saved_at,
        **draft.answers.model_dump(),
        missing=[MissingView(code=code, what=what) for code, what in missing(published.framework, draft.answers)],
        sent_as=last.version if last and last.revision == draft.revision else None,
    )


def summary_view(summary: Summary, sent: Sent) -> SummaryView:
    """A version that was sent, of the center's own or of one that was merged into it."""
    carried = next((one for one in summary.carried if sent not in summary.sent and sent in one.sent), None)
    versions = carried.sent if carried else summary.sent
    return SummaryView(
        round=summary.round,
        center=summary.center,
        origin=carried.center if carried else None,
        versions=[one.version for one in versions],
        **sent.model_dump(include={"version", "sent_at", "late", "receipt"}),
        **sent.answers.model_dump(),
    )


def levels_view(round_: str, within: str, centers: int, tally: list[tuple[int, str, str, int]]) -> LevelsView:
    """Counts in the order of versions, indicators and levels."""
    counts: dict[tuple[int, str], list[LevelCount]] = {}
    for version, indicator, level, number in sorted(tally):
        counts.setdefault((version, indicator), []).append(LevelCount(level=level, centers=number))
    return LevelsView(
        round=round_,
        within=within,
        centers=centers,
        indicators=[
            IndicatorCount(framework_version=version, indicator=indicator, levels=levels)
            for (version, indicator), levels in counts.items()
        ],
    )
