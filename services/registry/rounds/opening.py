"""Opens a round: every center of its roll owes a report, and the tree of that moment is frozen beside it."""

import asyncio
from datetime import datetime
from typing import Final

from services.registry.domain import Center, DeadlinePassed, NothingListed, Round, RoundClosed, counted, open_round
from services.registry.rounds.keeping import ATTEMPTS, RoundKeeper
from services.registry.rounds.papers import Papers
from services.registry.rounds.parts import Snapshot
from services.registry.rounds.rules import RoundUnknown
from services.registry.rounds.snapshot import freeze
from services.registry.store import CHUNK, RegistryStore
from services.registry.tree.lock import TreeLock
from shared.mongo import Conflict

PATIENCE_S: Final = 10.0
"""How long an opening waits for an order that has the tree in hand."""


class Opening:
    """`open` a round. A run that died half-way is completed by asking again."""

    def __init__(self, store: RegistryStore, keeper: RoundKeeper, papers: Papers, lock: TreeLock) -> None:
        self._store, self._keeper, self._papers, self._lock = store, keeper, papers, lock

    async def open(
        self, round_id: str, now: datetime
    ) -> Round | RoundUnknown | NothingListed | DeadlinePassed | RoundClosed:
        """Lay its obligation on every center of the roll, freeze the tree, then announce the round as open.

        The round is written last and only if no roll came in meanwhile, so an open round has all its obligations and
        its snapshot. An open one stays as it is. Raises `Conflict`, and `TreeBusy` while an order has the tree.
        """
        async with self._lock.held(PATIENCE_S):
            for _ in range(ATTEMPTS):
                stored = await self._store.round(round_id)
                if stored is None:
                    return RoundUnknown()
                opened = open_round(stored.state, await self._store.count_listed(round_id), now)
                if not isinstance(opened, Round) or opened == stored.state:
                    return opened
                try:
                    await self._keeper.oblige(round_id, now)
                    opened = counted(opened, opened.listed, await self._store.count_owed(round_id))
                    opened = opened.model_copy(update={"snapshot": await self._freeze(opened, now)})
                    await self._store.save_round(stored, opened)
                except Conflict:
                    continue
                return opened
        raise Conflict(round_id)

    async def _freeze(self, state: Round, now: datetime) -> Snapshot:
        centers: list[Center] = []
        while page := await self._store.listed_after(state.round, centers[-1].code if centers else "", CHUNK):
            centers += page
        codes = {code for center in centers for code in center.path}
        organizations = [one.state for one in (await self._store.known_organizations(codes)).values()]
        frozen = await asyncio.to_thread(freeze, state, organizations, centers, now)
        key, version = await self._papers.keep_snapshot(state.round, frozen)
        return Snapshot(
            key=key,
            version=version,
            sha256=frozen.sha256,
            size=len(frozen.data),
            organizations=frozen.organizations,
            centers=frozen.centers,
            taken_at=now,
        )
