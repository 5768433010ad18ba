"""Seals a credential for every holder of a round, as a job that outlives the process that began it."""

import asyncio
import os
import secrets
import string
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.credentials.domain import Holder, issue
from services.credentials.store import CredentialsStore
from shared.mongo import Document, Lease, Leases
from shared.mongo.sealing import ToSeal, Vault
from shared.security.audit import Deed
from shared.telemetry import get_logger, span

log = get_logger()

CHUNK: Final = 400
"""Centers at a time; with their LAOs at most twice as many credentials."""
LEASE: Final = timedelta(seconds=10)
"""How long a job rests after the process that worked on it died."""
LOOK_EVERY_S: Final = 1.0
PATIENCE_S: Final = 60.0
"""How long a job waits for obligations that the registry has announced and that have not come."""

USERNAME_LETTERS: Final = string.ascii_lowercase.translate(str.maketrans("", "", "ilo")) + "23456789"
PASSWORD_KINDS: Final = (
    string.ascii_uppercase.translate(str.maketrans("", "", "IO")),
    string.ascii_lowercase.translate(str.maketrans("", "", "ilo")),
    "23456789",
)
"""Without marks that are taken for each other when read aloud or copied by hand."""
PASSWORD_LENGTH: Final = 16


def generate() -> dict[str, str]:
    """A username and a password (91 bits) of the operating system's randomness; every kind of mark occurs."""
    letters = "".join(PASSWORD_KINDS)
    while True:
        password = "".join(secrets.choice(letters) for _ in range(PASSWORD_LENGTH))
        if all(any(mark in kind for mark in password) for kind in PASSWORD_KINDS):
            break
    username = "".join(secrets.choice(USERNAME_LETTERS) for _ in range(10))
    return {"username": username, "password": password}


class SealingOffice:
    """Works on the sealing jobs of every round, one process at a time for each.

    A job is done when every obligated center that the registry announced, and its LAO, has a credential. Whatever is
    cut off is taken up by the next process once the lease has run out; nothing is sealed twice.
    """

    def __init__(
        self,
        store: CredentialsStore,
        vault: Vault,
        leases: Leases,
        clock: Callable[[], datetime],
        *,
        chunk: int = CHUNK,
    ) -> None:
        self._store, self._vault, self._leases, self._clock, self._chunk = store, vault, leases, clock, chunk
        self._me = f"{os.getpid()}:{secrets.token_hex(4)}"
        self._asked = asyncio.Event()
        self._waiting: dict[str, tuple[int, float]] = {}
        self.beat = time.monotonic()

    def nudge(self) -> None:
        """There is a new job: look at once."""
        self._asked.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self.beat = time.monotonic()
            try:
                worked = await self.work()
            except Exception as error:
                log.warning("credentials.sealing.interrupted", exc_info=error)
                worked = False
            if not worked:
                await self._rest()

    async def work(self) -> bool:
        """One pass over the jobs that run. Whether anything was sealed."""
        sealed = 0
        for job in await self._store.running_jobs():
            lease = await self._leases.take(f"sealing:{job['_id']}", self._me, self._clock(), LEASE)
            if lease is not None:
                try:
                    sealed += await self._seal_round(job)
                finally:
                    await self._leases.give_back(lease)
        return sealed > 0

    async def _seal_round(self, job: Document) -> int:
        round_id, sealed = job["_id"], 0
        obliged = await self._store.count_obliged(round_id)
        if self._still_waits(round_id, obliged):
            return 0
        with span("credentials.sealing", traceparent=job["traceparent"]):
            async for holders in self._store.holders_of(round_id, self._chunk):
                if await self._renewed(round_id) is None:
                    return sealed
                sealed += await self._seal(holders, job)
                self.beat = time.monotonic()
            if await self._store.count_obliged(round_id) == obliged:
                await self._end_if_complete(round_id, obliged)
        if sealed:
            log.info("credentials.sealing.passed", round=round_id, sealed=sealed, centers=obliged)
        return sealed

    async def _renewed(self, round_id: str) -> Lease | None:
        return await self._leases.take(f"sealing:{round_id}", self._me, self._clock(), LEASE)

    async def _seal(self, holders: Sequence[Holder], job: Document) -> int:
        missing = await self._store.without_credential(holders)
        if not missing:
            return 0
        now = self._clock()
        drafts = [issue(holder, secrets.token_hex(8), b"", now) for holder in missing]
        sealed = await self._vault.seal_many(
            [ToSeal(holder.owner, draft.label, generate()) for holder, (draft, _) in zip(missing, drafts, strict=True)]
        )
        # The trail first: a credential that nobody can account for must not exist.
        deeds = {
            each.owner: Deed(job["subject"], job["role"], "credential.seal", each.owner, "allowed", each.round)
            for each in missing
        }
        await self._store.trail.enter_once(deeds, now)
        finished = [
            (draft.model_copy(update={"sealed": seal}), events)
            for (draft, events), seal in zip(drafts, sealed, strict=True)
        ]
        taken = await self._store.add_credentials(finished, now)
        return len(missing) - len(taken)

    async def _end_if_complete(self, round_id: str, obliged: int) -> None:
        """End the job, unless the registry has announced more centers than have come: then wait, but not for ever."""
        known = await self._store.round(round_id)
        announced = int(known["obligations"]) if known else 0
        if obliged < announced and self._waiting.get(round_id, (-1, 0.0))[0] != obliged:
            self._waiting[round_id] = (obliged, time.monotonic())
            return
        self._waiting.pop(round_id, None)
        missing = max(0, announced - obliged)
        await self._store.end_job(round_id, missing, self._clock())
        log.info("credentials.sealing.done", round=round_id, centers=obliged, missing=missing)

    def _still_waits(self, round_id: str, obliged: int) -> bool:
        """Whether everything seen is sealed and it is too soon to give the rest up."""
        seen, since = self._waiting.get(round_id, (-1, 0.0))
        return seen == obliged and time.monotonic() - since < PATIENCE_S

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._asked.wait(), LOOK_EVERY_S)
        except TimeoutError:
            return
        self._asked.clear()
