"""Brings credentials to where their holders belong, whatever comes first: the merge, the move, or the credential.

What it writes follows from what is stored, so that an event that comes again, or in another order, changes nothing.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from services.credentials.domain import Credential, Holder, HolderKind
from services.credentials.merging.rules import SYSTEM, settle
from services.credentials.merging.store import MergingStore
from services.credentials.store import ATTEMPTS, CredentialsStore, announced
from shared.bus import Batch, Event
from shared.contracts.events import CenterChanged, CredentialIssued, ObligationChanged, OrganizationChanged
from shared.contracts.topics import READS
from shared.mongo import Conflict, Stored
from shared.security.audit import Deed
from shared.telemetry import get_logger

log = get_logger()

MERGING = READS["credentials"]["merging"]
Moved = tuple[Stored[Credential], Credential, list[object]]


class Merging:
    """The handler of a group of its own. `know` keeps a batch in the projections, which may not have it yet."""

    def __init__(
        self,
        store: CredentialsStore,
        merging: MergingStore,
        know: Callable[[Batch], Awaitable[None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._merging, self._know, self._clock = store, merging, know, clock

    async def __call__(self, batch: Batch) -> None:
        """Settle the credentials of every holder that a batch is about, and have sealed what it makes owed."""
        await self._know(batch)
        touched: dict[HolderKind, set[str]] = {
            "center": {event.data.code for event in batch.of(CenterChanged)},
            "lao": {event.data.code for event in batch.of(OrganizationChanged) if event.data.kind == "lao"},
        }
        # Sealed for a holder that was merged in the same moment.
        for event in batch.of(CredentialIssued):
            touched[event.data.holder_kind].add(event.data.holder)
        for kind, codes in touched.items():
            await self._settle(kind, codes)
        await self._seal(batch.of(ObligationChanged))

    async def _settle(self, kind: HolderKind, codes: set[str]) -> None:
        for _ in range(ATTEMPTS):
            rows = await self._merging.following(kind, codes)
            places = await self._merging.places_of(kind, {each["holder"] for each in rows})
            astray = [
                each["_id"]
                for each in rows
                if (place := places.get(each["holder"])) is not None
                and (tuple(each["path"]), each.get("successor")) != (place.path, place.successor)
            ]
            if not astray or not await self._write(kind, astray):
                return
        raise Conflict(f"{kind}: {len(codes)}")

    async def _write(self, kind: HolderKind, ids: Sequence[str]) -> bool:
        """Write what stands wrong; whether somebody else wrote one of them meanwhile."""
        now = self._clock()
        stored = await self._merging.load(ids)
        places = await self._merging.places_of(kind, {each.state.holder for each in stored})
        changes = [
            (each, *settled)
            for each in stored
            if (place := places.get(each.state.holder)) is not None
            and (settled := settle(each.state, place, now)) is not None
        ]
        if not changes:
            return False
        merged = [after for before, after, _ in changes if after.successor != before.state.successor]
        await self._enter(merged, now)
        missed = await self._store.credentials.save_many(
            [(before, after, announced(events)) for before, after, events in changes], now
        )
        log.info("credentials.merging.settled", credentials=len(changes) - len(missed), merged=len(merged))
        return bool(missed)

    async def _enter(self, merged: Sequence[Credential], now: datetime) -> None:
        """Into the holders' chains, before it is done. A holder may have a credential in more than one round."""
        rounds: dict[str, dict[str, Deed]] = defaultdict(dict)
        for each in merged:
            name = f"{each.kind}/{each.holder}"
            detail = f"{each.mark} {each.successor}"
            rounds[each.round][name] = Deed("saraban", SYSTEM, "credential.merge", name, "allowed", detail)
        for deeds in rounds.values():
            await self._store.trail.enter_once(deeds, now)

    async def _seal(self, events: Sequence[Event[ObligationChanged]]) -> None:
        """Holders that came to owe after the round was sealed: its job takes them in."""
        owing: dict[str, dict[str, Holder]] = defaultdict(dict)
        for event in events:
            if event.data.owed:
                one = event.data
                for kind, code in (("center", one.center), ("lao", one.lao)):
                    holder = Holder(round=one.round, kind=kind, code=code, path=one.path)
                    owing[one.round][holder.id] = holder
        for round_id in await self._merging.sealed_rounds(owing):
            if await self._store.without_credential(owing[round_id].values()):
                await self._merging.seal_again(round_id)
