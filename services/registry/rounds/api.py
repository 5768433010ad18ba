"""Rounds over HTTP, from draft to closed. Extensions and files have rooms of their own."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Depends, Path, status

from services.registry import refusals
from services.registry.domain import Round, create_round, open_round
from services.registry.rounds import problems
from services.registry.rounds.deadlines import agreed
from services.registry.rounds.journal import Journal
from services.registry.rounds.keeping import RoundKeeper
from services.registry.rounds.opening import Opening
from services.registry.rounds.rules import RoundUnknown, close_round, correct_round
from services.registry.rounds.views import NewExtension, NewRound, RoundClosing, RoundCorrection, RoundView
from services.registry.store import RegistryStore
from shared.http import Page, PageQuery, Router, requires, write_cursor
from shared.http.problems import CONFLICT, ROUND_UNKNOWN
from shared.mongo import AlreadyThere, Conflict
from shared.security.principals import Principal, Role
from shared.telemetry import get_logger

log = get_logger()

R = TypeVar("R")

Clock = Callable[[], datetime]
Keeper = Annotated[Principal, Depends(requires(Role.DEPARTMENT, Role.OPERATOR))]
Anybody = Annotated[Principal, Depends(requires())]
InPath = Annotated[str, Path(alias="round", max_length=64)]
Paging = Annotated[PageQuery, Depends()]


def routers(
    store: RegistryStore, keeper: RoundKeeper, opening: Opening, journal: Journal, clock: Clock
) -> list[Router]:
    """`/v1/rounds`."""
    return [_drafts(store, keeper, journal, clock), _states(store, keeper, opening, journal, clock)]


def _drafts(store: RegistryStore, keeper: RoundKeeper, journal: Journal, clock: Clock) -> Router:
    routes = Router(prefix="/v1/rounds", tags=["rounds"])

    @routes.post("", status_code=status.HTTP_201_CREATED)
    async def create(new: NewRound, by: Keeper) -> RoundView:
        """A round in draft."""
        state = create_round(
            round_id=new.round or str(new.fiscal_year),
            fiscal_year=new.fiscal_year,
            academic_year=new.academic_year,
            deadline=deadline_of(new),
            grace_minutes=new.grace_minutes,
            now=clock(),
        )
        if not isinstance(state, Round):
            raise refusals.of_round(state, new.round or "")
        if await store.round(state.round) is not None:
            raise refusals.ROUND_EXISTS.problem(where="body.round")
        await journal.enter(by, "round.create", state.round)
        try:
            await store.add_round(state)
        except AlreadyThere:
            raise refusals.ROUND_EXISTS.problem(where="body.round") from None
        log.info("registry.round.created", round=state.round)
        return RoundView.of(state)

    @routes.get("")
    async def read_all(page: Paging, _anybody: Anybody) -> Page[RoundView]:
        found = await store.rounds_after(page.after(), page.limit + 1)
        shown = found[: page.limit]
        return Page(
            items=[RoundView.of(state) for state in shown],
            next=write_cursor(shown[-1].round) if len(found) > page.limit else None,
        )

    @routes.get("/{round}")
    async def read(round_id: InPath, _anybody: Anybody) -> RoundView:
        return RoundView.of(await there(store, round_id))

    @routes.patch("/{round}")
    async def correct(round_id: InPath, body: RoundCorrection, by: Keeper) -> RoundView:
        """Put right what was mistyped in a draft."""
        given = body.model_dump(include={"fiscal_year", "academic_year", "grace_minutes"})
        deadline = _deadline(body)
        state = await entered(
            Step(store, keeper, journal, by, "round.correct"),
            round_id,
            lambda found: correct_round(found, clock(), deadline=deadline, **given),
        )
        if not isinstance(state, Round):
            raise problems.of_change(state, round_id)
        log.info("registry.round.corrected", round=round_id)
        return RoundView.of(state)

    return routes


def _states(store: RegistryStore, keeper: RoundKeeper, opening: Opening, journal: Journal, clock: Clock) -> Router:
    routes = Router(prefix="/v1/rounds", tags=["rounds"])

    @routes.post("/{round}/open")
    async def open_it(round_id: InPath, by: Keeper) -> RoundView:
        """Every center of the roll owes a report from now on; the tree of this moment is frozen."""
        trial = open_round(await there(store, round_id), await store.count_listed(round_id), clock())
        refused = None if isinstance(trial, Round) else trial
        await journal.enter(by, "round.open", round_id, refusal=refused)
        if refused is not None:
            raise refusals.of_round(refused, round_id)
        try:
            state = await opening.open(round_id, clock())
        except Conflict:
            raise CONFLICT.problem(where="path.round") from None
        if not isinstance(state, Round):
            raise refusals.of_round(state, round_id)
        log.info("registry.round.opened", round=round_id, obligations=state.obligations)
        return RoundView.of(state)

    @routes.post("/{round}/close")
    async def close(round_id: InPath, body: RoundClosing, by: Keeper) -> RoundView:
        """End a round after its last deadline and grace. Nothing is received in it any more."""
        state = await entered(
            Step(store, keeper, journal, by, "round.close"),
            round_id,
            lambda found: close_round(found, body.reason, clock()),
        )
        if not isinstance(state, Round):
            raise problems.of_change(state, round_id)
        log.info("registry.round.closed", round=round_id)
        return RoundView.of(state)

    return routes


async def there(store: RegistryStore, round_id: str) -> Round:
    """The round. Nothing is entered in the audit trail about one that does not exist."""
    stored = await store.round(round_id)
    if stored is None:
        raise ROUND_UNKNOWN.problem(where="path.round")
    return stored.state


class Step(NamedTuple):
    """What a change of a round needs: where it is written, and who is entered for it."""

    store: RegistryStore
    keeper: RoundKeeper
    journal: Journal
    by: Principal
    action: str
    what: str = ""


async def entered(step: Step, round_id: str, rule: Callable[[Round], R]) -> R:
    """Enter a deed in the audit trail, then do it; a refused one is entered as refused, and changes nothing."""
    trial = rule(await there(step.store, round_id))
    refused = None if isinstance(trial, Round) else trial
    await step.journal.enter(step.by, step.action, round_id, step.what, refused)
    return trial if refused is not None else await changed(step.keeper, round_id, rule)


async def changed(keeper: RoundKeeper, round_id: str, rule: Callable[[Round], R]) -> R:
    """The round as the rule makes it, written; or the rule's refusal."""
    try:
        after = await keeper.change(round_id, rule)
    except Conflict:
        raise CONFLICT.problem(where="path.round") from None
    if isinstance(after, RoundUnknown):
        raise ROUND_UNKNOWN.problem(where="path.round")
    return after


def deadline_of(body: NewRound | NewExtension) -> datetime:
    """The deadline that a body gives in one form or in several that agree."""
    found = _deadline(body)
    if found is None:
        raise problems.DEADLINE_MISSING.problem(where="body.deadline")
    return found


def _deadline(body: NewRound | NewExtension | RoundCorrection) -> datetime | None:
    found = agreed(body.deadline, body.deadline_text, body.weekday)
    if found is None or isinstance(found, datetime):
        return found
    raise problems.of_deadline(found, "body.deadline" if body.deadline_text is None else "body.deadline_text")
