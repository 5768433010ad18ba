"""Carries out what the rules of rounds decide; a change that another was faster than is decided again."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from services.registry.domain import Center, Round, counted, follow, owe
from services.registry.rounds.rules import RoundUnknown
from services.registry.store import CHUNK, RegistryStore
from shared.mongo import Conflict

ATTEMPTS = 8
"""How often to load, decide and write again before giving way to other writers."""

R = TypeVar("R")


class RoundKeeper:
    """Keeps the numbers and obligations of rounds, and writes every other change of a round.

    Each step is safe to repeat: a run that died half-way is completed by asking again.
    """

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    async def change(self, round_id: str, decide: Callable[[Round], R]) -> R | RoundUnknown:
        """Write what `decide` makes of the round; its refusals are returned. Raises `Conflict`."""
        for _ in range(ATTEMPTS):
            stored = await self._store.round(round_id)
            if stored is None:
                return RoundUnknown()
            after = decide(stored.state)
            if not isinstance(after, Round) or after == stored.state:
                return after
            try:
                await self._store.save_round(stored, after)
            except Conflict:
                continue
            return after
        raise Conflict(round_id)

    async def settle(self, round_id: str, now: datetime) -> int:
        """Bring the round's numbers up to date after its roll changed, and its obligations if it is open; return how
        many are new.

        Writing the round when centers joined is what makes an opening at the same moment look at the roll again.
        """
        owed = 0
        for _ in range(ATTEMPTS):
            stored = await self._store.round(round_id)
            if stored is None:
                return owed
            try:
                if stored.state.state == "open":
                    owed += await self.oblige(round_id, now)
                numbers = await self._store.count_listed(round_id), await self._store.count_owed(round_id)
                state = counted(stored.state, *numbers)
                if state != stored.state:
                    await self._store.save_round(stored, state)
            except Conflict:
                continue
            return owed
        raise Conflict(round_id)

    async def recount(self, round_id: str) -> None:
        """Bring the round's numbers up to date after single centers joined or left it. Raises `Conflict`."""
        numbers = await self._store.count_listed(round_id), await self._store.count_owed(round_id)
        await self.change(round_id, lambda state: counted(state, *numbers))

    async def oblige(self, round_id: str, now: datetime) -> int:
        """Give every center on the roll the obligation it should have; return how many had none. Raises `Conflict`."""
        last, new = "", 0
        while centers := await self._store.listed_after(round_id, last, CHUNK):
            last = centers[-1].code
            new += await self._oblige_these(round_id, centers, now)
        return new

    async def _oblige_these(self, round_id: str, centers: Iterable[Center], now: datetime) -> int:
        listed = list(centers)
        known = await self._store.obligations_of(round_id, (center.code for center in listed))
        due = []
        for center in listed:
            stored = known.get(center.code)
            after = follow(stored.state, center, now) if stored else owe(center, round_id, now)
            if stored is None or after != stored.state:
                due.append((stored, after))
        if await self._store.write_obligations(due):
            raise Conflict(round_id)
        return sum(1 for stored, _ in due if stored is None)
