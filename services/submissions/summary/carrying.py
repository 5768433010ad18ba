"""Summaries follow their centers, as submissions do: into the survivor of a merge, and under other offices."""

from functools import partial

from services.submissions.store import Obligation, Store, key_of
from services.submissions.summary.answers import CarriedSummary, Summary
from services.submissions.summary_store import SummaryStore, Written
from shared.bus import Batch
from shared.contracts.events import ObligationChanged, SummarySent

LONGEST_CHAIN = 16
"""Merges after one another: more than this is a ring."""


def handed_over(origin: Summary | None, *, successor: str | None, path: tuple[str, ...]) -> Written | None:
    """The closed center's: `successor` answers for it; or nobody, when the merge was undone."""
    return (origin.model_copy(update={"successor": successor, "path": path}), None) if origin else None


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
            back = partial(handed_over, successor=None, path=obligation.path)
            await self._write(summary.round, summary.center, back)

    async def _carry(self, origin: Summary, successor: str) -> None:
        if origin.successor not in {None, successor}:
            await self._undo(origin)
        for _ in range(LONGEST_CHAIN):
            obligation = (await self._store.obligations_of([key_of(origin.round, successor)])).values()
            path = next((one.path for one in obligation), await self._store.path_of(successor) or origin.path)
            over = partial(handed_over, successor=successor, path=path)
            origin = await self._write(origin.round, origin.center, over) or origin
            take = partial(taken_over, center=successor, path=path, origin=origin)
            survivor = await self._write(origin.round, successor, take)
            further = next((one.successor for one in obligation), None)
            if survivor is None or further is None:
                return
            origin, successor = survivor, further

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
