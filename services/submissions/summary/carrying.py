"""Summaries follow their centers, as submissions do: into the survivor of a merge, and under other offices."""

from functools import partial

from services.submissions.store import LONGEST_CHAIN, Obligation, Store, key_of
from services.submissions.summary.answers import CarriedSummary, Summary
from services.submissions.summary_store import SummaryStore, Written
from shared.bus import Batch
from shared.contracts.events import ObligationChanged, SummarySent


def handed_over(origin: Summary | None, *, successor: str | None, path: tuple[str, ...]) -> Written | None:
    """The closed center's: `successor` answers for it; or nobody, when the merge was undone."""
    return (origin.model_copy(update={"successor": successor, "path": path}), None) if origin else None


def followed(summary: Summary | None, *, path: tuple[str, ...]) -> Written | None:
    """A closed center's: it goes under other offices with its successor, unless its merge was undone meanwhile."""
    return (summary.model_copy(update={"path": path}), None) if summary and summary.successor else None


def taken_over(survivor: Summary | None, *, center: str, path: tuple[str, ...], origin: Summary) -> Written | None:
    """The survivor's: what `origin` sent, and what had been carried to that, stands beside its own."""
    brought = (CarriedSummary(center=origin.center, sent=origin.sent), *origin.carried)
    brought = tuple(one for one in brought if one.sent and one.center != center)
    if not brought:
        return None
    before = survivor or Summary(round=origin.round, center=center, path=path)
    replaced = {one.center for one in brought}
    carried = (*(one for one in before.carried if one.center not in replaced), *brought)
    return before.model_copy(update={"carried": carried}), None


def given_up(survivor: Summary | None, *, origin: Summary) -> Written | None:
    """A merge was undone: what `origin` had sent does not stand here any more."""
    if survivor is None:
        return None
    gone = {origin.center, *(one.center for one in origin.carried)}
    kept = tuple(one for one in survivor.carried if one.center not in gone)
    return survivor.model_copy(update={"carried": kept}), None


class SummaryCarrier:
    """Each step is one write of one summary and changes nothing when it is repeated."""

    def __init__(self, store: Store, summaries: SummaryStore) -> None:
        self._store, self._summaries = store, summaries

    async def __call__(self, batch: Batch) -> None:
        """Bring the summaries that a batch is about to where they belong. The obligations are known already."""
        keys = {e.envelope.key for e in batch.of(ObligationChanged)}
        keys |= {key_of(e.data.round, e.data.center) for e in batch.of(SummarySent)}
        stored = await self._summaries.many(keys)
        obligations = await self._store.obligations_of(stored.keys())
        for key, one in stored.items():
            if obligation := obligations.get(key):
                await self._settle(one.state, obligation)

    async def _settle(self, summary: Summary, obligation: Obligation) -> None:
        if obligation.successor is not None and obligation.successor != summary.center:
            await self._carry(summary, obligation.successor)
        elif summary.successor is not None or summary.path != obligation.path:
            await self._undo(summary)
            await self._take_along(summary, obligation.path)  # itself last: a crash leaves it undone
            back = partial(handed_over, successor=None, path=obligation.path)
            await self._write(summary.round, summary.center, back)

    async def _take_along(self, summary: Summary, path: tuple[str, ...]) -> None:
        """What merges before had carried to it goes under the same offices."""
        for one in summary.carried:
            await self._write(summary.round, one.center, partial(followed, path=path))

    async def _carry(self, origin: Summary, successor: str) -> None:
        if origin.successor not in {None, successor}:
            await self._undo(origin)
        for _ in range(LONGEST_CHAIN):
            survivors, found = await self._store.survivors(origin.round, successor)
            path = found or origin.path
            over = partial(handed_over, successor=successor, path=path)
            origin = await self._write(origin.round, origin.center, over) or origin
            await self._take_along(origin, path)
            take = partial(taken_over, center=successor, path=path, origin=origin)
            survivor = await self._write(origin.round, successor, take)
            if survivor is None or len(survivors) == 1:
                return
            origin, successor = survivor, survivors[1]

    async def _undo(self, origin: Summary) -> None:
        at = origin.successor
        for _ in range(LONGEST_CHAIN):
            if at is None:
                return
            survivor = await self._write(origin.round, at, partial(given_up, origin=origin))
            at = survivor.successor if survivor else None

    async def _write(self, round_: str, center: str, rule: "partial[Written | None]") -> Summary | None:
        """Write what a rule says; the summary as it stands afterwards, if there is one."""

        def change(current: Summary | None) -> Written | None:
            return rule(current) or ((current, None) if current else None)

        return await self._summaries.write(key_of(round_, center), change)
