"""Lists of who owes a report over HTTP: by state, by cause, and in numbers."""

from collections import Counter
from datetime import datetime
from typing import Annotated

from fastapi import Depends

from services.submissions.chasing.causes import CAUSES, Cause, Place, causes_of
from services.submissions.chasing.views import CountsView, PlaceView, place_view
from services.submissions.desk import Clock, Desk, Overseer, RoundId, Within
from services.submissions.domain import Duty, Standing, Submission
from services.submissions.roster_store import RosterStore
from services.submissions.standing import USABLE
from shared.contracts.events import RoundChanged
from shared.http import Page, PageQuery, Router, write_cursor


def chase_routes(desk: Desk, roster: RosterStore, clock: Clock) -> Router:
    """The routes of lists."""
    router = Router(prefix="/v1")

    @router.get("/rounds/{round}/submissions")
    async def list_submissions(
        principal: Overseer,
        round_: RoundId,
        page: Annotated[PageQuery, Depends()],
        within: Within = None,
        state: Standing | None = None,
        cause: Cause | None = None,
    ) -> Page[PlaceView]:
        """The centers under an organization (by default the caller's own) that owe a report, by code.

        Those that have sent nothing are among them. `cause` leaves those that are behind, and why.
        """
        found = await desk.round(round_)
        sight, now = await desk.within(principal, within), clock()
        wanted: list[tuple[Place, tuple[Cause, ...]]] = []
        async for chunk in roster.places(round_, sight, page.after()):
            judged = [(place, causes_of(place, duty_of(found, place), now)) for place in chunk]
            wanted += [one for one in judged if _fits(*one, state, cause)]
            if len(wanted) > page.limit:
                break
        shown = wanted[: page.limit]
        centers = [place.center for place, _ in shown]
        whole, names = await roster.whole(round_, centers), await roster.names(centers)
        return Page(
            items=[_view(found, place, causes, whole, names) for place, causes in shown],
            next=write_cursor(centers[-1]) if len(wanted) > page.limit else None,
        )

    @router.get("/rounds/{round}/submissions/counts")
    async def count_submissions(principal: Overseer, round_: RoundId, within: Within = None) -> CountsView:
        """How many centers under an organization owe a report, how many have sent it, and why the others have not."""
        found = await desk.round(round_)
        sight, now = await desk.within(principal, within), clock()
        states: Counter[Standing] = Counter()
        causes: Counter[Cause] = Counter(dict.fromkeys(CAUSES, 0))
        late = 0
        async for chunk in roster.places(round_, sight):
            states.update(place.standing for place in chunk)
            for place in chunk:
                why = causes_of(place, duty_of(found, place), now)
                causes.update(why)
                late += place.late or "overdue" in why
        return CountsView(
            round=round_,
            within=sight[-1],
            owing=states.total(),
            delivered=sum(states[one] for one in USABLE),
            late=late,
            states=dict(states),
            causes=dict(causes),
        )

    return router


def duty_of(round_: RoundChanged, place: Place) -> Duty:
    """What a center on the roster owes."""
    return Duty(round=round_, center=place.center, path=place.path, owed=True, due_again=place.due_again)


def _fits(place: Place, causes: tuple[Cause, ...], state: Standing | None, cause: Cause | None) -> bool:
    return state in {None, place.standing} and (cause is None or cause in causes)


def _view(
    round_: RoundChanged,
    place: Place,
    causes: tuple[Cause, ...],
    whole: dict[str, Submission],
    names: dict[str, str],
) -> PlaceView:
    deadline: datetime = duty_of(round_, place).deadline
    return place_view(round_.round, place, whole.get(place.center), names.get(place.center), deadline, causes)
