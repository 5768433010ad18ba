"""Seals a credential for every holder of a round, as a job that outlives the process that began it."""

import asyncio
import os
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.credentials.domain import Holder, issue
from services.credentials.rules import SecretRules, generate
from services.credentials.store import CredentialsStore
from shared.loops import Loop
from shared.mongo import Document, Lease, Leases
from shared.mongo.sealing import ToSeal, Vault
from shared.security.audit import Deed
from shared.telemetry import get_logger, span

log = get_logger()

AT_ONCE: Final = 3
CHUNK: Final = 250
"""Centers at a time; with their LAOs at most twice as many credentials."""
LEASE: Final = timedelta(seconds=10)
"""How long a job rests after the process that worked on it died."""
LOOK_EVERY_S: Final = 1.0
PATIENCE_S: Final = 60.0
"""How long a job waits for obligations that the registry has announced and that have not come."""


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
        rules: SecretRules,
        clock: Callable[[], datetime],
        *,
        chunk: int = CHUNK,
    ) -> None:
        self._store, self._vault, self._leases, self._clock, self._chunk = store, vault, leases, clock, chunk
        self._rules = rules
        self._me = f"{os.getpid()}:{secrets.token_hex(4)}"
        self._waiting: dict[str, tuple[int, float]] = {}
        self.loop = Loop("sealing", self.work, rest_s=LOOK_EVERY_S)

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
        round_id = job["_id"]
        obliged = await self._store.count_obliged(round_id)
        if self._still_waits(round_id, obliged):
            return 0
        with span("credentials.sealing", traceparent=job["traceparent"]):
            sealed = await self._seal_all(round_id, job)
            if sealed is None:
                return 0
            if await self._store.count_obliged(round_id) == obliged:
                await self._end_if_complete(job, obliged)
        if sealed:
            log.info("credentials.sealing.passed", round=round_id, sealed=sealed, centers=obliged)
        return sealed

    async def _seal_all(self, round_id: str, job: Document) -> int | None:
        """Seal what is missing, some chunks at once: one is encrypted while another is written.

        How many were sealed; None when another process has taken the job.
        """
        sealed = 0
        under_way: set[asyncio.Task[int]] = set()
        try:
            async for holders in self._store.holders_of(round_id, self._chunk):
                if await self._renewed(round_id) is None:
                    return None
                under_way.add(asyncio.create_task(self._seal(holders, job)))
                if len(under_way) >= AT_ONCE:
                    done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    sealed += sum(task.result() for task in done)
                self.loop.beat()
            return sealed + sum(await asyncio.gather(*under_way))
        finally:
            for task in under_way:
                task.cancel()

    async def _renewed(self, round_id: str) -> Lease | None:
        return await self._leases.take(f"sealing:{round_id}", self._me, self._clock(), LEASE)

    async def _seal(self, holders: Sequence[Holder], job: Document) -> int:
        missing = await self._store.without_credential(holders)
        if not missing:
            return 0
        now = self._clock()
        drafts = [issue(holder, secrets.token_hex(8), b"", now) for holder in missing]
        rule = self._rules.of(missing[0].round)
        sealed = await self._vault.seal_many([
            ToSeal(holder.owner, draft.label, generate(rule))
            for holder, (draft, _) in zip(missing, drafts, strict=True)
        ])  # fmt: skip
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

    async def _end_if_complete(self, job: Document, obliged: int) -> None:
        """End the job, unless the registry has announced more centers than have come: then wait, but not for ever."""
        round_id = job["_id"]
        known = await self._store.round(round_id)
        announced = int(known["obligations"]) if known else 0
        if obliged < announced and self._waiting.get(round_id, (-1, 0.0))[0] != obliged:
            self._waiting[round_id] = (obliged, time.monotonic())
            return
        self._waiting.pop(round_id, None)
        missing = max(0, announced - obliged)
        await self._store.end_job(round_id, job.get("again"), missing, self._clock())
        log.info("credentials.sealing.done", round=round_id, centers=obliged, missing=missing)

    def _still_waits(self, round_id: str, obliged: int) -> bool:
        """Whether everything seen is sealed and it is too soon to give the rest up."""
        seen, since = self._waiting.get(round_id, (-1, 0.0))
        return seen == obliged and time.monotonic() - since < PATIENCE_S
