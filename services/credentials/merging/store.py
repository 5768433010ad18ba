"""Every query about where holders belong, and about the credentials that must follow them."""

from collections.abc import Collection, Iterable

from services.credentials.domain import Credential, HolderKind
from services.credentials.merging.rules import MOST_MERGES, Node, Place, place_of
from services.credentials.store import CredentialsStore
from shared.mongo import ASCENDING, Document, Stored

_PLACED = ["path", "state", "successor"]


class MergingStore:
    """Reads what the projections know of holders; finds credentials by holder and by who carries on."""

    def __init__(self, store: CredentialsStore) -> None:
        self._store = store
        self._credentials = store.credentials

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self._credentials.documents.index(
            [("successor", ASCENDING)], name="successor", partialFilterExpression={"successor": {"$gt": ""}}
        )

    async def places_of(self, kind: HolderKind, codes: Iterable[str]) -> dict[str, Place]:
        """Where holders belong now; those that the registry has not told of are absent."""
        wanted = set(codes)
        asked, known = wanted, dict[str, Node]()
        documents = (self._store.centers if kind == "center" else self._store.organizations).documents
        for _ in range(MOST_MERGES + 1):
            if not asked:
                break
            rows = await documents.find({"_id": {"$in": sorted(asked)}}, fields=_PLACED)
            known |= {
                each["_id"]: Node(tuple(each["path"]), each["state"] == "closed", each.get("successor"))
                for each in rows
            }
            heirs = {known[code].successor for code in asked if code in known and known[code].closed}
            asked = {heir for heir in heirs if heir is not None and heir not in known}
        return {code: place for code in wanted if (place := place_of(code, known)) is not None}

    async def following(self, kind: HolderKind, codes: Collection[str]) -> list[Document]:
        """Of the credentials of these holders, and of those that they carry on for: id, holder, place."""
        if not codes:
            return []
        named, fields = sorted(codes), ["holder", "path", "successor"]
        documents = self._credentials.documents
        own = await documents.find({"holder": {"$in": named}, "kind": kind}, fields=fields)
        theirs = await documents.find({"successor": {"$in": named, "$gt": ""}, "kind": kind}, fields=fields)
        return list({each["_id"]: each for each in (*own, *theirs)}.values())

    async def load(self, ids: Collection[str]) -> list[Stored[Credential]]:
        """These credentials, whole."""
        return list((await self._credentials.load_many(ids)).values())

    async def sealed_rounds(self, rounds: Collection[str]) -> list[str]:
        """Those of the rounds whose credentials were ordered to be made here."""
        found = await self._store.jobs.find({"_id": {"$in": sorted(rounds)}}, fields=["_id"]) if rounds else []
        return [each["_id"] for each in found]

    async def seal_again(self, round_id: str) -> None:
        """Have the job of a round look again at who has no credential; one that is under way does not end before."""
        await self._store.jobs.update(
            {"_id": round_id}, {"$set": {"state": "running", "ended_at": None}, "$inc": {"again": 1}}
        )
