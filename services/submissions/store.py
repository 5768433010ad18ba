"""Every query of the submissions service."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from services.submissions.addressing import events_of, key_of
from services.submissions.cluster_store import ClusterStore
from services.submissions.domain import Duty, Submission, Upload
from services.submissions.form_store import FormStore
from services.submissions.receipt_store import ReceiptStore
from services.submissions.refusals import UploadOver
from services.submissions.sweep_store import SweepStore, sweep_fields
from services.submissions.uploading.sending import Change
from shared.contracts.events import CenterChanged, ObligationChanged, RoundChanged
from shared.mongo import (
    ASCENDING,
    Aggregates,
    AlreadyThere,
    Conflict,
    Mongo,
    Outbox,
    Projected,
    Projection,
    Stored,
)
from shared.mongo.aggregates import Announcer
from shared.mongo.trail import AuditTrail
from shared.thai.calendar import now_in_bangkok

__all__ = ["PROJECTIONS", "RACES", "Store", "Written", "key_of"]

Refusal = TypeVar("Refusal")

PROJECTIONS = ("centers", "rounds", "obligations", "clusters")
"""Collections that a rebuild may drop before the group `projections` is rewound."""

LONGEST_CHAIN = 16
"""Merges after one another: more than this is a ring."""

RACES = 16
"""Writers of one submission are one center's: more losses in a row than this is a fault."""


@dataclass(frozen=True, slots=True)
class Written:
    """A submission as it stands now, and the upload it was about. `stored` spares its next write a look."""

    submission: Submission
    upload: Upload
    stored: Stored[Submission] | None = None


@dataclass(frozen=True, slots=True)
class Obligation:
    """What the registry last told of a center in a round. `successor` owes the report instead, after a merge."""

    path: tuple[str, ...]
    owed: bool
    successor: str | None


