"""The sweeper of deadlines and its queries, by a clock of the test's: nothing else of the service runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.submissions.domain import Submission
from services.submissions.due_store import DueStore
from services.submissions.overdue import sweeper
from services.submissions.overdue.sweeper import DeadlineSweeper
from services.submissions.store import Store, key_of
from shared.contracts.events import ObligationChanged
from shared.mongo import Leases
from tests.plans import Silent
from tests.unit.submissions.sent import DAY, DEADLINE, GRACE, HOUR, PATH, a_round, after_review, judged, report, sent
from tests.world import World

OVER = DEADLINE + GRACE + HOUR
AGAIN = timedelta(minutes=10)


class Watching:
    """A sweeper over a database of its own; nobody announces what it tells."""

    def __init__(self, world: World) -> None:
        mongo = world.mongo("submissions")
        self.store = Store(mongo, Silent())
        self.dues = DueStore(mongo, self.store)
        leases = Leases(mongo.documents("leases"))
        self.sweeper = DeadlineSweeper(
            self.store, self.dues, leases, every=1, again=AGAIN, clock=lambda: OVER, known=self.dues.prepare
        )

    async def prepare(self) -> None:
        await self.store.prepare()
        await self.dues.prepare()

    async def owes(self, *centers: str, sequence: int = 1, owed: bool = True) -> None:
        await self.store.know_obligations(
            (key_of("2569", one), sequence, ObligationChanged(round="2569", center=one, lao="x", path=PATH, owed=owed))
            for one in centers
        )

    async def brings(self, submission: Submission, at: datetime = OVER) -> None:
        """The submission stands so now."""
        key = key_of(submission.round, submission.center)
        stored = await self.store.submissions.load(key)
        if stored:
            await self.store.submissions.save(stored, submission, [], at)
        else:
            await self.store.submissions.create(key, submission, [], at)

    async def overdue(self) -> list[str]:
        """The centers that were told overdue, by code."""
        found = await self.store.submissions.documents.find({"overdue": {"$ne": None}})
        return sorted(row["center"] for row in found)


@pytest_asyncio.fixture
async def watching(world: World) -> Watching:
    found = Watching(world)
    await found.prepare()
    return found


async def test_a_report_that_is_refused_after_its_round_was_closed_leaves_its_center_overdue(
    watching: Watching,
) -> None:
    waiting: dict[str, Any] = {"look_at": OVER + HOUR}
    await watching.store.know_rounds([("2569", 1, a_round(state="closed"))])
    await watching.owes("c1", "c2")
    await watching.brings(sent(report(1, "received", **waiting)))
    await watching.brings(sent(report(1, "accepted", center="c2"), center="c2"))
    assert await watching.sweeper.sweep(OVER) == 0
    await watching.brings(sent(report(1, "rejected")))
    assert await watching.sweeper.sweep(OVER + AGAIN) == 1
    assert await watching.overdue() == ["c1"]
    (noted,) = await watching.dues.watched()
    assert (noted.waited, await watching.sweeper.sweep(OVER + DAY)) == (False, 0), "told once, and looked at no more"


async def test_returned_reports_that_nobody_owes_any_more_do_not_stand_before_the_others(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than fit in a page, all due on the same day as the one that is owed."""
    monkeypatch.setattr(sweeper, "CHUNK", 2)
    codes = [f"c{number}" for number in range(1, 7)]
    await watching.store.know_rounds([("2569", 1, a_round(state="closed"))])
    assert await watching.sweeper.sweep(OVER) == 0
    for code in codes:
        one = report(center=code)
        returned = after_review(sent(one, center=code), judged(one, due=OVER + DAY)).state
        await watching.brings(returned.model_copy(update={"successor": "c6" if code == "c1" else None}))
    await watching.owes(*codes[:-1], owed=False)
    await watching.owes(codes[-1])
    assert await watching.sweeper.sweep(OVER + 2 * DAY) == 1
    assert await watching.overdue() == [codes[-1]]
