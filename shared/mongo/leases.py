"""Leases with fencing tokens: at most one process works on a slot, and a late one can tell that it lost it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.mongo.documents import Documents


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to a slot until `until`. `token` grows with every change of hands."""

    name: str
    holder: str
    token: int
    until: datetime


class Leases:
    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def take(self, name: str, holder: str, now: datetime, lasting: timedelta) -> Lease | None:
        """Take or renew a lease. None while another holder's has not run out.

        A renewal keeps its token; a change of hands adds one to it. Who is cancelled meanwhile leaves no lease behind.
        """
        taking = asyncio.create_task(self._take(name, holder, now, lasting))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The database may have given it already, and then it would stand until it runs out.
            if lease := await taking:
                await self.give_back(lease)
            raise

    async def _take(self, name: str, holder: str, now: datetime, lasting: timedelta) -> Lease | None:
        until = now + lasting
        renewed = await self._documents.change(
            {"_id": name, "holder": holder, "until": {"$gt": now}}, {"$set": {"until": until}}
        )
        if renewed:
            return Lease(name, holder, renewed["token"], until)
        taken = await self._documents.change(
            {"_id": name, "until": {"$lte": now}},
            {"$set": {"holder": holder, "until": until}, "$inc": {"token": 1}},
        )
        if taken:
            return Lease(name, holder, taken["token"], until)
        added = await self._documents.insert({"_id": name, "holder": holder, "until": until, "token": 1})
        return Lease(name, holder, 1, until) if added else None

    async def give_back(self, lease: Lease) -> None:
        """Let others have the slot at once. Does nothing when the lease was lost already."""
        await self._documents.update(
            {"_id": lease.name, "holder": lease.holder, "token": lease.token},
            {"$set": {"until": datetime.fromtimestamp(0, tz=lease.until.tzinfo)}},
        )
