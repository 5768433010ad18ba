"""Destroys the keys of erased holders and marks their credentials: at once, after a crash, after a restored backup."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, cast

from services.credentials.domain import Credential, HolderKind
from services.credentials.erasing import rules
from services.credentials.erasing.rules import Erasure
from services.credentials.erasing.store import ErasureStore
from services.credentials.store import ATTEMPTS, CredentialsStore, announced
from shared.loops import Loop
from shared.mongo import Conflict, Leases
from shared.mongo.aggregates import new_id
from shared.mongo.sealing import Vault
from shared.security.audit import Deed
from shared.telemetry import get_logger

log = get_logger()

LOOK_EVERY_S: Final = 2.0
BURY_EVERY_S: Final = 600.0
"""How often keys whose half is destroyed are looked for: they come with a restored copy of the database alone."""
LEASE: Final = timedelta(minutes=2)
AT_ONCE: Final = 50
KINDS: Final = frozenset({"center", "lao"})


class Gravedigger:
    """Every step may be repeated. Methods raise what the vault, its shelf and the database raise."""

    def __init__(
        self,
        store: CredentialsStore,
        erasures: ErasureStore,
        vault: Vault,
        leases: Leases,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._erasures, self._vault, self._leases, self._clock = store, erasures, vault, leases, clock
        self._me, self._buried = new_id(), -BURY_EVERY_S
        self.loop = Loop("erasing", self.turn, rest_s=LOOK_EVERY_S)

    async def turn(self) -> None:
        """What a crash left behind; now and then, what a restored copy brought back. One process at a time."""
        lease = await self._leases.take("erasing", self._me, self._clock(), LEASE)
        if lease is None:
            return
        try:
            for stored in await self._erasures.unfinished(AT_ONCE):
                await self.finish(stored.state)
            if time.monotonic() - self._buried >= BURY_EVERY_S:
                await self.bury()
                self._buried = time.monotonic()
        finally:
            await self._leases.give_back(lease)

    async def finish(self, erasure: Erasure) -> Erasure:
        """Carry an approved erasure out; once more does no harm. The trail has it before the key goes."""
        if erasure.done_at is not None:
            return erasure
        assert erasure.decided_by is not None
        assert erasure.decided_role is not None
        deed = Deed(
            erasure.decided_by,
            erasure.decided_role.value,
            "credential.erase",
            erasure.subject,
            "allowed",
            erasure.id,
            erasure.decided_org or "",
        )
        await self._store.trail.enter_once({erasure.subject: deed}, self._clock())
        if await self._still_opens(erasure):
            await self._vault.erase(erasure.subject)
        marked = await self._mark(erasure.holder_kind, erasure.holder, erasure)
        finished = await self._close(erasure)
        log.info("credentials.erasing.done", credentials=marked)
        return finished

    async def bury(self) -> int:
        """Holders that were erased before, and whose wrapped key a restored copy of the database has brought back.

        How many keys were found so.
        """
        dead = await self._vault.dead()
        marked = 0
        for owner in dead.values():
            kind, _, code = owner.partition("/")
            if kind in KINDS:
                deed = Deed("saraban", "none", "credential.erase", owner, "allowed", "restored")
                await self._store.trail.enter_once({owner: deed}, self._clock())
                marked += await self._mark(cast("HolderKind", kind), code, None)
        if dead:
            await self._vault.forget(list(dead))
            log.warning("credentials.erasing.buried", owners=len(dead), credentials=marked)
        return len(dead)

    async def _still_opens(self, erasure: Erasure) -> bool:
        """Whether a key is yet to be destroyed. Taken up after a crash it may be the key of a newer secret."""
        found = await self._erasures.credentials_of(erasure.holder_kind, erasure.holder)
        seals = [each.state.sealed for each in found if each.state.sealed and _is_before(each.state, erasure)]
        return not seals or not all([await self._vault.erased(sealed, fresh=True) for sealed in seals])

    async def _mark(self, kind: HolderKind, code: str, erasure: Erasure | None) -> int:
        marked = 0
        for _ in range(ATTEMPTS):
            overtaken = False
            for stored in await self._erasures.credentials_of(kind, code):
                credential = stored.state
                gone = (
                    await self._vault.erased(credential.sealed, fresh=True)
                    if credential.sealed
                    else (_is_before(credential, erasure))
                )
                erased, events = rules.erase(credential, erasure, self._clock()) if gone else (credential, [])
                if not events:
                    continue
                try:
                    await self._store.credentials.save(stored, erased, announced(events), self._clock())
                    marked += 1
                except Conflict:
                    overtaken = True
            if not overtaken:
                return marked
        raise Conflict(rules.owner_of(kind, code))

    async def _close(self, erasure: Erasure) -> Erasure:
        for _ in range(ATTEMPTS):
            stored = await self._erasures.erasures.load(erasure.subject)
            if stored is None or stored.state.id != erasure.id or stored.state.done_at is not None:
                return stored.state if stored else erasure
            finished = rules.done(stored.state, self._clock())
            if await self._erasures.put(stored, finished, self._clock()):
                return finished
        raise Conflict(erasure.subject)


def _is_before(credential: Credential, erasure: Erasure | None) -> bool:
    """Whether a credential is of the time before an erasure; one that a copy brought back always is."""
    return erasure is None or erasure.decided_at is None or credential.issued_at <= erasure.decided_at
