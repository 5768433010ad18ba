"""Moves the data keys from an old master key to the new one, some at a time, while the service is at work."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.credentials.keeping.masters import MasterState, read_state
from shared.loops import Loop
from shared.mongo import Lease, Leases
from shared.mongo.aggregates import new_id
from shared.mongo.sealing import Vault
from shared.telemetry import get_logger
from shared.telemetry.metrics import DATA_KEYS

log = get_logger()

AT_ONCE: Final = 100
PAUSE_S: Final = 0.05
"""Between two batches, so that claims go first: 18,000 keys take some ten seconds longer by it."""
LOOK_EVERY_S: Final = 15.0
LEASE: Final = timedelta(minutes=2)
"""Held while the process lives. While a new configuration is rolled out processes disagree on which key is the current
one: then one of them moves keys, and not each those of the other."""
_TOLD_EVERY: Final = 2_000


class Rotation:
    """One process of many does it at a time; whichever it is goes on where the last one was."""

    def __init__(self, vault: Vault, leases: Leases, clock: Callable[[], datetime]) -> None:
        self._vault, self._leases, self._clock = vault, leases, clock
        self._me = new_id()
        self._moved = 0
        self._strange: frozenset[str] = frozenset()
        self._lease: Lease | None = None
        self.loop = Loop("rotation", self._leased, rest_s=LOOK_EVERY_S, pause_s=PAUSE_S, closing=self._give_back)

    async def _leased(self) -> int:
        self._lease = await self._leases.take("rotation", self._me, self._clock(), LEASE)
        if self._lease is None:
            DATA_KEYS.clear()  # whoever rotates tells
            return 0
        return await self.turn()

    async def _give_back(self) -> None:
        if self._lease is not None:
            await self._leases.give_back(self._lease)

    async def turn(self) -> int:
        """One batch; how many keys it moved, 0 when all lie under the current master key."""
        if not self._moved:
            self._begin(await read_state(self._vault))
        moved = await self._vault.rewrap(AT_ONCE)
        before, self._moved = self._moved, self._moved + moved
        if not moved and before:
            self._show(await read_state(self._vault))
            log.info("credentials.rotation.done", master=self._vault.master, keys=before)
            self._moved = 0
        elif self._moved // _TOLD_EVERY > before // _TOLD_EVERY:
            state = await read_state(self._vault)
            self._show(state)
            log.info("credentials.rotation.moved", keys=self._moved, total=sum(state.keys.values()))
        return moved

    def _begin(self, state: MasterState) -> None:
        self._show(state)
        if waiting := state.waiting:
            log.info("credentials.rotation.begun", master=state.current, keys=waiting)
        strange = frozenset(state.strange)
        if strange - self._strange:
            for name in sorted(strange):
                log.error("credentials.rotation.strange", master=name, keys=state.keys.get(name, 0))
        self._strange = strange

    def _show(self, state: MasterState) -> None:
        DATA_KEYS.clear()
        for name in {state.current, *state.also, *state.keys}:
            DATA_KEYS.labels(name, "yes" if name == state.current else "no").set(state.keys.get(name, 0))