class Store:
    """Submissions, and what is known of rounds, centers and who owes what."""

    def __init__(self, mongo: Mongo, announcer: Announcer, *, clock: Callable[[], datetime] = now_in_bangkok) -> None:
        # Writes are timed as they happen: an event that looks old is taken for one whose process died.
        self._clock = clock
        self.submissions = Aggregates(mongo.documents("submissions"), Submission, announcer, sweep_fields)
        self.sweeps = SweepStore(self.submissions)
        self.trail = AuditTrail(mongo, announcer)
        self.clusters = ClusterStore(mongo)
        self.forms = FormStore(self.submissions)
        self.receipts = ReceiptStore(mongo, self.submissions)
        self.rounds = Projection(mongo.documents("rounds"))
        self.centers = Projection(mongo.documents("centers"))
        self.obligations = Projection(mongo.documents("obligations"))

    @property
    def outboxes(self) -> list[Outbox]:
        """The collections whose events a sweeper looks after."""
        return [self.submissions.outbox, self.trail.outbox]

    async def prepare(self) -> None:
        """Make sure that every index stands."""
        await self.submissions.prepare()
        await self.sweeps.prepare()
        await self.trail.prepare()
        submissions = self.submissions.documents
        await submissions.index([("uploads.id", ASCENDING)], name="upload")
        await self.receipts.prepare()
        await self.forms.prepare()
        await self.centers.documents.index([("path", ASCENDING)], name="path")
        await self.obligations.documents.index(
            [("round", ASCENDING), ("owed", ASCENDING), ("_id", ASCENDING)], name="owing"
        )

    # --- what is known from others

    async def know_rounds(self, rows: Iterable[tuple[str, int, RoundChanged]]) -> None:
        """Keep rounds as their newest events tell them."""
        await self.rounds.apply(Projected(key, sequence, data.model_dump()) for key, sequence, data in rows)

    async def know_centers(self, rows: Iterable[tuple[str, int, CenterChanged]]) -> None:
        """Keep of each center its name and where it stands in the tree, and no more."""
        await self.centers.apply(
            Projected(key, sequence, data.model_dump(include={"name", "path", "state"})) for key, sequence, data in rows
        )

    async def know_obligations(self, rows: Iterable[tuple[str, int, ObligationChanged]]) -> None:
        """Keep who owes a report in which round, and to whom a merge gave that."""
        await self.obligations.apply(
            Projected(key, sequence, data.model_dump(include={"round", "center", "path", "owed", "successor"}))
            for key, sequence, data in rows
        )

    async def round(self, round_: str) -> RoundChanged | None:
        """The round, or None."""
        found = await self.rounds.documents.one({"_id": round_})
        return RoundChanged.model_validate(found) if found else None

    async def path_of(self, center: str) -> tuple[str, ...] | None:
        """The organizations over a center, from the department down to its LAO; None if there is no such center."""
        found = await self.centers.documents.one({"_id": center}, fields=["path"])
        return tuple(found["path"]) if found else None

    async def name_of(self, center: str) -> str | None:
        """What the center is called; None while that is not known."""
        found = await self.centers.documents.one({"_id": center}, fields=["name"])
        return found.get("name") if found else None

    async def sample_path(self, *organizations: str) -> tuple[str, ...] | None:
        """The path of some center that lies under all of these; None if there is none."""
        found = await self.centers.documents.one({"path": {"$all": list(organizations)}}, fields=["path"])
        return tuple(found["path"]) if found else None

    async def duty(self, round_: RoundChanged, center: str, path: tuple[str, ...]) -> Duty:
        """What the center owes in the round. Who was never on the roll owes nothing."""
        found = await self.obligations.documents.one({"_id": key_of(round_.round, center)}, fields=["owed", "path"])
        if found is None:
            return Duty(round=round_, center=center, path=path, owed=False)
        return Duty(round=round_, center=center, path=tuple(found["path"]), owed=found["owed"])

    async def obligations_of(self, keys: Iterable[str]) -> dict[str, Obligation]:
        """What the registry told of these obligations (`round/center`), as far as it is known."""
        found = await self.obligations.documents.find({"_id": {"$in": list(keys)}})
        return {row["_id"]: Obligation(tuple(row["path"]), row["owed"], row.get("successor")) for row in found}

    async def survivors(self, round_: str, successor: str) -> tuple[list[str], tuple[str, ...] | None]:
        """Where merges after one another lead, the last survivor last, and the offices over that one; None while
        nothing is known of it.
        """
        centers, path, at = list[str](), None, successor
        while at not in centers and len(centers) < LONGEST_CHAIN:
            centers.append(at)
            obligation = (await self.obligations_of([key_of(round_, at)])).get(key_of(round_, at))
            path = obligation.path if obligation else await self.path_of(at) or path
            at = (obligation.successor if obligation else None) or at
        return centers, path

    # --- submissions

    async def of_center(self, round_: str, center: str) -> Stored[Submission] | None:
        """What a center sent for a round."""
        return await self.submissions.load(key_of(round_, center))

    async def of_upload(self, upload: str) -> Stored[Submission] | None:
        """The submission to which an upload belongs."""
        found = await self.submissions.documents.one({"uploads.id": upload})
        return self.submissions.read(found) if found else None

    async def many(self, keys: Iterable[str]) -> dict[str, Stored[Submission]]:
        """Those of the submissions that exist, by `round/center`."""
        return await self.submissions.load_many(keys)

    async def write(
        self,
        key: str,
        decide: Callable[[Submission | None], Change | Refusal],
        *,
        traceparent: str | None = None,
    ) -> Submission | Refusal:
        """Load, decide, write; again if another writer was faster. Gives the new state, or why there is none.

        `decide` may run several times and must be a rule without effects. A change without a change writes nothing.
        """
        written: Stored[Submission] | Refusal = await self._write(key, decide, None, traceparent)
        return written.state if isinstance(written, Stored) else written

    async def _write(
        self,
        key: str,
        decide: Callable[[Submission | None], Change | Refusal],
        known: Stored[Submission] | None,
        traceparent: str | None,
    ) -> Stored[Submission] | Refusal:
        """As `write`. What is `known` of it needs no loading; where it is old, the write fails and it is loaded."""
        for _ in range(RACES):
            stored, known = known or await self.submissions.load(key), None
            change = decide(stored.state if stored else None)
            if not isinstance(change, Change):
                return change
            if stored and change.state == stored.state:
                return stored
            events = events_of(change, traceparent)
            try:
                if stored:
                    return await self.submissions.save(stored, change.state, events, self._clock())
                return await self.submissions.create(key, change.state, events, self._clock())
            except (Conflict, AlreadyThere):
                continue
        raise Conflict(key)

    async def write_upload(
        self,
        submission: Submission,
        upload: Upload,
        decide: Callable[[Submission, Upload], Change | Refusal],
        *,
        known: Stored[Submission] | None = None,
    ) -> Written | Refusal | UploadOver:
        """As `write`, for a rule about one upload of a submission that exists."""

        def rule(current: Submission | None) -> Change | Refusal | UploadOver:
            one = current.upload(upload.id) if current else None
            return decide(current, one) if current and one else UploadOver(upload)

        key = key_of(submission.round, submission.center)
        written: Stored[Submission] | Refusal | UploadOver = await self._write(key, rule, known, None)
        if not isinstance(written, Stored):
            return written
        return Written(written.state, written.state.upload(upload.id) or upload, written)

    async def write_many(self, changes: Sequence[tuple[Stored[Submission], Change, str | None]]) -> set[str]:
        """Write many at once, each with the trace of what caused it. Returns the keys where another was faster."""
        return await self.submissions.save_many(
            [(stored, change.state, events_of(change, trace)) for stored, change, trace in changes], self._clock()
        )
