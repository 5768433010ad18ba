"""What other services told, kept here: every query on the notifier's projections.

`organizations`, `centers`, `rounds` and `obligations` hold state at its highest sequence; `reports` and `claims` hold
maxima, which commute. The last three are keyed `round/center`. All can be rebuilt from the bus.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from services.notifier.checks import Known, Office
from services.notifier.domain import Delivery, Heir
from services.notifier.notices import Owing
from services.notifier.standings import Claim, Report
from shared.contracts.events import OrganizationChanged, RoundChanged
from shared.mongo import ASCENDING, Document, Documents, Mongo, Projection, UpdateOne

PROJECTIONS = ("organizations", "centers", "rounds", "obligations", "reports", "claims")
"""Collections that a rebuild may drop before the group `projections` is rewound."""


MOST_MERGES = 16
"""How many merges in a row are followed; more would be a ring, which the registry does not make."""


class Knowledge:
    def __init__(self, mongo: Mongo) -> None:
        self.organizations = Projection(mongo.documents("organizations"))
        self.centers = Projection(mongo.documents("centers"))
        self.rounds = Projection(mongo.documents("rounds"))
        self.obligations = Projection(mongo.documents("obligations"))
        self._reports = mongo.documents("reports")
        self._claims = mongo.documents("claims")

    async def prepare(self) -> None:
        """Make sure that the indexes stand."""
        await self.rounds.documents.index([("state", ASCENDING)], name="state")
        obligations = self.obligations.documents
        await obligations.index(
            [("round", ASCENDING), ("owed", ASCENDING), ("path", ASCENDING), ("_id", ASCENDING)], name="within"
        )
        await obligations.index([("round", ASCENDING), ("owed", ASCENDING), ("lao", ASCENDING)], name="by_lao")

    async def tell_reports(self, maxima: Mapping[str, Document]) -> None:
        """Raise what is known of reports, by `round/center`; lower values change nothing."""
        await _raise(self._reports, maxima)

    async def tell_claims(self, maxima: Mapping[str, Document]) -> None:
        """Raise what is known of claims, by `round/center`; lower values change nothing."""
        await _raise(self._claims, maxima)

    async def open_rounds(self) -> list[str]:
        """The rounds that are open now."""
        return [found["_id"] for found in await self.rounds.documents.find({"state": "open"}, fields=["_id"])]

    async def round(self, code: str) -> RoundChanged | None:
        """A round, if it is known."""
        found = await self.rounds.documents.one({"_id": code})
        return RoundChanged.model_validate(found) if found else None

    async def organization(self, code: str) -> OrganizationChanged | None:
        """An organization, if it is known."""
        found = await self.organizations.documents.one({"_id": code})
        return OrganizationChanged.model_validate(found) if found else None

    async def owing(self, round_: str, within: str, after: str | None = None, limit: int = 0) -> list[Owing]:
        """The centers under an organization that owe a report, in the order of their codes; all without a limit."""
        query: Document = {"round": round_, "owed": True, "path": within}
        if after is not None:
            query["_id"] = {"$gt": f"{round_}/{after}"}
        found = await self.obligations.documents.find(
            query, sort=[("_id", ASCENDING)], limit=limit, fields=["center", "lao", "path"]
        )
        return [Owing(row["center"], row["lao"], tuple(row["path"])) for row in found]

    async def reports(self, round_: str, centers: Iterable[str]) -> dict[str, Report]:
        """What is known of these centers' reports; a center without any is absent."""
        found = await _by_keys(self._reports, (f"{round_}/{center}" for center in centers))
        return {key.partition("/")[2]: _report(row) for key, row in found.items()}

    async def claims(self, round_: str, centers: Iterable[str]) -> dict[str, Claim]:
        """What is known of these centers' claims; a center without any is absent."""
        found = await _by_keys(self._claims, (f"{round_}/{center}" for center in centers))
        return {key.partition("/")[2]: Claim(row.get("issued", 0), row.get("claimed", 0)) for key, row in found.items()}

    async def offices(self, centers: Collection[str]) -> dict[str, Office]:
        """The centers as the registry last told them, by code."""
        return _offices(await _by_keys(self.centers.documents, centers))

    async def surroundings(self, deliveries: Sequence[Delivery]) -> list[Known]:
        """What is known of each delivery's surroundings now, in the same order, in few queries for all of them."""
        reminded = {f"{d.round}/{d.recipient}" for d in deliveries if d.kind == "reminder"}
        opened: dict[str, set[str]] = {}
        for d in deliveries:
            if d.kind == "round_opened":
                opened.setdefault(d.round, set()).add(d.recipient)
        rounds, organizations, centers, owed, reports = await asyncio.gather(
            _by_keys(self.rounds.documents, {d.round for d in deliveries}),
            _by_keys(self.organizations.documents, {d.recipient for d in deliveries if d.holder == "lao"}),
            _by_keys(self.centers.documents, {d.recipient for d in deliveries if d.holder == "center"}),
            _by_keys(self.obligations.documents, reminded),
            _by_keys(self._reports, reminded),
        )
        states = {code: RoundChanged.model_validate(row) for code, row in rounds.items()}
        counts = {code: await self._counts(code, laos) for code, laos in opened.items()}
        complete = {code: await self._complete(states.get(code)) for code in opened}
        offices = {"lao": _offices(organizations), "center": _offices(centers)}
        heirs = {
            "lao": await _heirs(self.organizations.documents, organizations),
            "center": await _heirs(self.centers.documents, centers),
        }
        known = []
        for d in deliveries:
            key = f"{d.round}/{d.recipient}"
            known.append(
                Known(
                    round=states.get(d.round),
                    office=offices[d.holder].get(d.recipient),
                    centers=counts.get(d.round, {}).get(d.recipient, 0),
                    complete=complete.get(d.round, True),
                    owed=key in owed and bool(owed[key]["owed"]),
                    submitted=key in reports and _report(reports[key]).submitted,
                    heir=heirs[d.holder].get(d.recipient),
                )
            )
        return known

    async def _counts(self, round_: str, laos: Collection[str]) -> dict[str, int]:
        """How many obligated centers each of these LAOs has in a round."""
        found = await self.obligations.documents.gather(
            [
                {"$match": {"round": round_, "owed": True, "lao": {"$in": sorted(laos)}}},
                {"$group": {"_id": "$lao", "centers": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: row["centers"] for row in found}

    async def _complete(self, round_: RoundChanged | None) -> bool:
        """Whether as many obligations have arrived as the round announced."""
        if round_ is None or not round_.obligations:
            return True
        arrived = await self.obligations.documents.count({"round": round_.round, "owed": True})
        return arrived >= round_.obligations


async def _heirs(documents: Documents, rows: Mapping[str, Document]) -> dict[str, Heir]:
    """Who carries on for those of these offices that were merged, at the end of however many merges; by code.

    An heir that is not known yet is none: its own record is on its way.
    """
    heirs = {code: row["successor"] for code, row in rows.items() if row["state"] == "closed" and row.get("successor")}
    found: dict[str, Heir] = {}
    for _ in range(MOST_MERGES):
        if not heirs:
            return found
        next_rows = await _by_keys(documents, set(heirs.values()))
        following: dict[str, str] = {}
        for code, heir in heirs.items():
            row = next_rows.get(heir)
            if row is None:
                continue
            if row["state"] == "closed" and row.get("successor"):
                following[code] = row["successor"]
            else:
                found[code] = Heir(heir, tuple(row["path"]))
        heirs = following
    return found


async def _by_keys(documents: Documents, keys: Iterable[str]) -> dict[str, Document]:
    wanted = list(keys)
    if not wanted:
        return {}
    return {row["_id"]: row for row in await documents.find({"_id": {"$in": wanted}})}


async def _raise(documents: Documents, maxima: Mapping[str, Document]) -> None:
    await documents.bulk([UpdateOne({"_id": key}, {"$max": change}, upsert=True) for key, change in maxima.items()])


def _offices(rows: Mapping[str, Document]) -> dict[str, Office]:
    return {code: Office(row["name"], row.get("email"), row.get("state") == "active") for code, row in rows.items()}


def _report(row: Mapping[str, object]) -> Report:
    named = ("opened", "received", "accepted", "rejected", "carried")
    return Report(**{name: row[name] for name in named if name in row})  # type: ignore[arg-type]
