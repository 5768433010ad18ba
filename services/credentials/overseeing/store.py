"""Every query about credentials by part of the tree."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from services.credentials.domain import Credential, HolderKind, State, credential_id
from services.credentials.facts import UNCLAIMED
from services.credentials.store import CredentialsStore
from shared.mongo import ASCENDING, Document, UpdateOne

Tier = Literal["province", "district", "lao"]

_TIER: Final[dict[Tier, Any]] = {
    "province": {"$arrayElemAt": ["$path", 1]},
    # An LAO of a whole province (PAO) stands in no district.
    "district": {"$cond": [{"$gt": [{"$size": "$path"}, 3]}, {"$arrayElemAt": ["$path", 2]}, None]},
    "lao": {"$arrayElemAt": ["$path", -1]},
}


class TreeStore:
    """Lists and counts. Nothing here reads a seal."""

    def __init__(self, store: CredentialsStore) -> None:
        self._store = store
        self._credentials = store.credentials.documents

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        part = [("round", ASCENDING), ("path", ASCENDING)]
        await self._credentials.index([*part, ("_id", ASCENDING)], name="round_path")
        await self._credentials.index([*part, ("state", ASCENDING), ("_id", ASCENDING)], name="round_path_state")

    async def path_of(self, organization: str) -> tuple[str, ...] | None:
        """Where an organization stands, from the department down to itself."""
        found = await self._store.organizations.documents.one({"_id": organization}, fields=["path"])
        return tuple(found["path"]) if found else None

    async def within(
        self, round_id: str, within: str, state: State | None, after: str | None, limit: int
    ) -> list[tuple[str, Credential]]:
        """Credentials of a round below an organization, by their place in the list."""
        query: Document = {"round": round_id, "path": within}
        if state is not None:
            query["state"] = state
        if after is not None:
            query["_id"] = {"$gt": after}
        found = await self._credentials.find(query, sort=[("_id", ASCENDING)], limit=limit)
        return [(each["_id"], self._store.credentials.read(each).state) for each in found]

    async def count(
        self, round_id: str, within: str, by: Tier, after: str | None, limit: int
    ) -> list[tuple[str | None, dict[str, int]]]:
        """How many credentials stand in each state, by province, district or LAO, in the order of their codes."""
        rows = await self._credentials.gather(
            [
                {"$match": {"round": round_id, "path": within}},
                {"$group": {"_id": {"tier": _TIER[by], "state": "$state"}, "count": {"$sum": 1}}},
                {"$group": {"_id": "$_id.tier", "states": {"$push": {"k": "$_id.state", "v": "$count"}}}},
                {"$match": {"_id": {"$gt": after}} if after is not None else {}},
                {"$sort": {"_id": ASCENDING}},
                {"$limit": limit},
            ]
        )
        return [(row["_id"], {each["k"]: each["v"] for each in row["states"]}) for row in rows]

    async def laos_with_unclaimed(self, round_id: str, within: str) -> list[str]:
        """The LAOs below an organization under which a credential waits to be claimed, in the order of their codes."""
        rows = await self._credentials.gather(
            [
                {"$match": {"round": round_id, "path": within, "state": {"$in": list(UNCLAIMED)}}},
                {"$group": {"_id": _TIER["lao"]}},
                {"$sort": {"_id": ASCENDING}},
            ]
        )
        return [row["_id"] for row in rows]

    async def unclaimed_of(self, round_id: str, lao: str) -> list[Credential]:
        """The credentials of an LAO and its centers that wait to be claimed."""
        found = await self._credentials.find(
            {"round": round_id, "path": lao, "state": {"$in": list(UNCLAIMED)}}, sort=[("_id", ASCENDING)]
        )
        return [self._store.credentials.read(each).state for each in found]

    async def names_of(self, kind: HolderKind | Literal["organization"], codes: Iterable[str]) -> dict[str, Document]:
        """Name and whether an address is registered, of those of these holders or organizations that are known."""
        known = self._store.centers if kind == "center" else self._store.organizations
        found = await known.documents.find({"_id": {"$in": sorted(set(codes))}}, fields=["name", "email"])
        return {each["_id"]: each for each in found}

    async def mark_notified(self, told: Sequence[tuple[str, HolderKind, str, datetime]]) -> None:
        """(round, kind, holder, when) of holders who were told that a credential waits. Twice is as good as once.

        Only the first notice of a credential counts, and none that was delivered before it was sealed.
        """
        await self._credentials.bulk(
            [
                UpdateOne(
                    {
                        "_id": credential_id(round_id, kind, holder),
                        "notified_at": None,
                        "issued_at": {"$lte": at},
                    },
                    [
                        {
                            "$set": {
                                "notified_at": at,
                                "version": {"$add": ["$version", 1]},
                                "state": {"$cond": [{"$eq": ["$state", "sealed"]}, "notified", "$state"]},
                            }
                        }
                    ],
                )
                for round_id, kind, holder, at in told
            ]
        )
